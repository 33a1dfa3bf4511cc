"""Records as the client gives them, and what comes of them, without a broker."""

import json
from collections.abc import Iterable, Sequence

from confluent_kafka import Message as RawMessage

from topologies.graph import Decoded, Entry, Message
from topologies.runtime import decoding
from topologies.runtime.lane import Item, Lane


def raw(topic: str, offset: int, time: int, value: bytes | None = b"null") -> RawMessage:
    """A record of player p in partition 0."""
    return RawMessage(topic=topic, partition=0, offset=offset, timestamp=(1, time), key=b"p", value=value)


def facts(messages: Sequence[Message]) -> list[Decoded]:
    """Decode values that are JSON documents."""
    return [Entry("p", json.loads(each.value or b"null")) for each in messages]


def decoded(raws: list[RawMessage]) -> Iterable[Item]:
    """What a lane of such records holds."""
    return decoding.decoded(facts, raws)


def lane(topic: str, *times: int, stop_at: int | None = None) -> Lane:
    """A lane that holds records of these times from offset 0 on."""
    made = Lane(topic, 0, stop_at, decoded)
    made.add([raw(topic, offset, time) for offset, time in enumerate(times)])
    return made
