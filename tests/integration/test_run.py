import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.integration.installation import counts
from topologies.operations.demo import SAMPLES

Croupier = Callable[..., int]
Output = pytest.CaptureFixture[str]

CLI = Path(__file__).parents[2] / "cli.py"

EVENTS = Counter({"CASINO": 16, "PAYMENT": 9, "BONUS": 14})


@pytest.fixture
def loaded(croupier: Croupier, capsys: Output) -> None:
    """The samples in their topics."""
    assert 0 == croupier("topics", "create", "--partitions", 2)
    assert 0 == croupier("load", "--times", "now", *sorted(SAMPLES.glob("*.jsonl")))
    capsys.readouterr()


@pytest.fixture
def events(croupier: Croupier, capsys: Output) -> Callable[[], list[dict[str, Any]]]:
    def read() -> list[dict[str, Any]]:
        capsys.readouterr()
        assert 0 == croupier("tap", "--from-start", "--drain", "--format", "jsonl")
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        # Which partition is read first, nobody says.
        return sorted(lines, key=lambda line: (line["partition"], line["offset"]))

    return read


Events = Callable[[], list[dict[str, Any]]]


def start(environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, CLI, "run", "player", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.usefixtures("loaded")
def test_draining_processes_all_there_is_and_ends(croupier: Croupier, events: Events, capsys: Output) -> None:
    assert 0 == croupier("run", "player", "--drain")

    counted = counts(capsys.readouterr().out)
    assert {"records": 32, "events": 39, "dead-letter-invalid": 1}.items() <= counted.items()
    assert 0 not in counted.values()
    assert EVENTS == Counter(event["headers"]["type"] for event in events())


@pytest.mark.usefixtures("loaded")
def test_draining_again_sends_nothing(croupier: Croupier, events: Events) -> None:
    assert 0 == croupier("run", "player", "--drain")
    first = events()

    assert 0 == croupier("run", "player", "--drain")

    assert first == events()


@pytest.mark.usefixtures("loaded")
def test_two_workers_drain_everything_once(environment: Mapping[str, str], events: Events) -> None:
    """Static members of the group, whose names differ as the workers' do."""
    with start(environment, "--drain", "--workers", "2", "--set", "group_instance_id=static") as process:
        out, said = process.communicate(timeout=120)

    assert 0 == process.returncode, said
    assert "records: 32" in out
    assert EVENTS == Counter(event["headers"]["type"] for event in events())


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_finishes_the_batch_and_prints_the_counts(
    environment: Mapping[str, str], events: Events, workers: str
) -> None:
    with start(environment, "--workers", workers) as process:
        while len(events()) < EVENTS.total():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        out, said = process.communicate(timeout=60)

    assert 0 == process.returncode, said
    assert "events: 39" in out


@pytest.mark.usefixtures("loaded")
def test_a_worker_that_dies_stops_the_others(environment: Mapping[str, str]) -> None:
    with start(environment, "--workers", "2", "--instance", "w") as process:
        parent = psutil.Process(process.pid)
        workers: list[psutil.Process] = []
        while len(workers) < 2:
            assert process.poll() is None
            workers = [each for each in parent.children() if "spawn_main" in " ".join(each.cmdline())]
        workers[0].kill()
        _, said = process.communicate(timeout=60)

    assert 1 == process.returncode
    assert "croupier: worker w-" in said.splitlines()[-1]
    assert "died, exit code -9; all were stopped" in said.splitlines()[-1]
    assert [] == [each for each in workers if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def test_missing_topics_are_a_configuration_error(croupier: Croupier, capsys: Output, app: str) -> None:
    assert 2 == croupier("run", "player", "--drain")

    said = capsys.readouterr().err
    assert 1 == said.count("\n")
    assert f"{app}-orders" in said
    assert "croupier topics create player" in said


def test_missing_topics_are_a_configuration_error_of_several_workers_too(environment: Mapping[str, str]) -> None:
    with start(environment, "--drain", "--workers", "2") as process:
        _, said = process.communicate(timeout=60)

    assert (2, 1) == (process.returncode, said.count("\n")), said


@pytest.mark.usefixtures("loaded")
def test_a_task_that_two_workers_have_halted_is_one(croupier: Croupier, environment: Mapping[str, str]) -> None:
    assert 0 == croupier("run", "player", "--drain")
    moved = TopicPartition(environment["CROUPIER_TOPIC_ORDERS"], 1, 1)
    group = ConsumerGroupTopicPartitions(environment["CROUPIER_APP"], [moved])
    admin = AdminClient({"bootstrap.servers": environment["CROUPIER_BOOTSTRAP_SERVERS"]})
    admin.alter_consumer_group_offsets([group])[environment["CROUPIER_APP"]].result(30)

    process = start(environment, "--drain", "--workers", "2")
    said = process.communicate(timeout=60)[1].splitlines()

    assert (1, "croupier: 1 task is halted") == (process.returncode, said[-1])
    assert 1 == len([line for line in said if line.startswith("task 1: somebody has moved the group's offsets: ")])
