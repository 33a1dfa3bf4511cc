"""`croupier run player` whose workers strike themselves down at a chosen point, in processes of their own.

Every blow that falls is a line on standard error.
"""

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cli
from tests.integration.crashing import Fate, FatefulReader, FatefulStore, FatefulTransactions, Plan
from tests.integration.forks import Fork, Place
from topologies import configuration
from topologies.operations import components, logs, running, workers
from topologies.operations.doors import Doors
from topologies.operations.running import Run
from topologies.runtime.errors import Aborted
from topologies.runtime.kafka.polled import Polled
from topologies.runtime.store import Applied, Row
from topologies.runtime.worker import Report

POINTS = {
    "queued": "between produce and send_offsets",
    "offsets sent": "between send_offsets and commit",
    "ending": "while the transaction ends",
    "committed": "between commit and store",
    "stored": "behind the store's write",
    "restoring": "during a restore",
}

RECOVERY = "recovery"
"""The thread that restores."""

STRUCK = "struck: "


class Blows(NamedTuple):
    """The plan of a process, and those of its commits that are aborted before they send offsets."""

    plan: Plan | None = None
    aborted: Sequence[int] = ()


def struck(said: str) -> list[str]:
    """The blows that fell, from what the command has said."""
    return [line.removeprefix(STRUCK) for line in said.splitlines() if line.startswith(STRUCK)]


class Told(Fate):
    """Says where it strikes: what was last said to be done in the thread at which it strikes."""

    def __init__(self, plan: Plan | None, instance: str) -> None:
        super().__init__(plan)
        self._name = instance
        self._told_plan = plan
        self._doing: dict[str, object] = {}

    def does(self, what: object) -> None:
        self._doing[threading.current_thread().name] = what

    def end(self) -> None:
        if self._told_plan is not None:
            self.say(f"{POINTS[self._told_plan.point]}, {self._told_plan.times}")
        super().end()

    def say(self, what: str) -> None:
        # A timer that strikes while the transaction ends has a thread of its own.
        doing = self._doing.get(threading.current_thread().name, self._doing.get("MainThread"))
        os.write(2, f"{STRUCK}{self._name} {what}: {doing}\n".encode())


def doors(blows: Blows, instance: str) -> Doors:
    """Doors that lead to the world, past the blows."""
    fate = Told(blows.plan, instance)
    commits = 0

    class Transactions(FatefulTransactions):
        def send_offsets(self, offsets: Mapping[Any, int], group_metadata: Any) -> None:
            nonlocal commits
            commits += 1
            fate.does({f"{topic}/{number}": offset for (topic, number), offset in offsets.items()})
            if commits in blows.aborted:
                self._producer.flush()
                fate.say(f"aborted commit {commits}")
                raise Aborted("struck")
            super().send_offsets(offsets, group_metadata)

    class Store(FatefulStore):
        def write(self, partition: int, rows: Sequence[Row], applied: Applied) -> None:
            if threading.current_thread().name == RECOVERY:
                fate.does(f"task {partition} restored up to {applied.offset}")
            super().write(partition, rows, applied)

    class Reader(FatefulReader):
        def poll(self, timeout_s: float, records_max: int = 10_000) -> Polled:
            if threading.current_thread().name == RECOVERY:
                fate.does("rows were read")
                return super().poll(timeout_s, records_max)
            # The reference tables'.
            return super(FatefulReader, self).poll(timeout_s, records_max)

    for door in (Transactions, Store, Reader):
        door.fate = fate
    return Doors(Transactions, Store, Reader)


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker process does; that of `croupier run` has no blows."""

    environment: Mapping[str, str]
    blows: Blows
    is_drain: bool

    def __call__(self, instance: str, stop: threading.Event) -> Report:
        logs.configure(debug=False, is_service=True)
        settings = configuration.read({}, self.environment, None, {}).model_copy(update={"instance": instance})
        topology = components.topology("player", settings)
        return running.run(topology, settings, Run(drain=self.is_drain), cli.now, stop, doors(self.blows, instance))


def start(place: Place, instances: Sequence[str], blows: Blows, *, is_drain: bool) -> Fork:
    """Workers by their names; several have the supervisor that `--workers` gives them."""
    return Fork(_work, [instances, blows, is_drain], place)


def _work(instances: Sequence[str], blows: Blows, is_drain: bool) -> None:  # noqa: FBT001 - by position
    stop = threading.Event()
    workers.stop_on_signals(stop)
    work = Work(dict(os.environ), blows, is_drain)
    if len(instances) > 1:
        workers.run(work, instances, stop)
    else:
        work(instances[0], stop)
