"""What one task wants to commit: a value that says everything, before anything is done."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from topologies.graph import Emit
from topologies.runtime.journal.marker import Heard, Slice
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.overlay import TimerKey, timer_key
from topologies.runtime.store import Row

StepName = tuple[object, ...]
"""Topic and offset of a record; `TimerKey` of a timer. Names a step again when its task has begun anew."""


class DeadRecord(NamedTuple):
    """A record for the dead-letter topic, complete."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


@dataclass(slots=True)
class Batch:
    """All that follows from some steps of one task: records, and timers that fired.

    `rows` are in order; the last one is the task's head. `offsets` holds the
    next offset of every input. `counts` is for people. `journal` says how to
    take it all back, and is made of `slices`, `heard` and, of a rewind,
    `vanished`, `differences`, `rewind` and `rewound_to`. `answers` are for the
    control topic.
    """

    partition: int
    emits: list[Emit] = field(default_factory=list)
    dead: list[DeadRecord] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    journal: list[Row] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    vanished: list[Heard] = field(default_factory=list)
    differences: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)
    rewind: str | None = None
    rewound_to: int | None = None
    offsets: dict[Partition, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    records: int = 0
    steps: int = 0
    last: StepName | None = None
    """The last step."""

    @property
    def last_timer(self) -> str | None:
        """The key of the timer that was the last step."""
        return timer_key(self.last) if isinstance(self.last, TimerKey) else None
