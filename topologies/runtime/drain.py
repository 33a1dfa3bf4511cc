"""`--drain`: process all there is now, then stop."""

import logging
from collections.abc import Collection, Mapping

from topologies.runtime.errors import Unavailable
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.rewinding.chore import Chore
from topologies.runtime.rewinding.unfinished import Unfinished
from topologies.runtime.survey import Surveyor
from topologies.runtime.task import Task

log = logging.getLogger("croupier.worker")

ASK_EVERY_S = 0.1
JOINING_S = 2.0
TELL_EVERY_S = 10.0
NAMED_MAX = 5
HANDOVER_S = 60.0
"""Longer than a group gives up a dead member, by default: then its tasks come to us, and we know more."""


class Drain:
    """Where every input ended when we began, and whether the whole group has got there.

    The group's committed offsets decide, not our own tasks: others may still
    hold partitions that would come to us when they leave. Offsets say nothing
    of the last step of a rewind, so `unfinished` is asked about the tasks of others.
    """

    def __init__(self, surveyor: Surveyor, unfinished: Unfinished) -> None:
        self._surveyor = surveyor
        self._unfinished = unfinished
        self._reached_at_s: float | None = None
        ends = surveyor.ends()
        beginnings = surveyor.beginnings()
        surveyor.stop_at = ends
        self._wanted: Mapping[Partition, int] = {here: end for here, end in ends.items() if end > beginnings[here]}
        self._asked_at_s: float | None = None
        self._told_at_s: float | None = None

    def is_done(self, running: Mapping[int, Task | Chore], halted: Mapping[int, str], now_s: float) -> bool:
        """Whether everything is committed, but for tasks that are halted here."""
        if self._asked_at_s is None:
            self._asked_at_s = now_s
        # Without tasks we may still be joining: then there is no hurry to ask.
        if now_s - self._asked_at_s < (ASK_EVERY_S if running else JOINING_S):
            return False
        if not all(task.is_drained for task in running.values()):
            return False
        self._asked_at_s = now_s
        try:
            committed = self._surveyor.committed()
        except Unavailable:
            return False
        wanted = {here: end for here, end in self._wanted.items() if here[1] not in halted}
        behind = {here: end for here, end in wanted.items() if committed.get(here, -1) < end}
        self._tell(behind, committed, now_s)
        return not behind and not self._is_left(running.keys() | halted.keys(), now_s)

    def _is_left(self, ours: Collection[int], now_s: float) -> bool:
        """Whether to wait for a rewind of a task that is not ours: a living worker ends it, or it comes to us."""
        try:
            unfinished = self._unfinished.tasks(but_for=ours)
        except Unavailable:
            return True
        if self._reached_at_s is None:
            self._reached_at_s = now_s
        if unfinished and now_s - self._reached_at_s >= HANDOVER_S:
            log.warning(
                "drained, but a rewind or a deletion is not finished: of tasks %s", ", ".join(map(str, unfinished))
            )
        return bool(unfinished) and now_s - self._reached_at_s < HANDOVER_S

    def _tell(self, behind: Mapping[Partition, int], committed: Mapping[Partition, int], now_s: float) -> None:
        """Say from time to time what keeps us: a partition that is halted in another worker does so for ever."""
        if not behind or self._told_at_s is None:
            self._told_at_s = now_s
        elif now_s - self._told_at_s >= TELL_EVERY_S:
            self._told_at_s = now_s
            named = [
                f"{topic}/{number} is at {committed.get((topic, number), 'nothing')} of {end}"
                for (topic, number), end in sorted(behind.items())
            ]
            more = [f"and {len(named) - NAMED_MAX} more"] if len(named) > NAMED_MAX else []
            log.info(
                "drained here, waiting for others to commit: %s. what another worker has halted never gets there: "
                "its log says why, and Ctrl-C ends this one",
                ", ".join([*named[:NAMED_MAX], *more]),
            )
