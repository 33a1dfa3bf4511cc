"""The group's consumer: which partitions are ours, and their records."""

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from topologies.runtime.kafka.apart import Apart
from topologies.runtime.kafka.config import READ_COMMITTED, Cluster, Trouble
from topologies.runtime.kafka.errors import error_of, of_read
from topologies.runtime.kafka.polled import NOTHING, Partition, Polled, poll
from topologies.runtime.rights import Right

# ruff: noqa: SLF001 - the names of librdkafka's local errors begin with an underscore and are public

QUEUED = {
    # All partitions share one queue, first come, first served: what one that is behind has fetched ahead (by default
    # 100,000 records and a megabyte more), the others wait for.
    "queued.min.messages": 1_000,
    "fetch.message.max.bytes": 256 << 10,
}


APART_SHARE = 4
"""A replay has one in so many of the bytes that may be fetched ahead."""


class Membership(NamedTuple):
    """How to join the group. `protocol` is `consumer` (KIP-848) or `classic`."""

    group: str
    protocol: str
    instance_id: str | None


class Inputs:
    """A consumer in the group. Nothing is fetched for a partition until `start` says from where.

    `on_assigned`, `on_revoked` and `on_lost` are called from within `poll` and
    `close` with the partitions concerned; they may only take notes.
    """

    def __init__(  # noqa: PLR0913 - one argument per callback reads better than a bag of three
        self,
        cluster: Cluster,
        membership: Membership,
        *,
        queued_bytes_max: int,
        on_assigned: Callable[[list[Partition]], None],
        on_revoked: Callable[[list[Partition]], None],
        on_lost: Callable[[list[Partition]], None],
    ) -> None:
        self._trouble = Trouble()
        self._incremental = membership.protocol == "consumer"
        self._notes = {"assigned": on_assigned, "revoked": on_revoked, "lost": on_lost}
        apart_bytes_max = queued_bytes_max // APART_SHARE
        self._apart = Apart(cluster, self._trouble, apart_bytes_max)
        queued = {**QUEUED, "queued.max.messages.kbytes": max(1, (queued_bytes_max - apart_bytes_max) // 1024)}
        own = {**READ_COMMITTED, **_group(membership), **queued}
        self._config = cluster.config(self._trouble, own)
        self._used = Right("Read", "group", membership.group)
        self._topics: list[str] = []
        self._assigned: set[Partition] = set()
        self._consumer = Consumer(self._config)

    def subscribe(self, topics: list[str]) -> None:
        """Join the group for these topics."""
        self._topics = topics
        self._consumer.subscribe(topics, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)

    def rejoin(self) -> None:
        """Lose everything, and join as a new consumer: one that was refused for good stays so."""
        self.close()
        self._consumer = Consumer(self._config)
        self.subscribe(self._topics)

    def poll(self, timeout_s: float, records_max: int) -> Polled:
        """Take what is there, as `polled.poll` does; callbacks are called from within.

        Of the replays as many records again.
        """
        apart = self._apart.poll(records_max)
        if apart is NOTHING:
            return poll(self._consumer, timeout_s, records_max, self._used)
        return apart.and_then(lambda: poll(self._consumer, 0, records_max, self._used))

    def start(self, offsets: Mapping[Partition, int], apart: Iterable[Partition] = ()) -> bool:
        """Fetch from these offsets on; `apart` names those that are a replay's.

        False: the partitions are not ready yet, ask again after a poll.
        """
        replayed = {each: offsets[each] for each in apart}
        positions = [TopicPartition(*each, offset) for each, offset in offsets.items() if each not in replayed]
        try:
            for position in positions:
                self._consumer.seek(position)
            self._consumer.resume(positions)
            self._apart.drop(offsets)
            self._apart.start(replayed)
        except KafkaException as error:
            if error_of(error).code() in (KafkaError._STATE, KafkaError._UNKNOWN_PARTITION):
                return False
            raise of_read(error, "seeking the inputs") from error
        self._apart.tidy()
        return True

    def pause(self, partitions: Collection[Partition]) -> None:
        """Stop fetching; what was prefetched is dropped."""
        self._consumer.pause([TopicPartition(*each) for each in partitions])
        self._apart.pause(partitions)

    def resume(self, partitions: Collection[Partition]) -> None:
        """Go on fetching from where the last polled record was."""
        self._consumer.resume([TopicPartition(*each) for each in partitions if each not in self._apart])
        self._apart.resume(partitions)

    def known_end(self, partition: Partition) -> int:
        """Return the high watermark as of the last fetch, or -1; asks nobody."""
        _, high = self._consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
        return high if high is not None else -1

    def take_trouble(self) -> str | None:
        """Return what the client complained about since the last call: that nobody answers, or why."""
        last = self._trouble.last
        self._trouble.forget()
        return last

    def metadata(self) -> Any:  # noqa: ANN401 - opaque: only a transaction of the same client library takes it
        """Return the group metadata that a transaction needs; None while we are no member."""
        metadata = self._consumer.consumer_group_metadata()
        # Asked afterwards: the id may be lost in between, and metadata without one are accepted from anybody.
        return metadata if self._consumer.memberid() else None

    def close(self) -> None:
        """Leave the group. A static member keeps its partitions until the session timeout."""
        with contextlib.suppress(RuntimeError, KafkaException):
            self._consumer.close()
        self._apart.close()
        # A consumer that was refused for good tells nobody what it loses.
        left, self._assigned = self._assigned, set()
        if left:
            self._notes["lost"](sorted(left))

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # An explicit offset: the client never looks one up by itself. Pausing comes
        # after assigning, because assigning forgets pauses.
        for each in partitions:
            each.offset = OFFSET_BEGINNING
        if self._incremental:
            consumer.incremental_assign(partitions)
        else:
            consumer.assign(partitions)
        consumer.pause(partitions)
        self._assigned.update(_names(partitions))
        self._notes["assigned"](_names(partitions))

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._unassign(consumer, partitions, "revoked")

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._unassign(consumer, partitions, "lost")

    def _unassign(self, consumer: Consumer, partitions: list[TopicPartition], how: str) -> None:
        self._assigned.difference_update(_names(partitions))
        self._notes[how](_names(partitions))
        if self._incremental:
            consumer.incremental_unassign(partitions)
        else:
            consumer.unassign()
        self._apart.drop(_names(partitions))


def _names(partitions: list[TopicPartition]) -> list[Partition]:
    return [(each.topic, each.partition) for each in partitions]


def _group(membership: Membership) -> dict[str, Any]:
    own: dict[str, Any] = {"group.id": membership.group, "group.protocol": membership.protocol}
    if membership.protocol == "consumer":
        # Keeps partition p of all topics on one member, and moves only what must move (KIP-848).
        own["group.remote.assignor"] = "range"
    else:
        own["partition.assignment.strategy"] = "range"
        # How late the client sees that an input has got more partitions; with `consumer` the broker sees it.
        own["topic.metadata.refresh.interval.ms"] = 10_000
    if membership.instance_id:
        own["group.instance.id"] = membership.instance_id
    return own
