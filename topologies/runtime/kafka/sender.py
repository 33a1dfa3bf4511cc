"""A plain producer for people's tools."""

from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from topologies.runtime.errors import Unknown
from topologies.runtime.kafka.config import IDEMPOTENT, Cluster, Trouble
from topologies.runtime.kafka.errors import of_read

BY_KEY = -1
"""The partition of a record that goes where its key belongs; librdkafka's `PARTITION_UA`."""


class Sender:
    """Idempotent, and not part of any transaction: `load` sends with it."""

    def __init__(self, cluster: Cluster) -> None:
        self._trouble = Trouble()
        self._failed: list[str] = []
        self._producer = Producer(cluster.config(self._trouble, IDEMPOTENT, {"linger.ms": 5}))

    def send(self, topic: str, key: bytes | None, value: bytes | None, timestamp: int, partition: int = BY_KEY) -> None:
        """Queue a record with its timestamp in ms; raises what `flush` would when the queue stays full."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition, on_delivery=self._delivered, timestamp=timestamp)
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise of_read(error, f"sending to {topic}") from error
            else:
                self._producer.poll(0)
                return

    def placed(self, topic: str, key: bytes, value: bytes, timestamp: int, partition: int) -> int:
        """Send one record, and return its offset; raises what `flush` does."""
        offsets: list[int] = []

        def delivered(error: KafkaError | None, message: Any) -> None:  # noqa: ANN401 - as below
            self._delivered(error, message)
            offsets.append(message.offset())

        try:
            self._producer.produce(topic, value, key, partition, on_delivery=delivered, timestamp=timestamp)
        except KafkaException as error:
            raise of_read(error, f"sending to {topic}") from error
        self.flush()
        return offsets[0]

    def flush(self, timeout_s: float = 60.0) -> None:
        """Wait until the broker has everything.

        Raises:
            Unknown: some records may not have arrived; the message says how many and why.
        """
        left = self._producer.flush(timeout_s)
        if left or self._failed:
            why = self._failed[0] if self._failed else self._trouble.last or "the broker does not answer"
            raise Unknown(f"{left + len(self._failed)} records were not delivered: {why}")

    def _delivered(self, error: KafkaError | None, message: Any) -> None:  # noqa: ANN401 - the client's own message
        if error is not None:
            self._failed.append(f"{message.topic()}: {error.str()}")
