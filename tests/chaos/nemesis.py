"""What is done to the system, and when: a pure function of the seed."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import count
from random import Random
from typing import NamedTuple

WORKERS = 3
BROKERS = 3
PARTITIONS = 4

HOUR_MS = 3_600_000


class Kind(StrEnum):
    """A fault, in the words of the report."""

    KILL = "worker killed (SIGKILL)"
    TERMINATE = "worker stopped (SIGTERM)"
    ZOMBIE = "worker asleep beyond its session (SIGSTOP, SIGCONT)"
    BROKER = "broker killed (kill -9), started again"
    BLACKOUT = "all brokers killed, started again"
    LATE_END = "EndTxn held until its worker's next transaction, in which it is killed"
    ASLEEP_IN_END = "EndTxn held until another worker takes over, its worker asleep"
    KILL_IN_END = "worker killed between the last record of a transaction and its end"
    CUT_END = "EndTxn cut"
    LATE_PRODUCE = "Produce held"
    CUT_PRODUCE = "Produce cut"
    LATE_FETCH = "OffsetFetch held, and a worker stopped"
    CUT_FETCH = "OffsetFetch cut, and a worker stopped"
    LOST_STATE = "worker killed, its state directory deleted"
    FULL_DISK = "disk full (RLIMIT_FSIZE)"
    CLOCK = "clock of a worker stepped"
    REWIND = "rewind of a partition"
    TORN_REWIND = "rewind of a partition, its workers killed"


class Strike(NamedTuple):
    """One fault.

    `whom`: the number of a worker, a broker or a partition. `for_s`: until it
    is over, where it lasts. `size`: what a clock is stepped by, ms, or how
    many commits a rewind goes back. `then_s`: the quiet behind the recovery.
    """

    kind: Kind
    whom: int
    for_s: float
    size: int
    then_s: float


class Lasts(NamedTuple):
    """How long a fault lasts, in a short run and in a long one; seconds."""

    short_s: float
    long_s: float


DURATIONS: Mapping[Kind, Lasts] = {
    Kind.ZOMBIE: Lasts(6, 12),
    Kind.BROKER: Lasts(4, 15),
    Kind.BLACKOUT: Lasts(10, 60),
    # Requests that come within that time are held, each until its worst moment.
    Kind.LATE_END: Lasts(1, 2),
    Kind.ASLEEP_IN_END: Lasts(8, 12),
    Kind.CUT_END: Lasts(2, 4),
    Kind.LATE_PRODUCE: Lasts(2, 8),
    Kind.CUT_PRODUCE: Lasts(2, 4),
    Kind.LATE_FETCH: Lasts(4, 8),
    Kind.CUT_FETCH: Lasts(3, 6),
    Kind.FULL_DISK: Lasts(5, 10),
}

STEPS_MS = (50 * 60_000, 90_000, 0, -90_000, -2 * HOUR_MS, -4 * 24 * HOUR_MS)
"""Clocks that are stepped by hand or by a bad server. Of one that is an hour ahead the brokers take nothing."""


def schedule(seed: int, *, is_short: bool, kinds: tuple[Kind, ...] = tuple(Kind)) -> Iterator[Strike]:
    """Yield strikes without end: each kind once, in any order; then again, in another."""
    random = Random(seed)
    for _ in count():
        for kind in random.sample(kinds, len(kinds)):
            lasts = DURATIONS.get(kind, Lasts(0, 0))
            yield Strike(
                kind,
                random.randrange(PARTITIONS if "rewind" in kind else WORKERS),
                lasts.short_s if is_short else round(lasts.long_s * random.uniform(0.7, 1), 1),
                random.choice(STEPS_MS) if kind is Kind.CLOCK else random.choice([5, 30, 150]),
                round(random.uniform(0.2, 1 if is_short else 3), 1),
            )
