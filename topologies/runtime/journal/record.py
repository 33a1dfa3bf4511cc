"""What lies in a partition of the journal: before-images, markers, and what a replay found to differ.

A commit is a run of records that ends with the last part of its marker. A
before-image has the key of a row of the state topic, and the value that the
row had before the commit; null: there was none. The task's own rows (their
keys begin with U+0000) are not journalled, except timers.
"""

from typing import Final, NamedTuple

from topologies.runtime.overlay import TIMER
from topologies.runtime.rowcodec import OWN

MARKER: Final = b"\0marker\0"
"""The key of all parts of a marker."""

DIFFERENCE: Final = b"\0difference\0"
"""What the key of a replay's report line begins with; the rewind's id follows."""

SALT: Final = b"\0salt\0"
"""What the key of the salt of a forgotten player's hash begins with; the command's id follows."""

_TIMER: Final = TIMER.encode()
_KEY_IN_TIMER: Final = 2
"""Behind a timer's due time and name."""


class Record(NamedTuple):
    """One record of the journal."""

    offset: int
    key: bytes
    value: bytes | None


def is_image(key: bytes) -> bool:
    """Whether a record is a before-image."""
    return not key.startswith(OWN) or key.startswith(_TIMER)


def owner(key: bytes) -> bytes:
    """Return the topology's key, a player, that a before-image belongs to."""
    if key.startswith(_TIMER):
        return key[len(_TIMER) :].split(b"\0")[_KEY_IN_TIMER]
    return key.partition(b"\0")[0]
