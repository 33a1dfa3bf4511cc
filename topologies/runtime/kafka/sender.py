"""A plain producer for people's tools."""

from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from topologies.runtime.errors import Misconfigured, StreamError, Unknown
from topologies.runtime.kafka.config import IDEMPOTENT, Cluster, Trouble
from topologies.runtime.kafka.errors import of_read
from topologies.runtime.kafka.refusals import refusal
from topologies.runtime.rights import Right

BY_KEY = -1
"""The partition of a record that goes where its key belongs; librdkafka's `PARTITION_UA`."""


ONE_AT_A_TIME = {"max.in.flight.requests.per.connection": 1}
"""A broker that starts forgets idempotent producers whose last record is older than `producer.id.expiration.ms` (a day)
by the record's own time. It would take a second request whose predecessor it never got, and the client would call both
delivered.
"""

QUICK = {
    "linger.ms": 5,
    # With the default of 100 ms the producer has its own id, and sends its first record, only after half a second.
    "retry.backoff.ms": 2,
    "retry.backoff.max.ms": 20,
}


class Sender:
    """Idempotent, and not part of any transaction: `load` sends with it."""

    def __init__(self, cluster: Cluster) -> None:
        self._trouble = Trouble()
        self._failed: list[tuple[KafkaError, Any]] = []
        self._topics: set[str] = set()
        self._producer = Producer(cluster.config(self._trouble, IDEMPOTENT, ONE_AT_A_TIME, QUICK))

    def send(self, topic: str, key: bytes | None, value: bytes | None, timestamp: int, partition: int = BY_KEY) -> None:
        """Queue a record with its timestamp in ms; raises what `flush` would when the queue stays full."""
        self._topics.add(topic)
        while True:
            try:
                self._producer.produce(topic, value, key, partition, on_delivery=self._delivered, timestamp=timestamp)
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise of_read(error, f"sending to {topic}", Right("Write", "topic", topic)) from error
            else:
                self._producer.poll(0)
                return

    def placed(self, topic: str, key: bytes, value: bytes, timestamp: int, partition: int) -> int:
        """Send one record, and return its offset; raises what `flush` does."""
        placed: list[Any] = []

        def delivered(error: KafkaError | None, message: Any) -> None:  # noqa: ANN401 - as below
            self._delivered(error, message)
            placed.append(message)

        try:
            self._producer.produce(topic, value, key, partition, on_delivery=delivered, timestamp=timestamp)
        except KafkaException as error:
            raise of_read(error, f"sending to {topic}", Right("Write", "topic", topic)) from error
        self.flush()
        offset: int = placed[0].offset()
        return offset

    def flush(self, timeout_s: float = 60.0) -> None:
        """Wait until the broker has everything.

        Raises:
            Misconfigured: we may not write to a topic.
            Unknown: some records may not have arrived; the message says how many and why.
        """
        used = [Right("Write", "topic", topic) for topic in sorted(self._topics)]
        try:
            left = self._producer.flush(timeout_s)
        except KafkaException as error:
            raise of_read(error, "sending", *used) from error
        if left or self._failed:
            raise self._undelivered(left)

    def _undelivered(self, left: int) -> StreamError:
        why = self._trouble.last or "the broker does not answer"
        if self._failed:
            error, message = self._failed[0]
            topic = message.topic()
            if refused := refusal(error, Right("Write", "topic", topic)):
                return Misconfigured(f"{refused}. while sending: {error.str()}")
            why = f"{topic}: {error.str()}"
        return Unknown(f"{left + len(self._failed)} records were not delivered: {why}")

    def _delivered(self, error: KafkaError | None, message: Any) -> None:  # noqa: ANN401 - the client's own message
        if error is not None:
            # The client may be about to raise: nothing of it can be asked in here.
            self._failed.append((error, message))
