"""A worker of `counting`, in a process of its own, that kills itself at a chosen moment."""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any, NamedTuple

from tests.integration.counting import topology
from tests.integration.counting_stage import Stage, clock
from tests.integration.forks import Fork
from topologies.operations import running
from topologies.operations.doors import Doors
from topologies.operations.running import Run
from topologies.runtime.kafka.polled import Polled
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.store import Applied, Row, Store
from topologies.settings import Settings

IN_A_RESTORE = ("wiped", "restoring", "restored in part")

POINTS = ("begun", "queued", "offsets sent", "ending", "committed", "storing", "stored", *IN_A_RESTORE)
"""Within a transaction before its offsets; before, while and after it ends; around the store's write; in a restore."""


class Plan(NamedTuple):
    """Die at a point, when it is reached for the n-th time; or `sleep` there until SIGCONT."""

    point: str
    times: int
    how: str = "die"


class Fate:
    """Counts how often a point was reached."""

    def __init__(self, plan: Plan | None) -> None:
        self._plan = plan
        self._left = plan.times if plan else 0

    def at(self, point: str) -> bool:
        """Whether this is the moment."""
        if self._plan is None or self._plan.point != point:
            return False
        self._left -= 1
        return self._left == 0

    def dies(self, point: str) -> None:
        """Die, or sleep, if this is the moment."""
        if self.at(point):
            self.end()

    def end(self) -> None:
        """Die or sleep."""
        is_sleep = self._plan is not None and self._plan.how == "sleep"
        os.kill(os.getpid(), signal.SIGSTOP if is_sleep else signal.SIGKILL)

    def dies_during(self, point: str, call: Callable[[], None]) -> None:
        """Die while something is done, if this is the moment; wherever in it."""
        if self.at(point):
            delay_s = Random(os.getpid()).random() * 0.003
            threading.Timer(delay_s, self.end).start()
            call()
            time.sleep(1)
        call()


def doors(plan: Plan | None) -> Doors:
    """The doors to the world, with a trap in one of them."""
    fate = Fate(plan)
    return Doors(
        type("Transactions", (FatefulTransactions,), {"fate": fate}),
        type("Store", (FatefulStore,), {"fate": fate}),
        type("Reader", (FatefulReader,), {"fate": fate}),
    )


class FatefulTransactions(Transactions):
    fate: Fate

    def send_last_row(self, *arguments: Any) -> None:
        self.fate.dies("begun")
        super().send_last_row(*arguments)

    def send_offsets(self, *arguments: Any) -> None:
        if self.fate.at("queued"):
            self._fall()
        super().send_offsets(*arguments)

    def commit(self) -> None:
        if self.fate.at("offsets sent"):
            self._fall()
        self.fate.dies_during("ending", super().commit)
        self.fate.dies("committed")

    def _fall(self) -> None:
        """The rows lie in the topic, in an open transaction."""
        self._producer.flush(5)
        self.fate.end()


class FatefulStore(Store):
    fate: Fate

    def write(self, partition: int, rows: Sequence[Row], applied: Applied) -> None:
        self.fate.dies_during("storing", partial(super().write, partition, rows, applied))
        self.fate.dies("stored")

    def wipe(self, partition: int) -> None:
        super().wipe(partition)
        self.fate.dies("wiped")


class FatefulReader(Reader):
    fate: Fate

    def poll(self, timeout_s: float, records_max: int = 10_000) -> Polled:
        polled = super().poll(timeout_s, min(records_max, 100))
        if polled.messages:
            self.fate.dies("restoring")
        if polled.ends:
            self.fate.dies("restored in part")
        return polled


def start(stage: Stage, plan: Plan | None = None, *, drain: bool = True, **settings: Any) -> Fork:
    """A process that runs the topology on the stage; SIGTERM stops it as it stops a real one."""
    return Fork(_work, [stage.app, plan, stage.settings(**settings), drain])


def _work(app: str, plan: Plan | None, settings: Settings, drain: bool) -> None:  # noqa: FBT001 - by position
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    running.run(topology(app), settings, Run(drain=drain), clock, stop, doors(plan))
