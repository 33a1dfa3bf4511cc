"""Where `counting` runs: topics of its own on a real broker, records in, and what lies in the topics afterwards."""

import contextlib
import itertools
import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from tests.integration.counting import SOURCES, Sent, Slice, topology, traffic
from topologies.graph import Topology
from topologies.operations import running
from topologies.operations.running import Doors, Run
from topologies.runtime.names import STATE, own_topics
from topologies.runtime.store import Bounds, Store
from topologies.runtime.task import Moment
from topologies.runtime.worker import Report
from topologies.settings import Settings

DEADLINE_S = 40.0
MANY = 50
LOG = logging.getLogger("test.kafka")
"""More differences say no more."""


class Record(NamedTuple):
    """A record of a topic, as a reader of committed records finds it."""

    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: dict[str, bytes]


def clock() -> Moment:
    return Moment(time.time_ns() // 1_000_000, time.monotonic())


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Look again and again; says what did not happen in time."""
    give_up_at = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < give_up_at, f"not within {deadline_s:g} s: {what}"
        time.sleep(0.02)


@dataclass
class Running:
    """A worker in a thread of this process."""

    stop: threading.Event = field(default_factory=threading.Event)
    report: Report | None = None
    error: BaseException | None = None
    thread: threading.Thread | None = None

    def ends(self, deadline_s: float = DEADLINE_S) -> Report:
        """Wait for its end; raises what it has raised."""
        assert self.thread is not None
        self.thread.join(deadline_s)
        assert not self.thread.is_alive(), f"the worker has not ended within {deadline_s:g} s"
        if self.error is not None:
            raise self.error
        assert self.report is not None
        return self.report


@dataclass
class Stage:
    """Topics, settings and a state directory of one test."""

    bootstrap_servers: str
    app: str
    state_dir: Path
    partitions: int = 2
    begin: int = field(default_factory=lambda: time.time_ns() // 1_000_000 - 1_800_000)
    """The time of the first record: half an hour ago."""

    def __post_init__(self) -> None:
        config: dict[str, Any] = {"bootstrap.servers": self.bootstrap_servers, "logger": LOG}
        self.admin = AdminClient(config)
        self.state, self.dead_letters = own_topics(self.app)
        self.events = self.topic("events")

    def topic(self, name: str) -> str:
        return f"{self.app}-{name}"

    def create(self, **configs: Mapping[str, str]) -> None:
        """Create all topics; `configs` by name without the application's."""
        names = [*SOURCES, "events", "state", "dead-letters"]
        base = {"state": STATE}
        new = [
            NewTopic(self.topic(name), self.partitions, 1, config={**base.get(name, {}), **configs.get(name, {})})
            for name in names
        ]
        for future in self.admin.create_topics(new).values():
            future.result()
        wait_until(lambda: all(self._is_there(self.topic(name)) for name in names), "topics can be used")
        self._hurry()

    def _hurry(self) -> None:
        """Let the group give up a dead member soon, and move partitions soon."""
        resource = ConfigResource(ResourceType.GROUP, self.app)
        for name, value in (("consumer.session.timeout.ms", "3000"), ("consumer.heartbeat.interval.ms", "500")):
            resource.add_incremental_config(ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET))
        for future in self.admin.incremental_alter_configs([resource]).values():
            future.result()

    def _is_there(self, topic: str) -> bool:
        try:
            self.ends(topic)
        except KafkaException:
            return False
        return True

    def settings(self, **values: Any) -> Settings:
        own = {
            "bootstrap_servers": self.bootstrap_servers,
            "app": self.app,
            "state_dir": str(self.state_dir),
            "instance": "w0",
            "transaction_timeout": 4_000,
        }
        return Settings.of({**own, **values}, {})

    # --- in -----------------------------------------------------------------------------------------------------

    def send(self, records: Iterable[Sent]) -> None:
        """Each source's records in the order given."""
        producer = self.producer()
        for each in records:
            self.produce(producer, each)
        assert 0 == producer.flush(30)

    def producer(self, **properties: Any) -> Producer:
        own = {"bootstrap.servers": self.bootstrap_servers, "enable.idempotence": True, "logger": LOG}
        return Producer({**own, "linger.ms": 5, "queue.buffering.max.messages": 1_000_000, **properties})

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

    # --- running ------------------------------------------------------------------------------------------------

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

    # --- what a person may do to it -------------------------------------------------------------------------------

    def set_offsets(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Set the group's offsets, of inputs by their names without the application's."""
        wanted = [TopicPartition(self.topic(name), number, offset) for (name, number), offset in offsets.items()]
        request = [ConsumerGroupTopicPartitions(self.app, wanted)]
        for future in self.admin.alter_consumer_group_offsets(request).values():
            future.result()

    def delete(self, topic: str) -> None:
        """Delete a topic, and wait until nobody sees it."""
        for future in self.admin.delete_topics([topic]).values():
            future.result()
        wait_until(lambda: topic not in self.admin.list_topics(timeout=5).topics, f"{topic} is gone")

    def create_topic(self, name: str, config: Mapping[str, str]) -> None:
        """Create one topic."""
        new = [NewTopic(self.topic(name), self.partitions, 1, config=dict(config))]
        for future in self.admin.create_topics(new).values():
            future.result()
        wait_until(lambda: self._is_there(self.topic(name)), "it can be used")

    def delete_records(self, before: Mapping[tuple[str, int], int]) -> None:
        """Delete an input's records before an offset, as retention does."""
        wanted = [TopicPartition(self.topic(name), number, offset) for (name, number), offset in before.items()]
        for future in self.admin.delete_records(wanted).values():
            future.result()

    @contextlib.contextmanager
    def open_transaction(self, topic: str) -> Iterator[None]:
        """A record of somebody else in each partition, in a transaction that is aborted at the end of the block."""
        producer = self.producer(**{"transactional.id": f"{topic}-of-somebody"})
        producer.init_transactions(10)
        producer.begin_transaction()
        for number in range(self.partitions):
            producer.produce(topic, b"", b"", number)
        assert 0 == producer.flush(10)
        yield
        producer.abort_transaction(10)

    # --- out ----------------------------------------------------------------------------------------------------

    def ends(self, topic: str) -> dict[int, int]:
        """The high watermarks."""
        return self._offsets(topic, IsolationLevel.READ_UNCOMMITTED)

    def _offsets(self, topic: str, isolation: IsolationLevel) -> dict[int, int]:
        wanted = {TopicPartition(topic, number): OffsetSpec.latest() for number in range(self.partitions)}
        answers = self.admin.list_offsets(wanted, isolation_level=isolation)
        return {each.partition: future.result().offset for each, future in answers.items()}

    def read(self, topic: str) -> list[Record]:
        """All committed records that lie there now, by partition."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "group.id": f"{self.app}-reading",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 20,
                "logger": LOG,
            }
        )
        consumer.assign([TopicPartition(topic, number, 0) for number in range(self.partitions)])
        found: list[Record] = []
        ended: set[int] = set()
        give_up_at = time.monotonic() + DEADLINE_S
        while len(ended) < self.partitions:
            assert time.monotonic() < give_up_at, f"{topic} cannot be read to its end"
            for message in consumer.consume(5_000, 0.1):
                if (error := message.error()) is None:
                    headers = dict(message.headers() or [])
                    found.append(
                        Record(message.partition(), message.offset(), message.key(), message.value(), headers)  # type: ignore[arg-type]
                    )
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - public
                    ended.add(message.partition())  # type: ignore[arg-type]
        consumer.close()
        return sorted(found)

    def stable_ends(self, topic: str) -> dict[int, int]:
        """The last stable offsets: before the first open transaction."""
        return self._offsets(topic, IsolationLevel.READ_COMMITTED)

    def committed(self) -> dict[tuple[str, int], int]:
        """The group's offsets; asked for as runtime/kafka/offsets.py says, or the tests may end with a null pointer."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap_servers, "group.id": self.app, "logger": LOG})
        wanted = [TopicPartition(self.topic(name), number) for name in SOURCES for number in range(self.partitions)]
        found = consumer.committed(wanted, DEADLINE_S)
        consumer.close()
        return {(each.topic, each.partition): each.offset for each in found if each.offset >= 0}

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
        """What has been written, in the words of `truth`; the state as compaction leaves it, without what expired."""
        slices = {}
        events, letters = _by_partition(self.read(self.events)), _by_partition(self.read(self.dead_letters))
        for partition, log in _by_partition(self.read(self.state)).items():
            last = {record.key.decode(): record.value for record in log}
            there = {key: _row(value) for key, value in last.items() if value is not None}
            stream_time = there.pop("\0head\0")[1]["stream_time"]
            timers = [key.split("\0")[2:] for key in there if key.startswith("\0timer\0")]
            slices[partition] = Slice(
                [_event(record) for record in events[partition]],
                [_letter(record) for record in letters[partition]],
                {
                    key.replace("\0", "/"): row
                    for key, row in there.items()
                    if not key.startswith("\0") and not 0 < row[0] <= stream_time
                },
                {(int(due), key, row_id) for due, _, key, row_id in timers},
                stream_time,
            )
        return slices

    def differences(self, expected: Mapping[int, Slice]) -> list[str]:
        """The first few of everything that is missing, too much or otherwise; empty when all is as it must be."""
        written = self.written()
        found = [f"partition {number} alone" for number in sorted(set(expected) ^ set(written))]
        for number in sorted(set(expected) & set(written)):
            for name, wanted, got in zip(Slice._fields, expected[number], written[number], strict=True):
                found += [f"{number} {name}: {each}" for each in _differences(wanted, got)]
        return found[:MANY]


def _differences(wanted: Any, got: Any) -> list[str]:
    if wanted == got:
        return []
    if isinstance(wanted, list):
        pairs = enumerate(itertools.zip_longest(wanted, got))
        found = [f"at {n} wanted {one}, got {other}" for n, (one, other) in pairs if one != other]
        return [*found[:3], f"{len(wanted)} wanted, {len(got)} got"]
    if isinstance(wanted, dict):
        keys = [key for key in sorted({*wanted, *got}) if wanted.get(key) != got.get(key)]
        return [f"{key!r}: wanted {wanted.get(key)}, got {got.get(key)}" for key in keys[:3]] + [f"{len(keys)} differ"]
    if isinstance(wanted, set):
        return [f"missing {sorted(wanted - got)[:3]}, too much {sorted(got - wanted)[:3]}"]
    return [f"wanted {wanted}, got {got}"]


def _row(value: bytes | None) -> tuple[int, Any]:
    assert value is not None
    return int.from_bytes(value[:8], "big"), json.loads(value[8:])[1]


def _event(record: Record) -> tuple[str, str, dict[str, Any]]:
    return record.key.decode(), record.headers["event-id"].decode(), json.loads(record.value or b"")


def _letter(record: Record) -> tuple[str, str]:
    headers = {name.removeprefix("dead-letter."): value.decode() for name, value in record.headers.items()}
    if headers["topic"] == "timer":
        return headers["class"], f"timer/{json.loads(record.value or b'')['row_id']}"
    return headers["class"], "{topic}/{partition}/{offset}".format_map(headers)


def _by_partition(records: Sequence[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        found[record.partition].append(record)
    return found
