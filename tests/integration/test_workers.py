"""`croupier run --workers N`: the processes, and what becomes of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.integration.counting_stage import wait_until

Croupier = Callable[..., int]

CLI = Path(__file__).parents[2] / "cli.py"
LONG_S = 60.0


@pytest.fixture(autouse=True)
def _topics(croupier: Croupier) -> None:
    assert 0 == croupier("topics", "create", "--partitions", 2)


@contextmanager
def started(environment: Mapping[str, str], *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(
        [sys.executable, CLI, "run", "player", *arguments],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def members(environment: Mapping[str, str]) -> list[tuple[str, str | None, int]]:
    """Client id, group instance id and number of partitions of each member; nothing as long as nobody can say."""
    admin = AdminClient({"bootstrap.servers": environment["CROUPIER_BOOTSTRAP_SERVERS"]})
    app = environment["CROUPIER_APP"]
    try:
        group = admin.describe_consumer_groups([app])[app].result()
    except KafkaException:
        return []
    return sorted(
        (each.client_id.removeprefix(f"{app}-"), each.group_instance_id, len(each.assignment.topic_partitions))
        for each in group.members
    )


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """A zombie does not live: in a container without an init process it stays for ever."""
    found = []
    for each in processes:
        try:
            if each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
        except psutil.NoSuchProcess:
            continue
    return found


def test_each_worker_has_a_name_of_its_own_in_the_group_too(environment: Mapping[str, str]) -> None:
    settings = ["--set", "group_instance_id=seat"]
    with started(environment, "--workers", "2", "--instance", "w", *settings) as process:
        expected = [("w-0", "seat-0", 4), ("w-1", "seat-1", 4)]
        wait_until(lambda: expected == members(environment), "both have a task", LONG_S)
        # As a terminal does at Ctrl-C: everybody is told.
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=LONG_S)[1]

    assert 0 == process.returncode, said
    assert 1 == len([line for line in said.splitlines() if "INFO w-1 croupier.worker: tasks gained: " in line])


def test_no_worker_outlives_a_parent_that_was_killed(environment: Mapping[str, str]) -> None:
    with started(environment, "--workers", "2", "--instance", "w") as process:
        wait_until(lambda: [4, 4] == [each[2] for each in members(environment)], "both have a task", LONG_S)
        children = psutil.Process(process.pid).children(recursive=True)
        assert 2 <= len(children)
        process.kill()
        wait_until(lambda: [] == living(children), "they end", LONG_S)

    assert [] == members(environment)


def test_a_worker_that_cannot_begin_stops_the_others(environment: Mapping[str, str]) -> None:
    with started(environment, "--instance", "w-1") as alone:
        wait_until(lambda: [8] == [each[2] for each in members(environment)], "it has the tasks", LONG_S)
        with started(environment, "--workers", "2", "--instance", "w") as process:
            said = process.communicate(timeout=LONG_S)[1]
        alone.send_signal(signal.SIGTERM)
        alone.communicate(timeout=LONG_S)

    assert (2, 0) == (process.returncode, alone.returncode)
    last = said.splitlines()[-1]
    assert last.startswith("croupier: the state directory ")
    assert last.endswith("is in use by another worker: stop it, or set another state_dir or instance")
