"""What recovery is asked, what it is doing for a task, and what it answers."""

from dataclasses import dataclass
from typing import NamedTuple

from topologies.runtime.beginning import Beginning
from topologies.runtime.errors import StreamError
from topologies.runtime.positions import Ground


class Request(NamedTuple):
    """Recover a task; with no incarnation: no longer. Partition -1: only look whether the topics fit together."""

    partition: int
    incarnation: int | None


class Recovered(NamedTuple):
    """The answer to a request: where to go on, or why not. Partition -1: recovery itself has failed."""

    partition: int
    incarnation: int
    result: Beginning | StreamError


STALLED_S = 20.0
"""Longer than a broker makes a reader wait who has used up its quota: eleven seconds, by default."""


@dataclass(slots=True)
class Restore:
    """A state partition that is being read, up to `ground.state_end`; at `moved_at_s` it last got on."""

    incarnation: int
    ground: Ground
    next: int
    moved_at_s: float
    is_read: bool = False
    rows: int = 0

    @property
    def is_done(self) -> bool:
        """Whether everything that was there is applied."""
        return self.next >= self.ground.state_end

    def is_stalled(self, now_s: float) -> bool:
        """Whether to look at the ground again: an open transaction holds the rows, or the end is not where it was."""
        return now_s - self.moved_at_s >= STALLED_S
