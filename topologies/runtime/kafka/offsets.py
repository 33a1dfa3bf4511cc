"""A group's committed offsets, asked for by a consumer that never joins.

The admin client must not be asked: answered with NOT_COORDINATOR, because the
coordinator has just moved, it ends the process by a null pointer
(https://github.com/confluentinc/librdkafka/issues/5040).
"""

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from topologies.runtime.errors import Misconfigured, Unavailable
from topologies.runtime.kafka.config import READ_COMMITTED, Cluster, Trouble
from topologies.runtime.kafka.errors import error_of, of_read
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.kafka.reader import ALONE
from topologies.runtime.kafka.refusals import refusal
from topologies.runtime.rights import Operation, Right

# ruff: noqa: SLF001 - the names of librdkafka's local errors begin with an underscore and are public

DOING = "reading committed offsets"

SLICE_S = 0.5
TOGETHER_S = 1.0
ALONE_S = 0.1


class Settled(NamedTuple):
    """Offsets; none for a partition without one. Those of the partitions `held` are an open transaction's to decide."""

    offsets: dict[Partition, int]
    held: set[Partition]


class GroupOffsets:
    """Committed offsets of one group.

    Args:
        cluster: whom to ask.
        group: whose.
        timeout_s: how long an answer may take.
        stop: when it is set, nobody waits for an answer any more.
        purpose: what is done with the topics.
    """

    def __init__(
        self, cluster: Cluster, group: str, timeout_s: float, stop: threading.Event, purpose: Operation
    ) -> None:
        self._purpose: Operation = purpose
        self._where = cluster.bootstrap_servers
        self._timeout_s = timeout_s
        self._stop = stop
        self._trouble = Trouble()
        own = {**READ_COMMITTED, **ALONE, "group.id": group}
        self._used = cluster.group._replace(name=group)
        self._config = cluster.config(self._trouble, own)
        self._latest = Consumer({**self._config, "isolation.level": "read_uncommitted"})
        self._stable: Consumer | None = None

    def latest(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return what is committed now, whatever an open transaction will say.

        Raises:
            Unavailable: the cluster does not answer.
            Misconfigured: it refused us.
        """
        asked_at_s = time.monotonic()
        while (found := self._ask(self._latest, partitions, SLICE_S)) is None:
            if self._stop.is_set() or time.monotonic() - asked_at_s > self._timeout_s:
                why = f": {self._trouble.last}" if self._trouble.last else ""
                kind = Misconfigured if self._trouble.is_credentials else Unavailable
                raise kind(f"{DOING} failed: nothing answers. cluster {self._where}{why}")
        self._trouble.forget()
        return found

    def settled(self, partitions: Sequence[Partition]) -> Settled:
        """Return only what no open transaction can change (KIP-447); raises as `latest` does.

        The client asks on and on while one is open, and does not say for which
        partitions: so each task is asked for by itself then.
        """
        found = self._ask_stable(partitions, TOGETHER_S)
        if found is not None:
            return Settled(found, set())
        self.latest(partitions)
        answered = Settled({}, set())
        for number in sorted({number for _, number in partitions}):
            task = [each for each in partitions if each[1] == number]
            found = self._ask_stable(task, ALONE_S)
            if found is None:
                answered.held.update(task)
            else:
                answered.offsets.update(found)
        return answered

    def _ask_stable(self, partitions: Sequence[Partition], timeout_s: float) -> dict[Partition, int] | None:
        self._stable = self._stable or Consumer(self._config)
        found = self._ask(self._stable, partitions, timeout_s)
        if found is None:
            # It would go on asking.
            self._stable.close()
            self._stable = None
        return found

    def _ask(self, whom: Consumer, partitions: Sequence[Partition], timeout_s: float) -> dict[Partition, int] | None:
        """Return None when there is no answer in time."""
        try:
            found = whom.committed([TopicPartition(*each) for each in partitions], timeout_s)
        except KafkaException as error:
            self._hear(whom)
            if error_of(error).code() == KafkaError._TIMED_OUT:
                return None
            raise of_read(error, DOING, self._used) from error
        for each in found:
            if each.error:
                used = Right(self._purpose, "topic", each.topic)
                raise of_read(KafkaException(each.error), f"{DOING}, of {each.topic}/{each.partition}", used)
        return {(each.topic, each.partition): each.offset for each in found if each.offset >= 0}

    def _hear(self, whom: Consumer) -> None:
        """Who may not see the group is told that in a poll, while a question only times out."""
        said = whom.poll(0)
        error = said and said.error()
        if error and refusal(error):
            raise of_read(KafkaException(error), DOING, self._used)
