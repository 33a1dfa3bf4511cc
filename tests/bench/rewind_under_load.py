"""Eight partitions under a steady load, one of them taken back by many records: what do the others notice of it?

`python -m tests.bench.rewind_under_load [RECORDS]`: so many are taken back, by default 100,000.
"""

import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.bench.stage import CROUPIER, Stage, running
from tests.bench.taking_back import croupier, taken_back, wait_for_members
from tests.bench.traffic import SESSION, Sent, record
from tests.bench.yardstick import yardstick
from topologies.codecs import Codec
from topologies.operations import components, sandbox
from topologies.runtime.journal.record import MARKER
from topologies.runtime.kafka.polled import message
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.sender import Sender
from topologies.runtime.names import own_topics
from topologies.runtime.partitioning import java_default

RECORDS = 100_000
MS_PER_RECORD = 10
PARTITIONS = 8
REWOUND = 3
PLAYERS = 4_000
"""Of the partition that is taken back."""

STEP_TOOK = re.compile(r"the step took (\d+) ms")
"""As the worker's log has it."""

QUIET_S = 15
"""What the gaps are without a rewind is measured for so long."""


class Gap(NamedTuple):
    """The longest time between two commits of a partition that a reader saw, and when it began, in seconds."""

    partition: int
    seconds: float
    began: float


class Commits:
    """Sees the commits of partitions as they become visible, by their markers in the journal."""

    def __init__(self, stage: Stage, partitions: list[int]) -> None:
        self._topic = own_topics(stage.app).journal
        self._reader = Reader(components.cluster(stage.settings), {"fetch.wait.max.ms": 20})
        ends = components.admin(stage.settings).stable_ends([(self._topic, number) for number in partitions])
        self._reader.add(ends)
        self._seen: dict[int, list[float]] = {number: [] for number in partitions}

    def watch(self, done: threading.Event) -> None:
        """Look until it is done."""
        with closing(self._reader):
            while not done.is_set():
                polled = self._reader.poll(0.02)
                now = time.monotonic()
                for number in {each.partition for each in map(message, polled.messages) if each.key == MARKER}:
                    self._seen[number].append(now)

    def gaps(self, begin: float, end: float) -> list[Gap]:
        """The longest gap of each partition, in a time."""
        return [_longest(number, [begin, *_within(seen, begin, end), end]) for number, seen in self._seen.items()]


def _within(times: list[float], begin: float, end: float) -> Iterator[float]:
    return (each for each in times if begin < each < end)


def _longest(number: int, times: list[float]) -> Gap:
    seconds, began = max((after - before, before - times[0]) for before, after in pairwise(times))
    return Gap(number, seconds, began)


def main(records: int) -> None:
    """Run it, and print what was seen."""
    with sandbox.owned() as kafka, tempfile.TemporaryDirectory() as directory:
        stage = Stage(kafka.bootstrap_servers, f"load-{secrets.token_hex(3)}", PARTITIONS, Path(directory))
        stage.create()
        croupier(stage.environment, "run", "player", "--drain")
        _fill(stage, records)
        croupier(stage.environment, "run", "player", "--drain")
        print(f"{records:,} records in partition {REWOUND}, processed", flush=True)
        print(yardstick(), flush=True)
        with _worker(stage) as seen:
            _scenario(stage)
        print(f"longest step of the rewind: {max(seen.steps_ms, default=0):,.0f} ms of the worker's loop")
        print(f"peak resident memory of the worker: {seen.peak_mb:.0f} MB")
        print(yardstick())


def _scenario(stage: Stage) -> None:
    others = [number for number in range(PARTITIONS) if number != REWOUND]
    done, commits = threading.Event(), Commits(stage, others)
    watching = threading.Thread(target=commits.watch, args=(done,), daemon=True)
    with running([sys.executable, "-m", "tests.bench.steady_load", stage.app], stage.environment):
        watching.start()
        time.sleep(QUIET_S)
        rewound_at = time.monotonic()
        taken = taken_back(stage.environment, str(REWOUND))
        done_at = time.monotonic()
        time.sleep(1)
    done.set()
    watching.join()
    print(taken.said)
    print(f"planned in {taken.plan.wall_s:.1f} s ({taken.plan.cpu_s:.1f} s CPU)")
    print(f"{taken.rows:,} rows back in {taken.steps} steps, {taken.back_s:.1f} s ({taken.rows / taken.back_s:,.0f}/s)")
    print(f"{taken.records:,} records replayed in {taken.replay_s:.1f} s ({taken.records / taken.replay_s:,.0f}/s)")
    _say("in the quiet before", commits.gaps(rewound_at - QUIET_S / 2, rewound_at))
    _say("during the rewind", commits.gaps(rewound_at, done_at))


def _say(when: str, gaps: list[Gap]) -> None:
    print(f"longest gap between two commits of another partition {when}:")
    for gap in gaps:
        print(f"  partition {gap.partition}: {gap.seconds * 1000:,.0f} ms, after {gap.began:.1f} s", flush=True)


def players(stage: Stage, partition: int) -> list[str]:
    """Names whose records lie in a partition."""
    found: list[str] = []
    number = 100_000
    while len(found) < PLAYERS:
        number += 1
        if java_default(str(number).encode(), stage.partitions) == partition:
            found.append(str(number))
    return found


def load(codec: Codec, names: list[str], count: int, end_ms: int) -> Iterator[Sent]:
    """Yield records of players in turn, whose times end at `end_ms`."""
    for number in range(count):
        round_, player = divmod(number, len(names))
        session, place = divmod(round_, len(SESSION))
        at = end_ms - (count - number) * MS_PER_RECORD
        yield record(codec, names[player], session, place, at)


def _fill(stage: Stage, count: int) -> None:
    by_source, sender = components.input_topics(stage.settings), Sender(components.cluster(stage.settings))
    now_ms = time.time_ns() // 1_000_000
    for sent in load(components.codec(stage.settings), players(stage, REWOUND), count, now_ms):
        sender.send(by_source[sent.source], sent.key, sent.value, sent.time)
    sender.flush(300)


@dataclass(slots=True)
class Seen:
    """What a worker came to, known when it has ended: its peak memory, and how long each step of a rewind took."""

    peak_mb: float = 0.0
    steps_ms: list[int] = field(default_factory=list)


@contextmanager
def _worker(stage: Stage) -> Iterator[Seen]:
    """Keep a worker running meanwhile."""
    seen, log = Seen(), stage.directory / "worker.log"
    with log.open("w") as said:
        environment = {**os.environ, **stage.environment}
        child = subprocess.Popen([*CROUPIER, "run", "player"], env=environment, stdout=said, stderr=said)
    try:
        wait_for_members(stage.environment)
        yield seen
    finally:
        child.terminate()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seen.peak_mb = usage.ru_maxrss / 1024
        seen.steps_ms = [int(each) for each in STEP_TOOK.findall(log.read_text())]
        print(
            "".join(line for line in log.read_text().splitlines(keepends=True) if "INFO" not in line), file=sys.stderr
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else RECORDS)
