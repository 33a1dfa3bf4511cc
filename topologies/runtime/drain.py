"""`--drain`: process all there is now, then stop."""

from collections.abc import Mapping

from topologies.runtime.kafka.polled import Partition
from topologies.runtime.survey import Surveyor
from topologies.runtime.task import Task

ASK_EVERY_S = 0.2


class Drain:
    """Where every input ended when we began, and whether the whole group has got there.

    The group's committed offsets decide, not our own tasks: others may still
    hold partitions that would come to us when they leave.
    """

    def __init__(self, surveyor: Surveyor) -> None:
        self._surveyor = surveyor
        ends = surveyor.ends()
        beginnings = surveyor.beginnings()
        surveyor.stop_at = ends
        self._wanted: Mapping[Partition, int] = {here: end for here, end in ends.items() if end > beginnings[here]}
        self._asked_at_s = 0.0

    def is_done(self, running: Mapping[int, Task], halted: Mapping[int, str], now_s: float) -> bool:
        """Whether everything is committed, but for tasks that are halted here."""
        if not all(task.is_drained for task in running.values()):
            return False
        if now_s - self._asked_at_s < ASK_EVERY_S:
            return False
        self._asked_at_s = now_s
        committed = self._surveyor.committed()
        wanted = {here: end for here, end in self._wanted.items() if here[1] not in halted}
        return all(committed.get(here, -1) >= end for here, end in wanted.items())
