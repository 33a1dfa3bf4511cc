"""A task's head: the last row of each of its commits, which says how far it is."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Row

KEY = b"\0head\0"
"""Sorts before all timers and players."""


class Head(NamedTuple):
    """`inputs` has the next offset of every input by topic; `stream_time` is the largest record time, ms.

    `commit` counts the task's commits, those without a journal too: a gap in
    the journal shows. `state_id` is the state topic for which it was written;
    in another one it has not all of the state behind it. Empty: not known.
    """

    stream_time: int
    inputs: dict[str, int]
    commit: int
    state_id: str = ""


def at(last: Head, positions: Mapping[str, int]) -> Head:
    """Return the head of a task that goes on at other positions than it stands at, because it was told to.

    It skips a commit's number: nothing before can be gone back to, because no
    commit says how the inputs came to where they are.
    """
    if all(positions.get(topic, offset) == offset for topic, offset in last.inputs.items()):
        return last
    return last._replace(inputs={**last.inputs, **positions}, commit=last.commit + 1)


def encode(head: Head, codec: RowCodec) -> Row:
    """Return the head's row."""
    said = head._asdict()
    if not head.state_id:
        del said["state_id"]
    return KEY, codec.encode((0, said))


def decode(value: bytes, codec: RowCodec) -> Head:
    """Return the head of a row; raises `Halted` for a newer release's."""
    row: dict[str, Any] = codec.decode(KEY, value)[1]
    return Head(**row)
