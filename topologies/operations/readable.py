"""Records as a person reads them: text instead of bytes, JSON instead of Avro."""

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from topologies.codecs import CONFLUENT, SINGLE_OBJECT, Codec
from topologies.graph import Message, Undecodable
from topologies.prepared import TIMES
from topologies.schemas import SOURCES
from topologies.units import instant_text
from topologies.wire import load_json

DEAD_LETTER_TOPIC = "dead-letter.topic"


class Readable(NamedTuple):
    """A record; `timestamp` is RFC 3339, `value` a JSON value."""

    topic: str
    partition: int
    offset: int
    timestamp: str
    key: str | None
    headers: Mapping[str, str]
    value: Any


class Reading:
    """Makes records readable, by what their bytes say.

    Args:
        codec: knows the Avro schemas.
        topics: source → topic.
    """

    def __init__(self, codec: Codec, topics: Mapping[str, str]) -> None:
        self._codec = codec
        self._sources = {topic: source for source, topic in topics.items()}

    def readable(self, message: Message, headers: list[tuple[str, bytes]]) -> Readable:
        """A record. A value that is neither JSON nor Avro of ours is `{"bytes": <Base64>}`."""
        told = {name: value.decode(errors="replace") for name, value in headers}
        return Readable(
            message.topic,
            message.partition,
            message.offset,
            instant_text(message.timestamp),
            None if message.key is None else message.key.decode(errors="replace"),
            told,
            self._value(message, told.get(DEAD_LETTER_TOPIC, message.topic)),
        )

    def _value(self, message: Message, topic: str) -> Any:  # noqa: ANN401  a JSON value
        value = message.value
        if value is None:
            return None
        if value.startswith((CONFLUENT, SINGLE_OBJECT)):
            return self._avro(message, topic) or _bytes(value)
        try:
            return load_json(value)
        except ValueError:
            return _bytes(value)

    def _avro(self, message: Message, topic: str) -> Mapping[str, Any] | None:
        """The topic's own source first; another topic may carry the records of any source, as a copy does."""
        own = self._sources.get(topic)
        for source in sorted(SOURCES, key=lambda source: source != own):
            decoded = self._codec.decode(source, [message])[0]
            if not isinstance(decoded, Undecodable):
                return _with_times(source, decoded)
        return None


def _with_times(source: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Times as `load` takes them."""
    return {**value, **{name: instant_text(value[name]) for name in TIMES[source] if value[name] is not None}}


def _bytes(value: bytes) -> Mapping[str, str]:
    return {"bytes": base64.b64encode(value).decode()}
