"""Recovery from states and stores that are not what they were."""

import dataclasses
import itertools
import logging
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.integration.counting import Sent, topology, truth
from tests.integration.counting_stage import Stage, wait_until
from tests.integration.records import configure
from topologies.operations.doors import Doors
from topologies.runtime.errors import Fatal, Unavailable
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.polled import Polled
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.names import STATE_DELETE_RETENTION_MS
from topologies.runtime.store import Applied, Row, Store

GHOST = b"player-x\0seen\0ghost"
"""A row that is in no state topic."""


def test_a_compacted_state_restores_the_same_rows(bootstrap_servers: str, app: str, state_dir: Path) -> None:
    stage = Stage(bootstrap_servers, app, state_dir)
    # Not before it is counted what there is.
    stage.create(state={"min.cleanable.dirty.ratio": "0.0", "segment.ms": "100", "min.compaction.lag.ms": "3600000"})
    sent = [each for life in range(4) for each in stage.processed(life)]
    everything = len(stage.read(stage.state))
    configure({"bootstrap.servers": bootstrap_servers}, [stage.state], {"min.compaction.lag.ms": "0"})
    wait_until(lambda: len(stage.read(stage.state)) < everything, "the state is compacted")
    shutil.rmtree(stage.state_dir)

    sent += stage.processed(4)

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))
    assert stage.state_rows() == stage.store_rows()


class Sipping(Reader):
    """Takes little at a time."""

    def poll(self, timeout_s: float, records_max: int = 10_000) -> Polled:
        return super().poll(timeout_s, min(records_max, 3))


def test_a_state_is_read_to_its_end_in_however_many_bites(stage: Stage) -> None:
    sent = stage.processed()
    shutil.rmtree(stage.state_dir)
    more = stage.records(1)
    stage.send(more)

    assert [] == stage.run(doors=Doors(reader=Sipping)).halted

    assert [] == stage.differences(truth(sent + more, stage.app, stage.partitions))
    assert stage.state_rows() == stage.store_rows()


class Unlucky(Reader):
    """Finds nobody every other time."""

    polls = itertools.count()

    def poll(self, timeout_s: float, records_max: int = 10_000) -> Polled:
        if next(self.polls) % 2:
            raise Unavailable("nobody answers")
        return super().poll(timeout_s, min(records_max, 50))


def test_a_state_that_cannot_be_read_for_a_moment_is_read_again(stage: Stage) -> None:
    sent = stage.processed()
    shutil.rmtree(stage.state_dir)

    assert [] == stage.run(doors=Doors(reader=Unlucky)).halted

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))
    assert stage.state_rows() == stage.store_rows()


def test_recovery_does_not_die_without_a_word(stage: Stage) -> None:
    made = itertools.count()

    class Last(Reader):
        def __init__(self, cluster: Cluster) -> None:
            if next(made):
                raise OSError("no file descriptors left")
            super().__init__(cluster)

    with pytest.raises(Fatal, match="recovery failed: OSError: no file descriptors left"):
        stage.run(doors=Doors(reader=Last))


def test_a_disk_that_is_full_costs_a_restart_and_nothing_else(stage: Stage) -> None:
    """The transaction is committed already when the store cannot be written."""
    sent = stage.records(0)
    stage.send(sent)

    class Full(Store):
        def write(self, partition: int, rows: Sequence[Row], applied: Applied) -> None:
            super().write(partition, rows, applied)
            self.close()

    with pytest.raises(Fatal, match=r"the local store cannot be (read|written)"):
        stage.run(doors=Doors(store=Full), batch_records_max=50)
    assert [] != stage.differences(truth(sent, stage.app, stage.partitions))

    assert [] == stage.run().halted
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


def test_tasks_without_records_and_without_state_begin(bootstrap_servers: str, app: str, state_dir: Path) -> None:
    stage = Stage(bootstrap_servers, app, state_dir, partitions=4)
    stage.create()
    sent = [Sent("bets", "one player", n, stage.begin + n) for n in range(20)]
    stage.send(sent[:10])
    stage.run()
    shutil.rmtree(stage.state_dir)
    stage.send(sent[10:])

    report = stage.run()

    expected = truth(sent, stage.app, stage.partitions)
    assert ([], 10) == (report.halted, report.counts["records"])
    assert expected == {number: found for number, found in stage.written().items() if number in expected}


def altered(change: Callable[[Applied], Applied]) -> Callable[[Stage], None]:
    """Change how far the store says that it is, and put a row into it that is in no state topic."""

    def alter(stage: Stage) -> None:
        store = stage.store()
        for number in range(stage.partitions):
            applied = store.applied(number)
            assert applied is not None
            store.write(number, [(GHOST, b"")], change(applied))
        store.close()

    return alter


def deleted(stage: Stage) -> None:
    shutil.rmtree(stage.state_dir)


def half_deleted(stage: Stage) -> None:
    """What a careless clean-up leaves: RocksDB itself refuses that, so all of it has to go."""
    store = stage.store()
    store.wipe(0)
    store.close()


YEAR_MS = 365 * 24 * 3_600_000


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(deleted, id="deleted"),
        pytest.param(half_deleted, id="one task's rows are gone"),
        pytest.param(altered(lambda one: one._replace(offset=one.offset + 1_000_000)), id="ahead of the state topic"),
        pytest.param(altered(lambda one: one._replace(topic_id="another")), id="of a state topic that is gone"),
        pytest.param(
            altered(lambda one: one._replace(at=one.at - STATE_DELETE_RETENTION_MS // 2 - YEAR_MS)),
            id="older than tombstones may be",
        ),
    ],
)
def test_a_store_that_cannot_be_trusted_is_restored_whole(stage: Stage, alter: Callable[[Stage], None]) -> None:
    sent = stage.processed()
    alter(stage)

    sent += stage.processed(1)

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))
    assert stage.state_rows() == stage.store_rows()


def test_a_store_that_is_behind_catches_up(stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As after another worker had its tasks for a while; what is there is not read again."""
    caplog.set_level(logging.INFO, logger="croupier.recovery")
    sent = stage.processed()
    shutil.copytree(stage.state_dir, tmp_path / "earlier")
    before = stage.ends(stage.state)
    sent += stage.processed(1)
    shutil.rmtree(stage.state_dir)
    shutil.move(tmp_path / "earlier", stage.state_dir)
    missing = {number: end - before[number] for number, end in stage.ends(stage.state).items()}
    caplog.clear()

    sent += stage.processed(2)

    restored = re.findall(r"task (\d+): state restored, (\d+) rows read", caplog.text)
    read = {int(number): int(count) for number, count in restored}
    assert set(missing) == set(read)
    assert all(0 < read[number] < count for number, count in missing.items()), "the rows, but not the markers"
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))
    assert stage.state_rows() == stage.store_rows()


def test_a_state_of_a_newer_release_is_not_touched(stage: Stage) -> None:
    stage.processed()
    stage.send(stage.records(1))
    stage.run(topology_=topology(stage.app, row_version=2))
    before = stage.ends(stage.state)
    stage.send(stage.records(2))

    report = stage.run()

    assert [True, True] == [
        "written by a newer release: row version 2, this release reads up to 1" in why for why in report.halted
    ]
    assert before == stage.ends(stage.state)


def test_a_state_of_an_older_release_is_upgraded_row_by_row(stage: Stage) -> None:
    sent = stage.processed()
    sent += stage.records(1)
    stage.send(sent[300:])
    upgraded: set[tuple[str, int]] = set()

    def upgrade(kind: str, version: int, row: Any) -> Any:
        upgraded.add((kind, version))
        return row

    newer = dataclasses.replace(topology(stage.app, row_version=2), upgrade=upgrade)

    assert [] == stage.run(topology_=newer).halted

    assert upgraded >= {("count", 1), ("next", 1)}
    assert {kind for kind, _ in upgraded} <= {"count", "next", "seen"}, "head and timers are not the topology's"
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))
