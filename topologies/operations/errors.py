"""How an operation ends when it could not, or did not, do what was asked."""


class Failed(Exception):
    """It ran, and found or hit something wrong: exit code 1. The message is one line."""
