"""Topics as they should be, as they are, and what of them is ours to use."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import KafkaError
from confluent_kafka.admin import AclOperation, TopicDescription

from topologies.runtime.errors import Unavailable
from topologies.runtime.rights import Right


class TopicSpec(NamedTuple):
    """A topic as it should be: `config` by Kafka's names."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


class TopicState(NamedTuple):
    """A topic as it is. `topic_id` tells a recreated topic from its namesake."""

    partitions: int
    replication: int
    topic_id: str


class Missing(Unavailable):
    """The topic is not there, or the broker that was asked does not know of it yet."""


class Present(Exception):
    """The topic is there already."""


EXPECTED: Mapping[Any, type[Exception]] = {
    KafkaError.UNKNOWN_TOPIC_OR_PART: Missing,
    KafkaError.TOPIC_ALREADY_EXISTS: Present,
}
"""Answers about a topic that are no failures."""


def state(description: TopicDescription) -> TopicState:
    """Return what of a description matters to us."""
    replicas = [len(each.replicas) for each in description.partitions]
    return TopicState(len(replicas), min(replicas, default=0), str(description.topic_id))


def lacking(operations: Collection[AclOperation] | None, rights: Iterable[Right]) -> list[Right]:
    """Return the rights that are not among the operations that the broker allows; none where it does not say."""
    allowed = {each.name.replace("_", "") for each in operations or ()}
    return [each for each in rights if allowed and each.operation.upper() not in allowed]
