"""Workers that die at any moment, and come and go: everything once, in order, with the right state."""

import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.integration import crashing
from tests.integration.counting import Sent, traffic, truth
from tests.integration.counting_stage import Stage, wait_until
from tests.integration.crashing import IN_A_RESTORE, POINTS, Plan
from tests.integration.forks import Fork

DOING = {"break": 4, "refuse": 4, "undecodable": 2, "break later": 4}
RECORDS = 600
"""So many before each life: more than it commits before it dies."""

LIMIT_S = 60

QUICK: dict[str, dict[str, Any]] = {
    "classic": {"kafka": {"session.timeout.ms": "1500", "heartbeat.interval.ms": "300"}},
    # The group's to say: `Stage` does.
    "consumer": {},
}
"""How to be given up soon after a crash, by group protocol."""


def settings(protocol: str) -> dict[str, Any]:
    return {"group_protocol": protocol, "batch_records_max": 60, "commit_interval_max": 10, **QUICK[protocol]}


def more(stage: Stage, life: int) -> list[Sent]:
    """Send records that are all later than those of earlier lives."""
    drawn = traffic(life, RECORDS, stage.begin + life * 10_000, doing=DOING)
    sent = [each._replace(n=each.n + life * RECORDS) for each in drawn]
    stage.send(sent)
    return sent


def finished(process: Fork) -> int:
    try:
        return process.wait(LIMIT_S)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_a_worker_may_die_at_any_point(bootstrap_servers: str, app: str, tmp_path: Path, protocol: str) -> None:
    """Three applications side by side, so that their waiting for sessions to end costs less."""
    chance = Random(protocol)
    points = chance.sample(POINTS, len(POINTS))

    def chain(number: int) -> list[str]:
        stage = Stage(bootstrap_servers, f"{app}-{number}", tmp_path / str(number))
        stage.create()
        sent = []
        for life, point in enumerate(points[number::3]):
            sent += more(stage, life)
            times = chance.randint(1, 3)
            if point in IN_A_RESTORE:
                # There must be something to restore.
                assert 0 == finished(crashing.start(stage, **settings(protocol)))
                shutil.rmtree(stage.state_dir)
                times = 1
            assert -signal.SIGKILL == finished(crashing.start(stage, Plan(point, times), **settings(protocol)))
        assert 0 == finished(crashing.start(stage, **settings(protocol)))
        return stage.differences(truth(sent, stage.app, stage.partitions))

    with ThreadPoolExecutor() as threads:
        assert [[], [], []] == list(threads.map(chain, range(3)))


def fed(stage: Stage, stop: threading.Event) -> list[Sent]:
    """Send records, a few at a time, until told to stop."""
    sent: list[Sent] = []
    producer = stage.producer()
    for each in traffic(7, 100_000, stage.begin, doing=DOING):
        if stop.is_set():
            break
        stage.produce(producer, each)
        sent.append(each)
        if len(sent) % 50 == 0:
            stop.wait(0.04)
    producer.flush(10)
    return sent


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_workers_may_come_go_and_die_under_load(
    bootstrap_servers: str, app: str, tmp_path: Path, protocol: str
) -> None:
    """Two workers; inputs are waited for as long as it takes, so that the order is the same as if all were there."""
    stage = Stage(bootstrap_servers, app, tmp_path, partitions=4)
    stage.create()
    chance = Random(protocol)
    told: dict[str, Any] = {**settings(protocol), "max_task_idle": 60_000}

    def worker(name: str, plan: Plan | None = None) -> Fork:
        return crashing.start(stage, plan, drain=False, instance=name, **told)

    stop = threading.Event()
    with ThreadPoolExecutor() as threads:
        feeding = threads.submit(fed, stage, stop)
        steady = worker("w0")
        _works(stage, "w0")
        for point in chance.sample(POINTS[:7], 2):
            assert -signal.SIGKILL == finished(worker("w1", Plan(point, chance.randint(1, 4))))
        shutil.rmtree(stage.store_dir("w1"))
        other = worker("w1")
        _works(stage, "w1")
        steady.terminate()
        assert 0 == finished(steady)
        steady = worker("w2")
        _works(stage, "w2")
        other.kill()
        finished(other)
        stop.set()
        sent = feeding.result()
    steady.terminate()
    assert 0 == finished(steady)

    assert 0 == finished(crashing.start(stage, instance="w0", **told))
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


def _works(stage: Stage, name: str) -> None:
    """Wait until a worker has written to its store again."""
    directory = stage.store_dir(name)
    before = _newest(directory)
    wait_until(lambda: _newest(directory) > before, f"{name} works", LIMIT_S)


def _newest(directory: Path) -> float:
    return max((each.stat().st_mtime for each in directory.glob("*.log")), default=0.0)
