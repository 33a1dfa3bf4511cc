"""One transaction of a task that takes no records: it was prepared elsewhere, and the task begins anew behind it."""

from collections.abc import Callable

from topologies.runtime.batch import Batch
from topologies.runtime.beginning import Beginning
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.lane import Lane
from topologies.runtime.merge import Merge
from topologies.runtime.task import Moment

BEYOND = 1 << 62
"""Records that still come out of the client lie before it."""


class Chore:
    """Stands where a `Task` stands, for one commit."""

    def __init__(self, batch: Batch, beginning: Beginning) -> None:
        self.partition = batch.partition
        self.state_id = beginning.state_id
        self.batch = batch
        self.merge = Merge([], 0)
        self.lanes = {topic: Lane(topic, BEYOND) for topic in beginning.positions}
        self.is_done = False
        self.is_drained = False

    def process(self, _steps_max: int, _now: Moment, _high_of: Callable[[Partition], int]) -> int:
        """Do nothing: everything is in the batch."""
        return 0

    def expire_by_wall_clock(self, _due_until_ms: int, _now: Moment, _steps_max: int) -> None:
        """Do nothing."""

    def take_batch(self, _now: Moment) -> Batch | None:
        """Return what was prepared, until it is committed."""
        return None if self.is_done else self.batch

    def committed(self, _batch: Batch, _now: Moment) -> None:
        """It is done."""
        self.is_done = True

    def close(self) -> None:
        """Hold nothing."""
