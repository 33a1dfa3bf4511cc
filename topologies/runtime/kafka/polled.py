"""What a poll brings: records and ends of partitions."""

from collections.abc import Callable
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka import Message as RawMessage

from topologies.graph import Message
from topologies.runtime.errors import Halted, StreamError
from topologies.runtime.kafka.errors import of_read
from topologies.runtime.rights import Right

# ruff: noqa: SLF001 - the names of librdkafka's local errors begin with an underscore and are public

__all__ = ["NOTHING", "End", "Partition", "Polled", "RawMessage", "Trap", "headers", "message", "poll"]

Partition = tuple[str, int]
"""Topic and partition number."""


class End(NamedTuple):
    """The reader stands at the end of a partition; `offset` is the next one to be written there."""

    topic: str
    partition: int
    offset: int


class Trap(NamedTuple):
    """What is wrong with reading a partition. `Halted`: its records at our position are gone."""

    topic: str | None
    partition: int | None
    error: StreamError


class Polled(NamedTuple):
    """Records, ends and errors, each in the order in which they came per partition.

    Errors are values: raising one would lose the records that came with it.
    """

    messages: list[RawMessage]
    ends: list[End]
    traps: list[Trap]

    def and_then(self, poll_another: Callable[[], "Polled"]) -> "Polled":
        """Return this and what another reader brings. What that raises is a trap: raised, it would lose this."""
        try:
            other = poll_another()
        except StreamError as error:
            other = Polled([], [], [Trap(None, None, error)])
        return Polled(self.messages + other.messages, self.ends + other.ends, self.traps + other.traps)


NOTHING = Polled([], [], [])


def poll(consumer: Consumer, timeout_s: float, records_max: int, used: Right) -> Polled:
    """Wait for the first record, then take what else is there. Never raises after a record was taken.

    `used` is the right to its group that the consumer needs.

    Raises:
        Unavailable: the cluster did not answer; ask again.
        Misconfigured, Fatal: it refused us.
    """
    try:
        first = consumer.poll(timeout_s)
    except KafkaException as error:
        raise of_read(error, "polling", used) from error
    if first is None:
        return NOTHING
    try:
        # `consume(n, t)` with a t would wait to fill n.
        more = consumer.consume(records_max, 0)
    except KafkaException as error:
        polled = _sorted_out([first], used)
        polled.traps.append(Trap(None, None, of_read(error, "polling", used)))
        return polled
    return _sorted_out([first, *more], used)


def _sorted_out(raw: list[RawMessage], used: Right) -> Polled:
    messages: list[RawMessage] = []
    ends: list[End] = []
    traps: list[Trap] = []
    for each in raw:
        error = each.error()
        if error is None:
            messages.append(each)
        elif error.code() == KafkaError._PARTITION_EOF:
            ends.append(End(each.topic() or "", each.partition() or 0, each.offset() or 0))
        elif error.fatal() or not error.retriable():
            traps.append(Trap(each.topic(), each.partition(), _translated(error, each, used)))
    return Polled(messages, ends, traps)


def _translated(error: KafkaError, raw: RawMessage, used: Right) -> StreamError:
    topic = raw.topic()
    if not topic:
        return of_read(KafkaException(error), "reading the inputs", used)
    where = f"{topic}/{raw.partition()}"
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        return Halted(f"the records of {where} at our position are gone: {error.str()}")
    return of_read(KafkaException(error), f"reading {where}", used, Right("Read", "topic", topic))


def message(raw: RawMessage) -> Message:
    """Copy what a decoder needs out of a client message."""
    # A message without an error has topic, partition and offset.
    return Message(raw.topic(), raw.partition(), raw.offset(), raw.timestamp()[1], raw.key(), raw.value())  # type: ignore[arg-type]


UNREADABLE = "unreadable-headers"
"""Stands for all headers of a record, when the name of one is no UTF-8."""


def headers(raw: RawMessage) -> list[tuple[str, bytes]]:
    """Read the headers: costs much, so only for a dead letter or a person."""
    try:
        found: Any = raw.headers()
    except (SystemError, UnicodeDecodeError):
        # The broker takes any name. Asked again, the client would give a list with a null pointer in it.
        found = [(UNREADABLE, b"")]
        raw.set_headers(found)
    return [(name, value or b"") for name, value in found or ()]
