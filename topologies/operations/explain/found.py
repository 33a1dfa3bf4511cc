"""What lies in the topics about one player."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from topologies.runtime.journal.marker import Heard, Slice
from topologies.runtime.store import Row


class Input(NamedTuple):
    """One record of an input; `value` is None when it cannot be read, and `problem` says why."""

    topic: str
    partition: int
    offset: int
    time_ms: int
    source: str
    value: Mapping[str, Any] | None
    problem: str = ""

    @property
    def where(self) -> str:
        """Its coordinates, as causes name them."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class Said(NamedTuple):
    """An event or a dead letter, or that a dead letter was replayed.

    `id` and `hash` are those by which the journal's markers know it. `replay`
    is the header of an event that a replay has sent. `time_ms` is the event's own
    timestamp, of a dead letter when it was written. `value` is the event;
    class and reason of a dead letter; who replayed it, and as which attempt.
    """

    where: str
    time_ms: int
    what: Literal["event", "dead-letter", "replayed"]
    id: str
    hash: str
    cause: str
    type: str
    value: Mapping[str, Any]
    replay: str | None = None


class Commit(NamedTuple):
    """A commit of the player's task that concerns the player, or that belongs to a rewind's way back.

    `begins` has the next offset of every input before it; the same as `inputs` when that is not known.
    `images` are before-images of the player's rows and timers. `heard` and
    `vanished` are the marker's, without those of other players. `differences` are the
    replay's report lines about the player.
    """

    number: int
    time_ms: int
    begins: Mapping[str, int]
    inputs: Mapping[str, int]
    slices: Sequence[Slice]
    stream_time: int
    images: Sequence[Row] = ()
    heard: Sequence[Heard] = ()
    vanished: Sequence[Heard] = ()
    differences: Sequence[Mapping[str, Any]] = ()
    rewound_to: int | None = None
    rewind: str | None = None


class Forgotten(NamedTuple):
    """When the player was forgotten: by which command, when, in which commit, and why.

    `inputs` is how far the task had read them: a replay passes over what lies before.
    """

    id: str
    at_ms: int
    commit: int
    reason: str
    inputs: Mapping[str, int] = {}


class Found(NamedTuple):
    """All that was found, each in the order in which it lies in its partition.

    `now` are the player's rows as they are now, of those that the commits have
    changed. `ends` is how far the task has read its inputs; empty: not known.
    `reasons` has why a rewind was asked for, by its id. `forgotten` is the last time, if ever.
    """

    player: str
    partition: int
    inputs: Sequence[Input]
    said: Sequence[Said]
    commits: Sequence[Commit]
    now: Mapping[bytes, bytes]
    ends: Mapping[str, int]
    reasons: Mapping[str, str] = {}
    forgotten: Forgotten | None = None

    @property
    def is_empty(self) -> bool:
        """There is nothing of the player."""
        return not (self.inputs or self.said or any(each.images or each.heard for each in self.commits))
