"""From polled records to the lanes of their tasks: checked for ownership, bounded."""

from collections.abc import Mapping

from topologies.runtime.kafka.inputs import Inputs
from topologies.runtime.kafka.polled import Partition, Polled, RawMessage
from topologies.runtime.lane import RAW_OVERHEAD_BYTES
from topologies.runtime.rewinding.chore import Chore
from topologies.runtime.task import Task

RECORD_BYTES = 2 * RAW_OVERHEAD_BYTES
"""What a record takes while it waits, before anybody has seen it."""

RECORDS_MIN = 100
"""A poll for fewer would cost more than it brings."""

LOW_MARK = 4
"""A lane goes on when a quarter of its share is left. Far apart: a pause drops what was prefetched."""


class Intake:
    """Distributes polls, and pauses the inputs whose records wait for those of others.

    Args:
        sources: how many inputs a task has.
        waiting_bytes_max: memory for records that wait, all lanes together.
    """

    def __init__(self, sources: int, waiting_bytes_max: int) -> None:
        self._sources = sources
        self._waiting_bytes_max = waiting_bytes_max
        self._paused: set[Partition] = set()

    def distribute(self, polled: Polled, tasks: Mapping[int, Task | Chore]) -> None:
        """Give records and ends to `tasks`: only those that were ours before the poll and still are."""
        by_lane: dict[tuple[int | None, str | None], list[RawMessage]] = {}
        for raw in polled.messages:
            by_lane.setdefault((raw.partition(), raw.topic()), []).append(raw)
        for (number, topic), raws in by_lane.items():
            if (task := tasks.get(number or 0)) is not None:
                task.lanes[topic or ""].add(raws)
        for end in polled.ends:
            if (task := tasks.get(end.partition)) is not None:
                task.lanes[end.topic].ended(end.offset)

    def records_max(self, tasks: int, usual: int) -> int:
        """Return how many records a poll may bring: all may be one lane's, and it is paused only afterwards."""
        return min(usual, max(RECORDS_MIN, self._share(tasks) // RECORD_BYTES))

    def regulate(self, tasks: Mapping[int, Task | Chore], inputs: Inputs) -> None:
        """Pause lanes that hold more than their share, resume those that hold little."""
        share = self._share(len(tasks))
        for number, task in tasks.items():
            for lane in task.merge.lanes:
                here = (lane.topic, number)
                if here not in self._paused:
                    if lane.waiting_bytes > share:
                        self._paused.add(here)
                        inputs.pause([here])
                elif lane.waiting_bytes < share // LOW_MARK:
                    self._paused.discard(here)
                    inputs.resume([here])

    def forget(self, number: int) -> None:
        """A task came or went: assigning and seeking forget pauses."""
        self._paused = {here for here in self._paused if here[1] != number}

    def _share(self, tasks: int) -> int:
        """Return the bytes that may wait in one lane."""
        return self._waiting_bytes_max // max(1, tasks * self._sources)
