"""Three workers under a steady load, restarted one after the other: how long does each partition pause?

`python -m tests.bench.rolling_restart`: in both group protocols, as dynamic members and, classic, as static ones.
A pause is the time between two commits of a partition that a reader sees.
"""

import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.rewind_under_load import Commits
from tests.bench.stage import CROUPIER, Stage, running
from tests.bench.yardstick import yardstick
from topologies.operations import sandbox

WORKERS = 3
PARTITIONS = 6
QUIET_S = 10
GAINED = re.compile(r"tasks gained")
JOINS_WITHIN_S = 120

CASES: Mapping[str, Mapping[str, str]] = {
    "consumer": {"CROUPIER_GROUP_PROTOCOL": "consumer"},
    "classic": {"CROUPIER_GROUP_PROTOCOL": "classic"},
    "classic, static members": {"CROUPIER_GROUP_PROTOCOL": "classic", "CROUPIER_GROUP_INSTANCE_ID": "w{number}"},
}


class Workers:
    """Processes, by number, each with a state directory and a log of its own."""

    def __init__(self, stage: Stage, case: Mapping[str, str]) -> None:
        self._stage = stage
        self._case = case
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, number: int) -> None:
        """Start one, and wait until it has tasks."""
        log = self._stage.directory / f"w{number}-{secrets.token_hex(2)}.log"
        own = {name: value.format(number=number) for name, value in self._case.items()}
        environment = {**os.environ, **self._stage.environment, **own, "CROUPIER_INSTANCE": f"w{number}"}
        with log.open("w") as said:
            command = [*CROUPIER, "run", "player"]
            self._children[number] = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
        give_up_at = time.monotonic() + JOINS_WITHIN_S
        while not GAINED.search(log.read_text()):
            if time.monotonic() > give_up_at or self._children[number].poll() is not None:
                sys.exit(f"worker {number} has no tasks:\n{log.read_text()}")
            time.sleep(0.05)

    def stop(self, number: int) -> None:
        """Stop one as an orchestrator does."""
        child = self._children.pop(number)
        child.terminate()
        child.wait(60)

    def stop_all(self) -> None:
        """Stop those that run."""
        for number in list(self._children):
            self.stop(number)


def main() -> None:
    """Run all cases, and print what was seen."""
    print(yardstick(), flush=True)
    print(f"{WORKERS} workers, {PARTITIONS} partitions; pauses of partitions, half of them and the longest, in ms")
    with sandbox.owned() as kafka, tempfile.TemporaryDirectory() as directory:
        for case, settings in CASES.items():
            stage = Stage(kafka.bootstrap_servers, f"roll-{secrets.token_hex(3)}", PARTITIONS, Path(directory))
            stage.create()
            quiet, rolling, took_s = _rolled(stage, settings)
            print(
                f"{case}: usually {_said(quiet)}; in a rolling restart of {took_s:.0f} s {_said(rolling)}", flush=True
            )
    print(yardstick())


def _said(pauses_s: Sequence[float]) -> str:
    return f"{statistics.median(pauses_s) * 1000:,.0f}, {max(pauses_s) * 1000:,.0f}"


def _rolled(stage: Stage, case: Mapping[str, str]) -> tuple[list[float], list[float], float]:
    """The longest pause of each partition while nothing happens, and in a rolling restart, and how long that took."""
    with (
        _workers(stage, case) as workers,
        running([sys.executable, "-m", "tests.bench.steady_load", stage.app], stage.environment),
    ):
        done, commits = threading.Event(), Commits(stage, list(range(PARTITIONS)))
        watching = threading.Thread(target=commits.watch, args=(done,), daemon=True)
        watching.start()
        time.sleep(2 * QUIET_S)
        began = time.monotonic()
        for number in range(WORKERS):
            workers.stop(number)
            workers.start(number)
            # The others go on before the next is stopped, as an orchestrator waits for a pod to be ready.
            time.sleep(QUIET_S / 2)
        ended = time.monotonic()
        done.set()
        watching.join()
    quiet = [each.seconds for each in commits.gaps(began - QUIET_S, began)]
    return quiet, [each.seconds for each in commits.gaps(began, ended)], ended - began


@contextmanager
def _workers(stage: Stage, case: Mapping[str, str]) -> Iterator[Workers]:
    workers = Workers(stage, case)
    try:
        for number in range(WORKERS):
            workers.start(number)
        yield workers
    finally:
        workers.stop_all()


if __name__ == "__main__":
    main()
