"""The inputs of tasks in a replay, read by a consumer of their own.

In the group's consumer all partitions share one queue, first come, first
served: what a replay has fetched ahead, all the others would wait for.
"""

import contextlib
from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from topologies.runtime.kafka.config import READ_COMMITTED, Cluster, Trouble
from topologies.runtime.kafka.polled import NOTHING, Partition, Polled, poll
from topologies.runtime.kafka.reader import ALONE


class Apart:
    """Reads the partitions that it is told to; a member of no group, and not there while there are none.

    Args:
        queued_bytes_max: memory for what is fetched ahead.
        trouble: takes its complaints.
    """

    def __init__(self, cluster: Cluster, trouble: Trouble, queued_bytes_max: int) -> None:
        self._used = cluster.group
        queued = {"queued.max.messages.kbytes": max(1, queued_bytes_max // 1024)}
        self._config = cluster.config(trouble, {**READ_COMMITTED, **ALONE, **queued, "group.id": cluster.group.name})
        self._consumer: Consumer | None = None
        self._partitions: set[Partition] = set()

    def __contains__(self, partition: Partition) -> bool:
        """Whether it is read here."""
        return partition in self._partitions

    def start(self, offsets: Mapping[Partition, int]) -> None:
        """Read these, none of which is read yet, from there on; raises `KafkaException`."""
        if not offsets:
            return
        if self._consumer is None:
            self._consumer = Consumer(self._config)
        added = [TopicPartition(*each, offset) for each, offset in offsets.items()]
        # Not by seeking: when all that a client reads is paused, it sleeps up to a second before it sees the seek.
        self._consumer.incremental_assign(added)
        self._partitions.update(offsets)
        # Partitions that come back are as they were left: paused.
        self._consumer.resume(added)

    def drop(self, partitions: Iterable[Partition]) -> None:
        """Read these no longer; raises `KafkaException`."""
        if self._consumer is not None and (ours := self._partitions.intersection(partitions)):
            self._partitions -= ours
            self._consumer.incremental_unassign([TopicPartition(*each) for each in ours])

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Stop fetching those of them that are read here."""
        if self._consumer is not None and (ours := self._partitions.intersection(partitions)):
            self._consumer.pause([TopicPartition(*each) for each in ours])

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Go on fetching those of them that are read here."""
        if self._consumer is not None and (ours := self._partitions.intersection(partitions)):
            self._consumer.resume([TopicPartition(*each) for each in ours])

    def poll(self, records_max: int) -> Polled:
        """Take what is there, as `polled.poll` does; waits for nothing."""
        return NOTHING if self._consumer is None else poll(self._consumer, 0, records_max, self._used)

    def tidy(self) -> None:
        """Let go of the connections when nothing is read any more."""
        if not self._partitions:
            self.close()

    def close(self) -> None:
        """Read nothing any more."""
        self._partitions.clear()
        if self._consumer is not None:
            with contextlib.suppress(RuntimeError, KafkaException):
                self._consumer.close()
            self._consumer = None
