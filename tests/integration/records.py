"""Records as they lie on topics: sent as a source does, read as a consumer of committed records does."""

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

READ_TIMEOUT_S = 30

Headers = Sequence[tuple[str, bytes]]
Servers = dict[str, str | int | float | bool]
"""How to reach the cluster, in the client's words."""

AT_ONCE: Servers = {"retry.backoff.ms": 2, "retry.backoff.max.ms": 20}
"""Of an idempotent producer: by default it has its number only after half a second."""


class Record(NamedTuple):
    """A record as it lies on a topic; `timestamp` in ms."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


class Outgoing(NamedTuple):
    """A record that a source sends: partition -1 is that of the key."""

    topic: str
    key: str | bytes | None
    value: bytes | None
    timestamp: int
    headers: Headers = ()
    partition: int = -1


def send(servers: Servers, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
    """Send records; partition and offset of each."""
    producer = Producer({**servers, **AT_ONCE, "enable.idempotence": True, "partitioner": "murmur2_random"})
    # One that has not met a broker looks for its topics' leaders only after half a second.
    producer.list_topics(timeout=READ_TIMEOUT_S)
    placed: dict[int, tuple[int, int]] = {}

    def place(number: int, error: KafkaError | None, message: Message) -> None:
        assert error is None, error
        placed[number] = (message.partition() or 0, message.offset() or 0)

    for number, each in enumerate(records):
        producer.produce(
            each.topic,
            each.value,
            each.key,
            each.partition,
            on_delivery=partial(place, number),
            timestamp=each.timestamp,
            headers=list(each.headers),
        )
    assert 0 == producer.flush(READ_TIMEOUT_S)
    return [place for _, place in sorted(placed.items())]


def configure(servers: Servers, topics: Iterable[str], config: Mapping[str, str]) -> None:
    """Change the configuration of topics; it is in force when this returns."""
    resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
    entries = [ConfigEntry(*each, incremental_operation=AlterConfigOpType.SET) for each in config.items()]
    changes = [ConfigResource(ResourceType.TOPIC, each.name, incremental_configs=entries) for each in resources]
    admin = AdminClient(servers)  # it has to outlive its answers
    for future in admin.incremental_alter_configs(changes).values():
        future.result(READ_TIMEOUT_S)
    give_up_at = time.monotonic() + READ_TIMEOUT_S
    while not _is_in_force(admin, resources, config):
        assert time.monotonic() < give_up_at, "the configuration is not in force"
        time.sleep(0.05)


def _is_in_force(admin: AdminClient, resources: Sequence[ConfigResource], config: Mapping[str, str]) -> bool:
    found = [future.result(READ_TIMEOUT_S) for future in admin.describe_configs(list(resources)).values()]
    return all(entries[name].value == value for entries in found for name, value in config.items())


def read(servers: Servers, topic: str) -> list[Record]:
    """All committed records of a topic."""
    consumer = Consumer(
        {
            **servers,
            "group.id": "reads without a group",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }
    )
    try:
        return _all(consumer, topic)
    finally:
        consumer.close()


def _all(consumer: Consumer, topic: str) -> list[Record]:
    numbers = list(consumer.list_topics(topic, READ_TIMEOUT_S).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, number, 0) for number in numbers])
    records = []
    while numbers:
        message = consumer.poll(READ_TIMEOUT_S)
        assert message is not None, f"{topic}: nothing more comes, and it has not ended"
        if (error := message.error()) is not None:
            assert error.code() == KafkaError._PARTITION_EOF, error  # noqa: SLF001  librdkafka's public name
            numbers.remove(message.partition() or 0)
            continue
        kind, timestamp = message.timestamp()
        assert kind != TIMESTAMP_NOT_AVAILABLE
        headers = {name: _bytes(value) or b"" for name, value in _headers(message)}
        place = (message.partition() or 0, message.offset() or 0)
        records.append(Record(*place, timestamp, _bytes(message.key()), _bytes(message.value()), headers))
    return records


def _headers(message: Message) -> Sequence[tuple[str, str | bytes | None]]:
    headers = message.headers() or []
    assert isinstance(headers, list)
    return headers


def _bytes(value: str | bytes | None) -> bytes | None:
    assert not isinstance(value, str)
    return value
