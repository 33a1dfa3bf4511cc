"""What can be wrong with a journal or with what is asked of it, by what the caller does next.

StreamError
├── Malformed   a marker that nobody of ours wrote → what lies before it is out of reach
└── Refused     this rewind is not possible        → say why; the task goes on as it is
"""

from topologies.runtime.errors import StreamError


class Malformed(StreamError):
    """Bytes that are no marker."""


class Refused(StreamError):
    """A rewind that cannot be done as it was asked for; nothing has been changed."""
