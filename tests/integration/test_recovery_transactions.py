"""Recovery while a transaction is open, of a worker that died in it or stood still."""

import logging
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from tests.integration import crashing
from tests.integration.counting import SOURCES, topology, truth
from tests.integration.counting_stage import Stage, wait_until
from tests.integration.crashing import Plan
from tests.integration.forks import Fork
from topologies.operations.doors import Doors
from topologies.operations.running import Run
from topologies.runtime.errors import Fatal
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.offsets import Settled
from topologies.runtime.kafka.polled import Partition, Polled
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.survey import Surveyor


class Abandoned(Transactions):
    """Leaves its transaction open behind it, for the test to end."""

    left: "list[Abandoned]"
    with_offsets = True

    def send_offsets(self, offsets: Mapping[tuple[str, int], int], group_metadata: Any) -> None:
        if self.with_offsets:
            super().send_offsets(offsets, group_metadata)
        self._producer.flush(5)
        self.left.append(self)
        raise Fatal("its worker dies here")

    def close(self) -> None:
        """Stay open."""


class Watched(Reader):
    """Tells which ends it has seen."""

    ends: "set[tuple[int, int]]"

    def poll(self, timeout_s: float, records_max: int = 10_000) -> Polled:
        polled = super().poll(timeout_s, records_max)
        self.ends.update((end.partition, end.offset) for end in polled.ends)
        return polled


@pytest.mark.parametrize(
    ("with_offsets", "ending"),
    [
        pytest.param(True, "commit_transaction", id="offsets and rows are committed"),
        pytest.param(True, "abort_transaction", id="offsets and rows are aborted"),
        pytest.param(False, "abort_transaction", id="rows without offsets are aborted"),
    ],
)
def test_a_transaction_that_is_still_open_is_waited_for(
    stage: Stage, caplog: pytest.LogCaptureFixture, *, with_offsets: bool, ending: str
) -> None:
    """Its worker is gone, and we have another name, so that our producer does not end it."""
    caplog.set_level(logging.INFO, logger="croupier")
    sent = stage.processed() + stage.records(1)
    stage.send(sent[300:])
    left: list[Abandoned] = []
    abandoned = type("Abandoned", (Abandoned,), {"left": left, "with_offsets": with_offsets})
    with pytest.raises(Fatal, match="its worker dies here"):
        stage.run(doors=Doors(transactions=abandoned), instance="dead", transaction_timeout=60_000)
    ends: set[tuple[int, int]] = set()
    watched = type("Watched", (Watched,), {"ends": ends})

    with stage.running(how=Run(drain=True), doors=Doors(reader=watched)) as worker:
        if with_offsets:
            wait_until(lambda: "wait for an open transaction" in caplog.text, "it says what it waits for")
        else:
            stable = set(stage.stable_ends(stage.state).items())
            wait_until(lambda: stable <= ends, "it stands before the open transaction")
        assert stage.stable_ends(stage.state) != stage.ends(stage.state)
        assert [] != stage.differences(truth(sent, stage.app, stage.partitions), is_settled=False)
        getattr(left[0]._producer, ending)(10)  # noqa: SLF001 - the dead worker's
        assert [] == worker.ends().halted

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))
    assert stage.state_rows() == stage.store_rows()


class Asked(Admin):
    """Remembers what it was asked for, and about what."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.asked: list[tuple[str, set[str]]] = []

    def settled(self, group: str, partitions: Sequence[Partition]) -> Settled:
        self.asked.append(("offsets", {topic for topic, _ in partitions}))
        return super().settled(group, partitions)

    def ends(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        self.asked.append(("end", {topic for topic, _ in partitions}))
        return super().ends(partitions)


def test_the_end_of_the_state_is_asked_for_behind_the_offsets_and_lies_behind_open_transactions(stage: Stage) -> None:
    """In the other order, or with the last stable offset, what ends in between would be skipped by the inputs."""
    stage.processed()
    with stage.open_transaction(stage.state):
        admin = Asked(Cluster(stage.bootstrap_servers, {}, "test"))
        ground = Surveyor(topology(stage.app), stage.app, admin, "earliest").survey([0, 1])

        ends = stage.ends(stage.state)
        assert stage.stable_ends(stage.state) != ends
        assert ends == {number: of.state_end for number, of in ground.items()}
    inputs = {stage.control, *(stage.topic(source) for source in SOURCES)}
    assert [("offsets", inputs), ("end", {stage.state}), ("end", inputs)] == admin.asked


@contextmanager
def asleep(stage: Stage, point: str, **settings: Any) -> Iterator[Fork]:
    """A worker that sleeps in the middle of its second transaction."""
    process = crashing.start(stage, Plan(point, 2, "sleep"), batch_records_max=50, **settings)
    try:
        wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "it sleeps")
        yield process
        process.send_signal(signal.SIGCONT)
        assert 0 == process.wait(30)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("point", ["queued", "offsets sent"])
def test_a_worker_whose_transaction_was_aborted_while_it_slept_starts_over(stage: Stage, point: str) -> None:
    """It slept for longer than its transaction may last, but not so long that the group gave it up."""
    sent = stage.records(0)
    stage.send(sent)
    with asleep(stage, point, transaction_timeout=1_000):
        assert stage.stable_ends(stage.state) != stage.ends(stage.state)
        wait_until(lambda: stage.stable_ends(stage.state) == stage.ends(stage.state), "its transaction is aborted")

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


@pytest.mark.parametrize("point", ["queued", "offsets sent"])
def test_a_worker_that_was_given_up_while_it_slept_does_no_harm(stage: Stage, point: str) -> None:
    """Another one has its tasks, and has gone on with them."""
    sent = stage.records(0)
    stage.send(sent)
    with asleep(stage, point, transaction_timeout=5_000):
        assert [] == stage.run(instance="another").halted

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


def test_a_worker_whose_name_was_taken_ends(stage: Stage) -> None:
    sent = stage.records(0)
    stage.send(sent)
    with stage.running() as worker:
        wait_until(lambda: (stage.topic("bets"), 0) in stage.committed(), "it works")
        namesake = stage.producer(**{"transactional.id": f"{stage.app}-w0"})
        namesake.init_transactions(10)
        more = stage.records(1)
        sent += more
        stage.send(more)

        with pytest.raises(Fatal, match="another worker with our instance name has taken over"):
            worker.ends()

    assert [] == stage.run().halted
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))
