"""What other stream processors have stumbled over, where no other test has it; docs/peers.md has the whole list."""

import shutil
import threading
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.integration.counting import traffic, truth
from tests.integration.counting_stage import Stage, wait_until
from tests.integration.records import configure
from tests.integration.test_membership import CLASSIC, CONSUMER, all_committed, tasks
from topologies.operations.doors import Doors
from topologies.runtime import head
from topologies.runtime.errors import Fatal
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.polled import Polled, message
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.names import STATE

LONG_S = 60.0

RECOVERY = "recovery"
"""The thread that restores; the readers of others are not held up."""


UNPREPARED = {"fetch.message.max.bytes": 1, "queued.max.messages.kbytes": 1, "queued.min.messages": 1}
"""What is to be read next lies at the broker, not in the client's queue: a transaction's rows are fetched at a time."""


class Pause:
    """Stops a restore behind its first rows, until the test has done something; knows partition and offset of each."""

    def __init__(self) -> None:
        self.reached, self._go = threading.Event(), threading.Event()
        self.read: set[tuple[int, int]] = set()

    def doors(self) -> Doors:
        reached, go, read = self.reached, self._go, self.read

        class Paused(Reader):
            def __init__(self, cluster: Cluster) -> None:
                super().__init__(cluster, UNPREPARED)

            def poll(self, timeout_s: float, records_max: int = 10_000) -> Polled:
                if threading.current_thread().name == RECOVERY and reached.is_set():
                    assert go.wait(LONG_S)
                polled = super().poll(timeout_s, min(records_max, 20))
                if threading.current_thread().name == RECOVERY and polled.messages:
                    read.update((each.partition, each.offset) for each in map(message, polled.messages))
                    reached.set()
                return polled

        return Doors(reader=Paused)

    def wait(self) -> None:
        assert self.reached.wait(LONG_S)

    def end(self) -> None:
        self._go.set()


# --- a restore ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [pytest.param(CONSUMER, id="consumer"), pytest.param(CLASSIC, id="classic")])
def test_a_task_that_moves_while_it_is_restored_is_restored_by_its_new_owner(
    stage: Stage, protocol: Mapping[str, Any]
) -> None:
    """And the one that stays goes on with what it has read."""
    sent = stage.processed()
    shutil.rmtree(stage.state_dir)
    pause = Pause()
    with stage.running(**protocol, doors=pause.doors(), max_task_idle=100) as first:
        pause.wait()
        with stage.running(**protocol, instance="w1", max_task_idle=100) as second:
            wait_until(lambda: len(tasks(stage, "w1")) == 1, "the other has one of them", LONG_S)
            pause.end()
            more = [each._replace(source="bets") for each in stage.records(1)]
            stage.send(more)
            wait_until(lambda: all_committed(stage), "both work")
    assert [[], []] == [worker.ends().halted for worker in (first, second)]

    assert [] == stage.differences(truth(sent + more, stage.app, stage.partitions))


def cut(stage: Stage) -> None:
    """All rows stand at the end once more; everything before is deleted, also what was to be read next."""
    ends = stage.ends(stage.state)
    producer = stage.producer()
    # The head is the last row of its task.
    for (number, key), value in sorted(stage.state_rows().items(), key=lambda row: row[0][1] == head.KEY):
        producer.produce(stage.state, value, key, number)
    assert 0 == producer.flush(10)
    stage.delete_records({("state", number): end for number, end in ends.items()})


def test_a_state_that_loses_what_was_to_be_read_next_is_restored_from_where_it_begins(
    bootstrap_servers: str, app: str, state_dir: Path
) -> None:
    stage = Stage(bootstrap_servers, app, state_dir)
    stage.create(state={"cleanup.policy": "compact,delete"})
    sent = stage.processed()
    shutil.rmtree(stage.state_dir)
    pause = Pause()

    with stage.running(doors=pause.doors(), max_task_idle=100) as worker:
        pause.wait()
        cut(stage)
        pause.end()
        more = [each._replace(source="bets") for each in stage.records(1)]
        stage.send(more)
        wait_until(lambda: all_committed(stage), "it works", LONG_S)
    assert [] == worker.ends().halted

    assert [] == stage.differences(truth(sent + more, stage.app, stage.partitions))
    assert stage.state_rows() == stage.store_rows()


def test_a_state_that_is_compacted_while_it_is_read_is_restored_as_it_was(
    bootstrap_servers: str, app: str, state_dir: Path
) -> None:
    stage = Stage(bootstrap_servers, app, state_dir)
    # Not before it is read.
    stage.create(state={"min.cleanable.dirty.ratio": "0.0", "segment.ms": "100", "min.compaction.lag.ms": "3600000"})
    sent = stage.processed() + stage.processed(1) + stage.processed(2)
    shutil.rmtree(stage.state_dir)
    before, rows, pause = places(stage), stage.state_rows(), Pause()

    with stage.running(doors=pause.doors(), max_task_idle=100) as worker:
        pause.wait()
        at_first = set(pause.read)
        configure({"bootstrap.servers": bootstrap_servers}, [stage.state], {"min.compaction.lag.ms": "0"})
        wait_until(lambda: {0, 1} == {number for number, _ in before - places(stage)}, "both are compacted", LONG_S)
        assert rows == stage.state_rows()
        pause.end()
        more = [each._replace(source="bets") for each in stage.records(3)]
        stage.send(more)
        wait_until(lambda: all_committed(stage), "it works", LONG_S)
    assert [] == worker.ends().halted

    gone = before - places(stage)
    assert [True, True] == [bool(gone & at_first), bool(gone - pause.read)], "of what was read, and of what came next"
    assert [] == stage.differences(truth(sent + more, stage.app, stage.partitions))
    assert stage.state_rows() == stage.store_rows()


def places(stage: Stage) -> set[tuple[int, int]]:
    """Partition and offset of each row of the state, replaced ones too."""
    return {(each.partition, each.offset) for each in stage.read(stage.state)}


def test_a_state_topic_that_is_recreated_under_a_worker_is_not_taken_for_the_state(stage: Stage) -> None:
    """What is written from then on is not all: whoever restores from it would have lost the rest without a word."""
    stage.processed()
    begins, goes = threading.Event(), threading.Event()

    class Held(Transactions):
        def begin(self) -> None:
            begins.set()
            assert goes.wait(LONG_S)
            super().begin()

    stage.send(stage.records(1, 10))
    with stage.running(doors=Doors(transactions=Held), max_task_idle=100) as worker:
        assert begins.wait(LONG_S)
        stage.delete(stage.state)
        stage.create_topic("state", STATE)
        goes.set()
        with pytest.raises(Fatal, match="the state topic was recreated while the application runs: task "):
            worker.ends(LONG_S)

    shutil.rmtree(stage.state_dir)
    halted = stage.run().halted

    # A task that had nothing to commit has left nothing there.
    assert stage.partitions == len(halted)
    assert any("the state topic was recreated while a worker ran" in why for why in halted), halted


@pytest.mark.parametrize("name", ["state", "journal", "events", "bets", "control"])
def test_a_topic_that_is_deleted_under_a_worker_ends_it(stage: Stage, name: str) -> None:
    stage.processed()
    deleted = stage.topic(name)
    # The client waits half a minute for a topic that it knew before it gives rows up.
    kafka = {"topic.metadata.propagation.max.ms": "1000", "topic.metadata.refresh.interval.ms": "1000"}
    with stage.running(max_task_idle=100, kafka=kafka) as worker:
        wait_until(lambda: bool(tasks(stage, "w0")), "it has tasks")
        stage.delete(deleted)
        # Again and again: a broker that is busy takes rows for a while after it says that the topic is no more.
        lives = count(1)

        def has_ended() -> bool:
            stage.send(each for each in stage.records(next(lives)) if stage.topic(each.source) != deleted)
            return not worker.is_alive

        wait_until(has_ended, "it ends", LONG_S)
        with pytest.raises(Fatal, match=f"(topics are missing|a topic was deleted while it was read): {deleted}"):
            worker.ends()


# --- floods -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("do", ["undecodable", "refuse", "break"])
def test_a_flood_of_nothing_but_bad_records_is_buried_and_what_follows_is_processed(stage: Stage, do: str) -> None:
    bad = [each._replace(do=do) for each in traffic(5, 3_000, stage.begin)]
    good = [each._replace(n=each.n + len(bad)) for each in stage.records(9, 20)]
    stage.send(bad + good)

    report = stage.run()

    assert [] == stage.differences(truth(bad + good, stage.app, stage.partitions))
    letters = sum(times for name, times in report.counts.items() if name.startswith("dead-letter-"))
    assert ([], len(bad)) == (report.halted, letters)
