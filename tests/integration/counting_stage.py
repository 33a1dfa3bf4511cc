"""Where `counting` runs: topics of its own, a state directory, workers in threads of this process."""

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from tests.integration import counting_written
from tests.integration.counting import SOURCES, Sent, Slice, topology, traffic
from tests.integration.counting_topics import DEADLINE_S, Topics, wait_until
from topologies.graph import Topology
from topologies.operations import running
from topologies.operations.doors import Doors
from topologies.operations.running import Run
from topologies.runtime.store import Bounds, Store
from topologies.runtime.task import Moment
from topologies.runtime.worker import Report
from topologies.settings import Settings

__all__ = ["Running", "Stage", "clock", "wait_until"]


def clock() -> Moment:
    return Moment(time.time_ns() // 1_000_000, time.monotonic())


@dataclass
class Running:
    """A worker in a thread of this process."""

    stop: threading.Event = field(default_factory=threading.Event)
    report: Report | None = None
    error: BaseException | None = None
    thread: threading.Thread | None = None

    @property
    def is_alive(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    def ends(self, deadline_s: float = DEADLINE_S) -> Report:
        """Wait for its end; raises what it has raised."""
        assert self.thread is not None
        self.thread.join(deadline_s)
        assert not self.thread.is_alive(), f"the worker has not ended within {deadline_s:g} s"
        if self.error is not None:
            raise self.error
        assert self.report is not None
        return self.report


class Stage(Topics):
    """All of one test. `begin` is the time of the first record: half an hour ago."""

    def __init__(self, bootstrap_servers: str, app: str, state_dir: Path, partitions: int = 2) -> None:
        super().__init__(bootstrap_servers, app, partitions)
        self.state_dir = state_dir
        self.begin = time.time_ns() // 1_000_000 - 1_800_000

    def settings(self, **values: Any) -> Settings:
        own = {
            "bootstrap_servers": self.bootstrap_servers,
            "app": self.app,
            "state_dir": str(self.state_dir),
            "instance": "w0",
            "transaction_timeout": 4_000,
        }
        return Settings.of({**own, **values}, {})

    def send(self, records: Iterable[Sent]) -> None:
        """Each source's records in the order given."""
        producer = self.producer()
        for each in records:
            self.produce(producer, each)
        assert 0 == producer.flush(30)

    def records(self, life: int, count: int = 300) -> list[Sent]:
        """Records of a life of the application: all later than those of earlier ones."""
        drawn = traffic(life, count, self.begin + life * 10_000)
        return [each._replace(n=each.n + life * count) for each in drawn]

    def processed(self, life: int = 0) -> list[Sent]:
        """Send the records of a life, and drain."""
        sent = self.records(life)
        self.send(sent)
        assert [] == self.run().halted
        return sent

    def produce(self, producer: Producer, each: Sent) -> None:
        producer.produce(
            self.topic(each.source), each.value(), each.key, each.place(self.partitions), timestamp=each.time
        )
        producer.poll(0)

    def run(
        self,
        *,
        how: Run | None = None,
        topology_: Topology | None = None,
        doors: Doors | None = None,
        deadline_s: float = DEADLINE_S,
        **settings: Any,
    ) -> Report:
        """Drain, and return the report."""
        with self.running(how=how or Run(drain=True), topology_=topology_, doors=doors, **settings) as worker:
            return worker.ends(deadline_s)

    @contextlib.contextmanager
    def running(
        self,
        *,
        how: Run | None = None,
        topology_: Topology | None = None,
        doors: Doors | None = None,
        **settings: Any,
    ) -> Iterator[Running]:
        """A worker for the length of the block; it is told to stop at the end, and waited for."""
        worker = Running()
        of = topology_ or topology(self.app)

        def work() -> None:
            try:
                worker.report = running.run(of, self.settings(**settings), how or Run(), clock, worker.stop, doors)
            except BaseException as error:  # noqa: BLE001 - it is raised by `ends`
                worker.error = error

        worker.thread = threading.Thread(target=work, daemon=True)
        worker.thread.start()
        try:
            yield worker
        except AssertionError as failed:
            # What was waited for in vain has most likely this reason.
            raise (worker.error or failed) from failed
        finally:
            worker.stop.set()
            worker.thread.join(DEADLINE_S)
        assert not worker.thread.is_alive(), "the worker does not stop"

    def store(self, instance: str = "w0") -> Store:
        """The store of a worker that does not run."""
        return Store(self.store_dir(instance), Bounds(1 << 20, 1 << 20))

    def store_dir(self, instance: str = "w0") -> Path:
        """Where a worker keeps its store."""
        return self.state_dir / self.app / instance

    def events_of(self, event_id: str) -> int:
        """How many events have this id."""
        return sum(record.headers["event-id"].decode() == event_id for record in self.read(self.events))

    def is_at_end(self, partition: int) -> bool:
        """Whether the group's offsets of all inputs are their ends."""
        committed = self.committed()
        topics = [self.topic(source) for source in SOURCES]
        return all(committed.get((topic, partition)) == self.ends(topic)[partition] for topic in topics)

    def state_rows(self) -> dict[tuple[int, bytes], bytes]:
        """The state as compaction leaves it."""
        last = {(record.partition, record.key): record.value for record in self.read(self.state)}
        return {key: value for key, value in last.items() if value is not None}

    def store_rows(self, instance: str = "w0") -> dict[tuple[int, bytes], bytes]:
        """What a worker that does not run has stored."""
        store = self.store(instance)
        rows = {(number, key): value for number in range(self.partitions) for key, value in store.scan(number, b"")}
        store.close()
        return rows

    def written(self) -> dict[int, Slice]:
        """What has been written, in the words of `truth`."""
        return counting_written.slices(self.read(self.events), self.read(self.dead_letters), self.read(self.state))

    def differences(self, expected: Mapping[int, Slice], *, is_settled: bool = True) -> list[str]:
        """The first few of everything that is missing, too much or otherwise; empty when all is as it must be."""
        found = counting_written.differences(expected, self.written())
        if not (found and is_settled):
            return found
        self.settle()
        return counting_written.differences(expected, self.written())
