"""One run: a cluster, workers, a load, strikes one after the other, and what the oracle says in the end."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.chaos import blind, gathering
from tests.chaos.cluster import Brokers, owned_directory
from tests.chaos.fleet import Fleet
from tests.chaos.gathering import Group
from tests.chaos.load import PER_S, Load, Place
from tests.chaos.nemesis import PARTITIONS, WORKERS, Strike
from tests.chaos.oracle import Evidence, Verdict, judged
from tests.chaos.proxy import Proxy
from tests.chaos.report import Run, Struck
from tests.chaos.striking import Field
from tests.integration.crowd import PLACES, crowd
from tests.integration.crowd_stage import CONSUMER, opened
from tests.integration.records import Servers

RECOVERY_S = 180.0
"""Who has not recovered by then, never will."""

FIRST_COMMIT_S = 180.0
SPARE = 2
"""So many more records than should flow: on a slow machine it takes longer."""

END_S = 25.0
"""Kept of a run's time for what comes after the last strike."""

MEMORY = {f"CROUPIER_{name}_BYTES_MAX": "4MiB" for name in ("CACHE", "BLOCK_CACHE", "WRITE_BUFFER", "FETCH")}
RESIDENT_MB_MAX = 16 + 200.0
"""What the settings say, and Python, the libraries, a batch in hand and several clients."""

SETTINGS: Mapping[str, str] = {
    **CONSUMER,
    **MEMORY,
    "CROUPIER_TRANSACTION_TIMEOUT": "5s",
    "CROUPIER_BATCH_RECORDS_MAX": "200",
    # The wall clock, to which the load is long ago, ends nothing.
    "CROUPIER_EXPIRY_GRACE": "3650d",
    # Small, so that it is full when much is caught up with.
    "CROUPIER_KAFKA_QUEUE_BUFFERING_MAX_MESSAGES": "300",
}

Say = Callable[[str], None]


class Plan(NamedTuple):
    """What to do: strikes as long as there is time; a protection that workers do without; croupier's own options."""

    seed: int
    minutes: float
    strikes: Iterator[Strike]
    protection: str = blind.NOTHING
    options: Sequence[str] = ()
    per_s: int = PER_S
    strikes_min: int = 3
    """However slow the machine is."""

    recovery_s: float = RECOVERY_S


@contextmanager
def ground(directory: Path) -> Iterator[tuple[Brokers, Proxy]]:
    """A cluster behind a proxy. The directory, which does not exist yet, is deleted in the end."""
    owned = owned_directory(directory)
    with ExitStack() as held:
        held.callback(owned.end)
        while not owned.ended(0.05) and owned.pid is None:
            pass
        brokers = Brokers(directory)
        held.callback(brokers.kill, range(len(brokers.doors)))
        brokers.create()
        yield brokers, held.enter_context(closing(Proxy([(each.proxied, each.behind) for each in brokers.doors])))


@dataclass
class Play:
    """What a run has in hand."""

    field: Field
    load: Load
    group: Group
    say: Say
    recovery_s: float

    def look(self) -> None:
        self.field.fleet.look()

    def until_committed(self, timeout_s: float) -> float | None:
        """Wait until all that has been sent by now is committed; how long that took."""
        began_s = time.monotonic()
        handed = self.load.handed
        is_done = gathering.wait(lambda: self.load.arrived >= handed, timeout_s, self.look)
        mark = dict(self.load.ends)
        is_done = is_done and gathering.wait(lambda: self._is_committed(mark), timeout_s, self.look)
        return round(time.monotonic() - began_s, 1) if is_done else None

    def _is_committed(self, mark: Mapping[Place, int]) -> bool:
        found = self.group.offsets(mark)
        return all(found.get(place, -1) >= offset for place, offset in mark.items())

    def strike(self, strike: Strike) -> Struck:
        self.field.fleet.doing = strike.kind
        self.field.strike(strike)
        struck = Struck(strike, self.until_committed(self.recovery_s))
        self.say(f"  {tuple(strike)}: recovered in {struck.recovered_s} s")
        self.field.pause(strike.then_s)
        return struck


def play(plan: Plan, brokers: Brokers, proxy: Proxy, directory: Path, say: Say, began_s: float) -> Run:
    """Do it all; a sentence for everything that is wrong is in the verdict."""
    app = f"chaos{secrets.token_hex(3)}"
    servers: Servers = {"bootstrap.servers": brokers.bootstrap_servers}
    directory = directory / app
    directory.mkdir()
    croupier = opened(brokers.bootstrap_servers, app, directory, SETTINGS)
    laid = crowd(plan.seed, int(SPARE * plan.minutes * 60 * plan.per_s), PARTITIONS)
    with ExitStack() as held:
        environment = {"CROUPIER_BOOTSTRAP_SERVERS": brokers.proxied_servers}
        fleet = Fleet(WORKERS, croupier, environment, plan.protection, plan.options)
        held.callback(fleet.kill)
        group = held.enter_context(closing(Group(croupier, servers)))
        has_begun = gathering.wait(lambda: _has_begun(group), FIRST_COMMIT_S, fleet.look)
        load = Load(croupier, servers, laid, plan.per_s)
        field = Field(brokers, proxy, fleet, croupier, lambda for_s: _pause(for_s, fleet), [])
        playing = Play(field, load, group, say, plan.recovery_s)
        wrong, struck = _strikes(playing, plan, began_s) if has_begun else (["the workers have not begun"], [])
        told = load.stop()
        if not wrong and playing.until_committed(plan.recovery_s) is None:
            wrong.append("what was sent last was never committed")
        wrong += fleet.finish()
    peaks = {worker.name: worker.peak_mb for worker in fleet.workers}
    left = [each for worker in fleet.workers for each in worker.left]
    evidence = gathering.evidence(croupier, servers, told, peaks, RESIDENT_MB_MAX, left)
    wrong += gathering.lost_by_the_source(told, evidence.sent)
    return _told(plan, field, evidence, struck, wrong)


def _told(plan: Plan, field: Field, evidence: Evidence, struck: list[Struck], wrong: list[str]) -> Run:
    found, there = judged(evidence), evidence.partitions.values()
    return Run(
        plan.seed,
        plan.minutes,
        struck,
        field.fleet.exits,
        field.refused,
        len(evidence.sent),
        sum(len(each.written.events) for each in there),
        sum(len(each.written.letters) for each in there),
        sum(len(each.commits) for each in there),
        max(worker.peak_mb for worker in field.fleet.workers),
        Verdict([*wrong, *found.wrong], found.lost, found.duplicated),
    )


def _has_begun(group: Group) -> bool:
    """Each task has committed once, which it does at once."""
    places = [(topic, number) for topic in PLACES for number in range(PARTITIONS)]
    found = group.offsets(places)
    return all(found.get(place, -1) >= 0 for place in places)


def _strikes(playing: Play, plan: Plan, began_s: float) -> tuple[list[str], list[Struck]]:
    """Strike until the time is over, or until there is no recovery: then why."""
    wrong: list[str] = []
    struck: list[Struck] = []
    while not wrong and (len(struck) < plan.strikes_min or time.monotonic() - began_s < plan.minutes * 60 - END_S):
        struck.append(playing.strike(next(plan.strikes)))
        if struck[-1].recovered_s is None:
            wrong.append(f"no recovery from '{struck[-1].strike.kind}'{_reason(playing)}")
    return wrong, struck


def _reason(playing: Play) -> str:
    said = [line for worker in playing.field.fleet.workers for line in worker.said().splitlines() if " ERROR " in line]
    return f": {said[-1]}" if said else ""


def _pause(for_s: float, fleet: Fleet) -> None:
    gathering.wait(lambda: False, for_s, fleet.look)
