"""Members of the group: they stop, die, are taken for dead, or meet somebody with their name."""

import dataclasses
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from processors.rows import Rows
from tests.integration import crashing
from tests.integration.counting import SOURCES, Sent, topology, truth
from tests.integration.counting_stage import Stage, wait_until
from tests.integration.forks import Fork
from topologies.graph import Result, Tables
from topologies.operations.doors import Doors
from topologies.operations.running import Run
from topologies.runtime.errors import Fatal, Misconfigured
from topologies.runtime.kafka.transactions import Transactions

LONG_S = 30.0
"""Enough for everything but the end of a long session."""

QUICK = {"session.timeout.ms": "1500", "heartbeat.interval.ms": "300"}
PATIENT = {"session.timeout.ms": "60000", "heartbeat.interval.ms": "300"}

Settings = Mapping[str, Any]
Slow = Callable[[Stage], dict[str, Any]]

CONSUMER: Settings = {"group_protocol": "consumer"}
CLASSIC: Settings = {"group_protocol": "classic", "kafka": QUICK}
PATIENT_CLASSIC: Settings = {"group_protocol": "classic", "kafka": PATIENT}
STATIC: Settings = {"group_instance_id": "static"}

PROTOCOLS = [pytest.param(CONSUMER, id="consumer"), pytest.param(CLASSIC, id="classic")]


@pytest.fixture
def patient(stage: Stage) -> Stage:
    """A group that gives up a silent member only after a minute."""
    resource = ConfigResource(ResourceType.GROUP, stage.app)
    config = ConfigEntry("consumer.session.timeout.ms", "60000", incremental_operation=AlterConfigOpType.SET)
    resource.add_incremental_config(config)
    for future in stage.admin.incremental_alter_configs([resource]).values():
        future.result()
    return stage


def sent(stage: Stage, life: int) -> list[Sent]:
    """Records of one source: their order is the same whenever they come."""
    records = [each._replace(source="bets") for each in stage.records(life)]
    stage.send(records)
    return records


def right(stage: Stage, records: list[Sent]) -> None:
    assert [] == stage.differences(truth(records, stage.app, stage.partitions))


def members(stage: Stage) -> dict[str, set[int]] | None:
    """By client id: whose partitions are whose now. None: nobody can say."""
    try:
        group = stage.admin.describe_consumer_groups([stage.app])[stage.app].result()
    except KafkaException:
        return None
    return {each.client_id: {part.partition for part in each.assignment.topic_partitions} for each in group.members}


def tasks(stage: Stage, instance: str) -> set[int]:
    """Those that a worker has now."""
    return (members(stage) or {}).get(f"{stage.app}-{instance}", set())


def all_committed(stage: Stage) -> bool:
    """Whether somebody has got to the end of every input."""
    committed = stage.committed()
    return all(
        committed.get((topic, number), 0) >= end
        for topic in map(stage.topic, SOURCES)
        for number, end in stage.ends(topic).items()
    )


@contextmanager
def living(stage: Stage, instance: str = "w0", **settings: Any) -> Iterator[Fork]:
    """A worker process that has tasks; killed at the end, if it still lives."""
    process = crashing.start(stage, drain=False, max_task_idle=100, instance=instance, **settings)
    try:
        wait_until(lambda: bool(tasks(stage, instance)), f"{instance} has tasks", LONG_S)
        yield process
    finally:
        process.kill()
        process.wait()


def stopped(process: Fork) -> int:
    process.terminate()
    return process.wait(LONG_S)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({**CONSUMER, "instance": "a"}, {**CONSUMER, "instance": "b"}, id="consumer"),
        pytest.param({**PATIENT_CLASSIC, "instance": "a"}, {**PATIENT_CLASSIC, "instance": "b"}, id="classic"),
        pytest.param({**CONSUMER, **STATIC}, {**CONSUMER, **STATIC}, id="consumer, static"),
        pytest.param({**PATIENT_CLASSIC, **STATIC}, {**PATIENT_CLASSIC, **STATIC}, id="classic, static"),
    ],
)
def test_a_worker_that_was_stopped_is_not_waited_for(patient: Stage, first: Settings, second: Settings) -> None:
    """A static one is not waited for by its own successor."""
    records = sent(patient, 0)
    with living(patient, **first) as process:
        wait_until(lambda: all_committed(patient), "it works")
        assert 0 == stopped(process)
    records += sent(patient, 1)

    assert [] == patient.run(**second, deadline_s=LONG_S).halted

    right(patient, records)


def test_a_static_member_of_a_classic_group_that_was_killed_is_back_at_once(patient: Stage) -> None:
    records = sent(patient, 0)
    with living(patient, **PATIENT_CLASSIC, **STATIC) as process:
        process.kill()

    assert [] == patient.run(**PATIENT_CLASSIC, **STATIC, deadline_s=LONG_S).halted

    right(patient, records)


def test_a_static_member_of_a_consumer_group_that_was_killed_waits_for_its_place(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    records = sent(stage, 0)
    with living(stage, **CONSUMER, **STATIC) as process:
        process.kill()

    assert [] == stage.run(**CONSUMER, **STATIC, deadline_s=LONG_S).halted

    right(stage, records)
    why = "the group still has a member with our group_instance_id"
    news = f"{why}: if its process died, the broker frees the place within 3 s. waiting"
    assert [news] == [each.getMessage() for each in caplog.records if each.name == "croupier.worker"]


def test_a_namesake_of_a_living_static_member_gives_up_and_harms_nobody(stage: Stage) -> None:
    """With the same instance name too: it would fence, if it had come so far."""
    records = sent(stage, 0)
    with stage.running(**CONSUMER, **STATIC) as worker:
        wait_until(lambda: all_committed(stage), "it works")
        with pytest.raises(Fatal, match=r"a member with our group_instance_id after 6 s: it lives\. give each"):
            stage.run(how=Run(), **CONSUMER, **STATIC, state_dir=f"{stage.state_dir}-2", deadline_s=LONG_S)
        records += sent(stage, 1)
        wait_until(lambda: all_committed(stage), "it still works")
    assert [] == worker.ends().halted

    right(stage, records)


def test_a_namesake_takes_the_place_of_a_static_member_of_a_classic_group(stage: Stage) -> None:
    records = sent(stage, 0)
    with stage.running(**CLASSIC, **STATIC, instance="a") as worker:
        wait_until(lambda: all_committed(stage), "it works")
        records += sent(stage, 1)
        assert [] == stage.run(**CLASSIC, **STATIC, instance="b", deadline_s=LONG_S).halted
        with pytest.raises(Fatal, match="another worker with our group_instance_id has joined the group"):
            worker.ends()

    right(stage, records)


def test_a_worker_with_the_name_and_the_state_of_another_is_refused(stage: Stage) -> None:
    records = sent(stage, 0)
    with stage.running() as worker:
        wait_until(lambda: all_committed(stage), "it works")
        with pytest.raises(Misconfigured, match="is in use by another worker"):
            stage.run()
    assert [] == worker.ends().halted

    right(stage, records)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_worker_more_than_there_are_tasks_idles_and_drains(stage: Stage, protocol: Settings) -> None:
    records = sent(stage, 0)
    with (
        stage.running(**protocol, instance="a") as a,
        stage.running(**protocol, instance="b") as b,
        stage.running(how=Run(drain=True), **protocol, instance="c") as c,
    ):
        assert [] == c.ends().halted
        wait_until(lambda: [1, 1] == [len(tasks(stage, name)) for name in "ab"], "the others have its tasks")
    reports = [worker.ends() for worker in (a, b, c)]

    assert len(records) == sum(report.counts["records"] for report in reports)
    right(stage, records)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_worker_that_was_taken_for_dead_comes_back(stage: Stage, protocol: Settings) -> None:
    """It stood still for longer than its session; another one had its tasks meanwhile, and keeps one."""
    records = sent(stage, 0)
    with living(stage, **protocol, instance="a") as sleeper, living(stage, **protocol, instance="b") as awake:
        psutil.Process(sleeper.pid).suspend()
        records += sent(stage, 1)
        wait_until(lambda: tasks(stage, "b") == {0, 1}, "the other one has all tasks", LONG_S)
        wait_until(lambda: all_committed(stage), "the other one works")
        records += sent(stage, 2)
        sleeper.send_signal(signal.SIGCONT)
        wait_until(lambda: len(tasks(stage, "a")) == 1, "it has a task again", LONG_S)
        records += sent(stage, 3)
        wait_until(lambda: all_committed(stage), "both work")
        assert [0, 0] == [stopped(sleeper), stopped(awake)]

    right(stage, records)


def slow_step(stage: Stage) -> dict[str, Any]:
    """One step takes until the group has given us up."""
    usual = topology(stage.app)
    once = iter([True])

    def step(rows: Rows, fact: Any, cause: str, time: int, of: Tables) -> Result:
        if next(once, False):
            wait_until(lambda: members(stage) == {}, "the group has given us up", LONG_S)
        return usual.step(rows, fact, cause, time, of)

    return {"topology_": dataclasses.replace(usual, step=step)}


def slow_commit(stage: Stage) -> dict[str, Any]:
    """One commit takes until the group has given us up."""
    once = iter([True])

    class Slow(Transactions):
        def send_offsets(self, offsets: Mapping[tuple[str, int], int], group_metadata: Any) -> None:
            if next(once, False):
                wait_until(lambda: members(stage) == {}, "the group has given us up", LONG_S)
            super().send_offsets(offsets, group_metadata)

    return {"doors": Doors(transactions=Slow)}


@pytest.mark.parametrize(
    ("protocol", "slow", "said"),
    [
        pytest.param(CONSUMER, slow_step, "Application maximum poll interval (2000ms) exceeded", id="consumer, a step"),
        pytest.param(CONSUMER, slow_commit, "joining the group again", id="consumer, a commit"),
        pytest.param(CLASSIC, slow_commit, "joining the group again", id="classic, a commit"),
    ],
)
def test_what_takes_too_long_costs_the_tasks_and_nothing_else(
    stage: Stage, protocol: Settings, slow: Slow, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    records = sent(stage, 0)
    kafka = {**protocol.get("kafka", {}), "max.poll.interval.ms": "2000"}

    report = stage.run(**{**protocol, "kafka": kafka}, **slow(stage), deadline_s=LONG_S, transaction_timeout=30_000)

    assert [] == report.halted
    assert said in caplog.text
    right(stage, records)
