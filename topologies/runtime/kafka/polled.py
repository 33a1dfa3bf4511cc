"""What a poll brings: records and ends of partitions."""

from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Message as ClientMessage

from topologies.graph import Message
from topologies.runtime.errors import Halted
from topologies.runtime.kafka.errors import of_read

# ruff: noqa: SLF001 - the names of librdkafka's local errors begin with an underscore and are public

Partition = tuple[str, int]
"""Topic and partition number."""


class End(NamedTuple):
    """The reader stands at the end of a partition; `offset` is the next one to be written there."""

    topic: str
    partition: int
    offset: int


class Polled(NamedTuple):
    """Records and ends, each in the order in which they came per partition."""

    messages: list[ClientMessage]
    ends: list[End]


NOTHING = Polled([], [])


def sort_out(raw: list[ClientMessage]) -> Polled:
    """Tell records from ends.

    Raises:
        Halted: a position is out of range; the partition's records there are gone.
        Unavailable, Misconfigured, Fatal: as the client says; passing errors are left to it.
    """
    messages: list[ClientMessage] = []
    ends: list[End] = []
    for each in raw:
        error = each.error()
        if error is None:
            messages.append(each)
        elif error.code() == KafkaError._PARTITION_EOF:
            ends.append(End(each.topic() or "", each.partition() or 0, each.offset() or 0))
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise Halted(f"records of {each.topic()}/{each.partition()} are gone: {error.str()}")
        elif error.fatal() or not error.retriable():
            raise of_read(KafkaException(error), f"reading {each.topic()}/{each.partition()}")
    return Polled(messages, ends)


def message(raw: ClientMessage) -> Message:
    """Copy what a decoder needs out of a client message."""
    # A message without an error has topic, partition and offset.
    return Message(raw.topic(), raw.partition(), raw.offset(), raw.timestamp()[1], raw.key(), raw.value())  # type: ignore[arg-type]


def headers(raw: ClientMessage) -> list[tuple[str, bytes]]:
    """Read the headers: costs much, so only for a dead letter or a person."""
    found: Any = raw.headers()
    return [(name, value or b"") for name, value in found or ()]
