"""The topics of one application on a real broker: made, read, and touched as a person may touch them."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
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

from tests.integration.counting_topology import SOURCES
from tests.integration.records import AT_ONCE
from topologies.runtime.names import JOURNAL, STATE, own_topics

DEADLINE_S = 40.0
COORDINATORS = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
}
"""What a group that cannot be asked yet answers."""
LOG = logging.getLogger("test.kafka")


class Record(NamedTuple):
    """A record of a topic, as a reader of committed records finds it."""

    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: dict[str, bytes]


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Look again and again; says what did not happen in time."""
    give_up_at = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < give_up_at, f"not within {deadline_s:g} s: {what}"
        time.sleep(0.02)


class Topics:
    """They begin with the application's name; each has so many partitions."""

    def __init__(self, bootstrap_servers: str, app: str, partitions: int) -> None:
        config: dict[str, Any] = {"bootstrap.servers": bootstrap_servers, "logger": LOG}
        self.admin = AdminClient(config)
        self.bootstrap_servers = bootstrap_servers
        self.app = app
        self.partitions = partitions
        self.state, self.journal, self.control, self.dead_letters = own_topics(self.app)
        self.events = self.topic("events")

    def topic(self, name: str) -> str:
        return f"{self.app}-{name}"

    def create(self, **configs: Mapping[str, str]) -> None:
        """Create all topics; `configs` by name without the application's."""
        names = [*SOURCES, "events", "state", "journal", "control", "dead-letters"]
        base = {"state": STATE, "journal": JOURNAL}
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

    def producer(self, **properties: Any) -> Producer:
        own = {"bootstrap.servers": self.bootstrap_servers, **AT_ONCE, "enable.idempotence": True, "logger": LOG}
        producer = Producer({**own, "linger.ms": 5, "queue.buffering.max.messages": 1_000_000, **properties})
        # One that has not met a broker looks for its topics' leaders only after half a second.
        producer.list_topics(timeout=DEADLINE_S)
        return producer

    def ends(self, topic: str) -> dict[int, int]:
        """The high watermarks."""
        return self._offsets(topic, IsolationLevel.READ_UNCOMMITTED)

    def _offsets(self, topic: str, isolation: IsolationLevel) -> dict[int, int]:
        # Asked for without knowing the leaders, the client may end the process: see runtime/kafka/leaders.py.
        self.admin.describe_topics(TopicCollection([topic]))[topic].result()
        wanted = {TopicPartition(topic, number): OffsetSpec.latest() for number in range(self.partitions)}
        answers = self.admin.list_offsets(wanted, isolation_level=isolation)
        return {each.partition: future.result().offset for each, future in answers.items()}

    def stable_ends(self, topic: str) -> dict[int, int]:
        """The last stable offsets: before the first open transaction."""
        return self._offsets(topic, IsolationLevel.READ_COMMITTED)

    def committed(self) -> dict[tuple[str, int], int]:
        """The group's offsets; asked for as runtime/kafka/offsets.py says, or the tests may end with a null pointer."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap_servers, "group.id": self.app, "logger": LOG})
        wanted = [TopicPartition(self.topic(name), number) for name in SOURCES for number in range(self.partitions)]
        try:
            found = consumer.committed(wanted, DEADLINE_S)
        except KafkaException as error:
            # A broker that is new and busy finds its coordinators late.
            if error.args[0].code() not in COORDINATORS:
                raise
            found = []
        finally:
            consumer.close()
        return {(each.topic, each.partition): each.offset for each in found if each.offset >= 0}

    def settle(self) -> None:
        """Wait until nothing is open: a commit is seen a moment after it is answered, a dead worker's end later."""
        own = (self.events, self.state, self.journal, self.control, self.dead_letters)
        wait_until(lambda: all(self.ends(each) == self.stable_ends(each) for each in own), "nothing is open")

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
        # Else the client looks for the leaders only after half a second.
        consumer.list_topics(topic, DEADLINE_S)
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(self.partitions)])
        found: list[Record] = []
        ended: set[int] = set()
        give_up_at = time.monotonic() + DEADLINE_S
        while len(ended) < self.partitions:
            assert time.monotonic() < give_up_at, f"{topic} cannot be read to its end"
            for message in consumer.consume(5_000, 0.02):
                if (error := message.error()) is None:
                    headers = dict(message.headers() or [])
                    found.append(
                        Record(message.partition(), message.offset(), message.key(), message.value(), headers)  # type: ignore[arg-type]
                    )
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - public
                    ended.add(message.partition())  # type: ignore[arg-type]
        consumer.close()
        return sorted(found)

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
        # All of them, those of other tests too: a client that has been told of one that it is not there, remembers it.
        wait_until(lambda: topic not in self.admin.list_topics(timeout=DEADLINE_S).topics, f"{topic} is gone")

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
