"""A task's head: the last row of each of its commits, which says how far it is."""

from typing import Any, NamedTuple

from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Row

KEY = b"\0head\0"
"""Sorts before all timers and players."""


class Head(NamedTuple):
    """`inputs` has the next offset of every input by topic; `stream_time` is the largest record time, ms.

    `commit` counts the task's commits, those without a journal too: a gap in
    the journal shows.
    """

    stream_time: int
    inputs: dict[str, int]
    commit: int


def encode(head: Head, codec: RowCodec) -> Row:
    """Return the head's row."""
    return KEY, codec.encode((0, head._asdict()))


def decode(value: bytes, codec: RowCodec) -> Head:
    """Return the head of a row; raises `Halted` for a newer release's."""
    row: dict[str, Any] = codec.decode(KEY, value)[1]
    return Head(**row)
