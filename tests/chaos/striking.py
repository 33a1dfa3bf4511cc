"""How each kind of strike is done."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.chaos.cluster import COUNT, Brokers
from tests.chaos.fleet import Fleet, Worker
from tests.chaos.nemesis import Kind, Strike
from tests.chaos.proxy import WORST_MOMENT_S, Api, Moment, Proxy, Rule
from tests.integration.installation import Installation

HOLD_MAX_S = 20.0
TORN_AFTER_S = 0.5
LOOK_S = 0.02
REWIND_S = 120.0


@dataclass
class Field:
    """Everything that can be struck; `pause` lets time pass while the fleet is supervised."""

    brokers: Brokers
    proxy: Proxy
    fleet: Fleet
    croupier: Installation
    pause: Callable[[float], None]
    refused: list[str]

    def worker(self, strike: Strike) -> Worker:
        return self.fleet.workers[strike.whom % len(self.fleet.workers)]

    def strike(self, strike: Strike) -> None:
        """Do it; returns when it is over. What it leads to may not be."""
        HOW[strike.kind](self, strike)


def _kill(field: Field, strike: Strike) -> None:
    field.worker(strike).kill()


def _terminate(field: Field, strike: Strike) -> None:
    field.worker(strike).send(signal.SIGTERM)


def _sleep(field: Field, strike: Strike) -> None:
    worker = field.worker(strike)
    worker.send(signal.SIGSTOP)
    field.pause(strike.for_s)
    worker.send(signal.SIGCONT)


def _broker(field: Field, strike: Strike) -> None:
    _without(field, [strike.whom], strike.for_s)


def _blackout(field: Field, strike: Strike) -> None:
    _without(field, list(range(COUNT)), strike.for_s)


def _without(field: Field, brokers: list[int], for_s: float) -> None:
    field.brokers.kill(brokers)
    field.pause(for_s)
    field.brokers.start(brokers)


def _late_end(field: Field, strike: Strike) -> None:
    late = len(field.proxy.late)
    _until_touched(field, Rule(Api.END_TXN, HOLD_MAX_S, hold_s=HOLD_MAX_S, until=Moment.NEXT))
    field.pause(strike.for_s)
    field.proxy.lift()
    give_up_at_s = time.monotonic() + HOLD_MAX_S
    while len(field.proxy.late) == late and time.monotonic() < give_up_at_s:
        field.pause(LOOK_S)
    for worker in field.fleet.workers:
        if any(client.endswith(worker.name) for client in field.proxy.late[late:]):
            # Give the broker half of the moment to take it.
            field.pause(WORST_MOMENT_S / 2)
            worker.kill()


def _asleep_in_end(field: Field, strike: Strike) -> None:
    """It is late, but in time: whoever has its tasks by then has begun to look where they stand."""
    worker = field.worker(strike)
    _until_touched(field, Rule(Api.END_TXN, HOLD_MAX_S, hold_s=HOLD_MAX_S, until=Moment.SUCCESSION, of=worker.name))
    worker.send(signal.SIGSTOP)
    field.proxy.lift()
    field.pause(strike.for_s)
    worker.send(signal.SIGCONT)


def _kill_in_end(field: Field, strike: Strike) -> None:
    """Everything of a transaction has arrived but its end, which never does."""
    worker = field.worker(strike)
    _until_touched(field, Rule(Api.END_TXN, HOLD_MAX_S, cut=True, of=worker.name))
    worker.kill()
    field.proxy.lift()


def _until_touched(field: Field, rule: Rule) -> None:
    """Apply a rule, and wait for the first request; who has no task sends none."""
    touched, give_up_at_s = field.proxy.touched, time.monotonic() + rule.for_s
    field.proxy.apply(rule)
    while field.proxy.touched == touched and time.monotonic() < give_up_at_s:
        field.pause(LOOK_S)


def _network(api: Api, *, cut: bool, is_rebalanced: bool = False) -> Callable[[Field, Strike], None]:
    def strike_(field: Field, strike: Strike) -> None:
        field.proxy.apply(Rule(api, strike.for_s, cut=cut, hold_s=0 if cut else strike.for_s))
        if is_rebalanced:
            field.worker(strike).send(signal.SIGTERM)
        field.pause(strike.for_s)

    return strike_


def _lose_state(field: Field, strike: Strike) -> None:
    worker = field.worker(strike)
    worker.kill()
    worker.delete_state()


def _fill_disk(field: Field, strike: Strike) -> None:
    worker = field.worker(strike)
    worker.fill_disk(is_full=True)
    field.pause(strike.for_s)
    worker.fill_disk(is_full=False)


def _step_clock(field: Field, strike: Strike) -> None:
    field.worker(strike).step(strike.size)


def _rewind(field: Field, strike: Strike) -> None:
    asked = _asked(field, strike)
    _finished(field, asked)


def _torn_rewind(field: Field, strike: Strike) -> None:
    asked = _asked(field, strike)
    for worker in field.fleet.workers:
        field.pause(TORN_AFTER_S)
        worker.kill()
    _finished(field, asked)


def _asked(field: Field, strike: Strike) -> "subprocess.Popen[str]":
    arguments = ["--partition", str(strike.whom), "--shift-by", str(strike.size), "--execute", "--yes"]
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "rewind", *arguments, "--reason", "chaos"],
        cwd=field.croupier.directory,
        env=field.croupier.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _finished(field: Field, asked: "subprocess.Popen[str]") -> None:
    give_up_at_s = time.monotonic() + REWIND_S
    while asked.poll() is None and time.monotonic() < give_up_at_s:
        field.pause(0.1)
    asked.kill()
    said, _ = asked.communicate()
    if asked.returncode:
        field.refused.append(" ".join(said.split())[-300:])


HOW: Mapping[Kind, Callable[[Field, Strike], None]] = {
    Kind.KILL: _kill,
    Kind.TERMINATE: _terminate,
    Kind.ZOMBIE: _sleep,
    Kind.BROKER: _broker,
    Kind.BLACKOUT: _blackout,
    Kind.LATE_END: _late_end,
    Kind.ASLEEP_IN_END: _asleep_in_end,
    Kind.KILL_IN_END: _kill_in_end,
    Kind.CUT_END: _network(Api.END_TXN, cut=True),
    Kind.LATE_PRODUCE: _network(Api.PRODUCE, cut=False),
    Kind.CUT_PRODUCE: _network(Api.PRODUCE, cut=True),
    Kind.LATE_FETCH: _network(Api.OFFSET_FETCH, cut=False, is_rebalanced=True),
    Kind.CUT_FETCH: _network(Api.OFFSET_FETCH, cut=True, is_rebalanced=True),
    Kind.LOST_STATE: _lose_state,
    Kind.FULL_DISK: _fill_disk,
    Kind.CLOCK: _step_clock,
    Kind.REWIND: _rewind,
    Kind.TORN_REWIND: _torn_rewind,
}
