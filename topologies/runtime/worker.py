"""The loop: poll, merge and step, commit, store. One consumer, one transactional producer."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from topologies.runtime.commits import Commits
from topologies.runtime.drain import Drain
from topologies.runtime.errors import Halted, Unavailable, Unreleased
from topologies.runtime.intake import Intake
from topologies.runtime.kafka.inputs import Inputs
from topologies.runtime.kafka.polled import NOTHING, Polled, Trap
from topologies.runtime.letters.retrying import Retries
from topologies.runtime.outage import Outage
from topologies.runtime.rejoining import Rejoining
from topologies.runtime.tables import TableFeed
from topologies.runtime.task import Moment
from topologies.runtime.tasks import Tasks
from topologies.runtime.turns import BESIDE_REPLAY_S, Turns

log = logging.getLogger("croupier.worker")

IDLE_POLL_S = 0.1
WAITING_POLL_S = 0.01
MORE_COMES_POLL_S = 0.005
HOUSEKEEPING_S = 0.5
UNAVAILABLE_S = 0.2

RECORDS_PER_POLL = 500
"""More would be decoded in one go, while all tasks wait; and a processor's cache does not hold what more become."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When to commit, and when the wall clock may fire timers (not before `expiry_grace_ms` after they are due)."""

    batch_records_max: int
    commit_interval_max_s: float
    expiry_grace_ms: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The components of a worker, built by the composition root."""

    inputs: Inputs
    rejoining: Rejoining
    tables: TableFeed
    tasks: Tasks
    intake: Intake
    commits: Commits
    clock: Callable[[], Moment]
    drain: Drain | None
    retries: Retries | None


class Report(NamedTuple):
    """What a run came to: what was committed, by name, and why tasks are halted."""

    counts: Counter[str]
    halted: list[str]


class Worker:
    """Runs tasks until told to stop, or until drained.

    The batch is computed first, committed second, and only then applied to the
    store. Every failure leads back to recovery, so nothing that did not commit
    is ever built upon.
    """

    def __init__(self, parts: Parts, pace: Pace, stop: threading.Event) -> None:
        self._parts = parts
        self._pace = pace
        self._stop = stop
        self._opened_at_s: float | None = None
        self._kept_house_at_s = 0.0
        self._turns = Turns(parts.tasks, parts.commits, parts.inputs, parts.clock, pace.batch_records_max)
        self._outage = Outage()

    def run(self) -> Report:
        """Loop.

        Raises:
            Fatal, Misconfigured: the process may not, or cannot, continue.
        """
        while not self._stop.is_set():
            self._round()
            if self._is_drained():
                break
        self._finish()
        counts = self._parts.commits.counts
        if self._parts.retries is not None:
            counts["dead-letters-sent-again"] = self._parts.retries.sent
        return Report(counts, list(self._parts.tasks.halted.values()))

    def _round(self) -> None:
        parts = self._parts
        before = dict(parts.tasks.running)
        polled = self._poll()
        self._outage.heard(parts.inputs.take_trouble(), is_alive=bool(polled.messages or polled.ends))
        parts.tasks.announce()
        parts.intake.distribute(polled, parts.tasks.unchanged(before))
        for trap in polled.traps:
            self._react(trap)
        if not parts.commits.prepare():
            return
        parts.tasks.begin_recovered(parts.inputs)
        began = parts.clock()
        open_steps = self._turns.take(began, self._opened_at_s)
        if open_steps and self._opened_at_s is None:
            self._opened_at_s = began.steady_s
        parts.intake.regulate(parts.tasks.running, parts.inputs)
        now = parts.clock()
        if self._is_commit_due(open_steps, polled, now):
            self._commit(now)
        # Between two batches, which under load is only right behind a commit.
        if self._opened_at_s is None and now.steady_s - self._kept_house_at_s >= HOUSEKEEPING_S:
            self._keep_house(now)

    def _poll(self) -> Polled:
        parts = self._parts
        usual = min(RECORDS_PER_POLL, self._pace.batch_records_max)
        records_max = parts.intake.records_max(len(parts.tasks.running), usual)
        try:
            return parts.inputs.poll(self._poll_timeout_s(), records_max)
        except Unavailable as error:
            log.warning("%s", error)
            self._stop.wait(UNAVAILABLE_S)
            return NOTHING

    def _poll_timeout_s(self) -> float:
        if self._turns.is_cut_short:
            return 0
        if self._opened_at_s is not None:
            return MORE_COMES_POLL_S if self._more_comes() else 0
        tasks = self._parts.tasks
        if tasks.is_replaying:
            # Its records come to another consumer, which ends no wait of this one.
            return MORE_COMES_POLL_S
        is_waiting = not tasks.is_settled or any(not task.merge.is_empty for task in tasks.running.values())
        return WAITING_POLL_S if is_waiting else IDLE_POLL_S

    def _more_comes(self) -> bool:
        """Whether some input is known not to be at its end."""
        known_end = self._parts.inputs.known_end
        return any(
            not lane.items and not lane.is_at_end(known_end((lane.topic, number)))
            for number, task in self._parts.tasks.running.items()
            for lane in task.merge.lanes
        )

    def _is_commit_due(self, open_steps: int, polled: Polled, now: Moment) -> bool:
        if self._opened_at_s is None:
            return False
        if open_steps >= self._pace.batch_records_max or self._parts.commits.is_cautious:
            return True
        open_s = now.steady_s - self._opened_at_s
        if self._parts.tasks.is_replaying and open_s >= BESIDE_REPLAY_S:
            return True
        if open_s >= self._pace.commit_interval_max_s:
            # On a machine that is too slow, commits would take more of it than records.
            return not self._turns.is_cut_short or open_steps * 4 >= self._pace.batch_records_max
        return not self._turns.is_cut_short and not polled.messages and not self._more_comes()

    def _keep_house(self, now: Moment) -> None:
        """What needs no haste: reference tables, timers by the wall clock, commits without records."""
        self._kept_house_at_s = now.steady_s
        has_news = self._parts.tables.follow()
        if self._parts.retries is not None:
            self._parts.retries.follow(self._parts.tasks.running, is_news=has_news)
        if self._parts.drain is None:
            self._expire(now)
        self._commit(now)

    def _expire(self, now: Moment) -> None:
        known_end = self._parts.inputs.known_end
        due_until_ms = now.wall_ms - self._pace.expiry_grace_ms
        for number, task in list(self._parts.tasks.running.items()):
            if all(lane.is_at_end(known_end((lane.topic, number))) for lane in task.merge.lanes):
                room = self._parts.commits.steps_max(number, self._pace.batch_records_max)
                try:
                    task.expire_by_wall_clock(due_until_ms, now, room)
                except Halted as error:
                    self._parts.tasks.halt(number, str(error), self._parts.inputs)

    def _commit(self, now: Moment) -> None:
        self._opened_at_s = None
        self._parts.commits.commit(self._parts.inputs, now)

    def _react(self, trap: Trap) -> None:
        if isinstance(trap.error, Halted) and trap.partition is not None:
            # Before it runs, a task has no position that records could be missing at.
            if trap.partition in self._parts.tasks.running:
                self._parts.tasks.halt(trap.partition, str(trap.error), self._parts.inputs)
        elif isinstance(trap.error, Unreleased):
            self._parts.rejoining.again(trap.error, self._parts.inputs, self._parts.clock().steady_s)
        elif isinstance(trap.error, Unavailable):
            log.warning("%s", trap.error)
        else:
            raise trap.error

    def _is_drained(self) -> bool:
        drain, tasks = self._parts.drain, self._parts.tasks
        if drain is None or not tasks.is_settled or self._opened_at_s is not None:
            return False
        return drain.is_done(tasks.running, tasks.halted, self._parts.clock().steady_s)

    def _finish(self) -> None:
        """Commit what is open; what cannot be committed now is taken again by the next owner."""
        if self._opened_at_s is not None:
            self._commit(self._parts.clock())
