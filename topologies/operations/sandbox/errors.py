"""What can go wrong with a sandbox, in words that say what to do."""


class SandboxError(Exception):
    """The sandbox could not do what was asked; the message is one line for the person at the terminal."""
