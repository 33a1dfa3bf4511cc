"""A consumer outside any group that reads partitions it is told to: restore, tables, tap."""

import contextlib
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from topologies.runtime.errors import Fatal
from topologies.runtime.kafka.config import READ_COMMITTED, Cluster, Trouble
from topologies.runtime.kafka.errors import of_read
from topologies.runtime.kafka.polled import Partition, Polled, Trap, poll

BULK = {
    # Ask for much at a time: these readers are in a hurry, not in a group.
    "fetch.message.max.bytes": 4 << 20,
    # Small rows take three times their size in the queue; a longer one restores no faster.
    "queued.max.messages.kbytes": 8 << 10,
}

ALONE = {
    # What is set for members of the group might not fit together here, where there is none.
    "group.protocol": "classic",
    "session.timeout.ms": 45_000,
    "heartbeat.interval.ms": 3_000,
    "max.poll.interval.ms": 300_000,
}

LOOK_UP_S = 1.0


class Reader:
    """Reads committed records from explicit positions.

    The last offset of a transactional topic is a marker, never a record: a
    reader is at the end when an `End` with that offset came, or a record just
    before it.
    """

    def __init__(self, cluster: Cluster, properties: Mapping[str, Any] | None = None) -> None:
        self._trouble = Trouble()
        self._used = cluster.group
        self._looked_up: set[str] = set()
        own = {**READ_COMMITTED, **BULK, **ALONE, **(properties or {}), "group.id": cluster.group.name}
        self._consumer = Consumer(cluster.config(self._trouble, own))

    def add(self, positions: Mapping[Partition, int]) -> None:
        """Read these partitions too, from these offsets."""
        if not positions:
            return
        self._look_up({topic for topic, _ in positions})
        added = [TopicPartition(*each, offset) for each, offset in positions.items()]
        self._call("assigning partitions", lambda: self._consumer.incremental_assign(added))

    def remove(self, partitions: list[Partition]) -> None:
        """Read these no longer. Records that were fetched already may still come out."""
        removed = [TopicPartition(*each) for each in partitions]
        self._call("taking partitions back", lambda: self._consumer.incremental_unassign(removed))

    def poll(self, timeout_s: float, records_max: int = 10_000) -> Polled:
        """Take what is there, as `polled.poll` does. A topic that was deleted is a trap too: nothing comes any more."""
        polled = poll(self._consumer, timeout_s, records_max, self._used)
        if self._trouble.gone is None or self._is_there(self._trouble.gone):
            return polled
        gone = Fatal(f"a topic was deleted while it was read: {self._trouble.gone}")
        return polled._replace(traps=[*polled.traps, Trap(None, None, gone)])

    def close(self) -> None:
        """Let go of the connection."""
        with contextlib.suppress(RuntimeError, KafkaException):
            self._consumer.close()

    def _look_up(self, topics: set[str]) -> None:
        """Find a topic's leaders now: the client by itself would look for them up to a second later."""
        for topic in topics - self._looked_up:
            with contextlib.suppress(KafkaException):
                self._consumer.list_topics(topic, timeout=LOOK_UP_S)
        self._looked_up |= topics

    def _is_there(self, topic: str) -> bool:
        """Ask: a broker that has just started does not know of every topic yet. No answer: ask at the next poll."""
        try:
            found = self._consumer.list_topics(topic, timeout=LOOK_UP_S).topics[topic]
        except KafkaException:
            return True
        if found.error is None:
            self._trouble.gone = None
        return found.error is None

    def _call(self, doing: str, call: Any) -> Any:  # noqa: ANN401 - passed on as it is
        try:
            return call()
        except KafkaException as error:
            raise of_read(error, doing) from error
