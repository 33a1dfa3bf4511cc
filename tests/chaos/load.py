"""Histories whose right answer is known, at a steady rate, whatever happens to those who take them."""

import threading
import time
from collections.abc import Sequence
from functools import partial

from confluent_kafka import KafkaError, Message, Producer

from tests.integration.crowd import Laid
from tests.integration.installation import Installation
from tests.integration.records import Servers

Place = tuple[str, int]
"""Topic, by its default name, and partition."""

CAREFUL = {"enable.idempotence": True, "max.in.flight.requests.per.connection": 1}
"""A broker that starts forgets the idempotent producers of records that are older than `producer.id.expiration.ms` (a
day), by the records' own time, which here is history's. Then it takes what it has already; and a second request in
flight before the first, which the client takes for lost for good: it tells that it has arrived.
"""

PER_S = 100
FLUSH_S = 180.0


class Load:
    """A thread that sends.

    `handed` counts the records that were handed over, `arrived` those that the
    brokers have. `ends`: behind the last of them, by place.
    """

    def __init__(self, croupier: Installation, servers: Servers, laid: Sequence[Laid], per_s: int) -> None:
        self._laid = laid
        self._per_s = per_s
        self._topic = croupier.topic
        self._stop = threading.Event()
        self._failed: list[str] = []
        self.handed = 0
        self.arrived = 0
        self.ends: dict[Place, int] = {}
        self._producer = Producer({**servers, **CAREFUL, "message.timeout.ms": 900_000, "log_level": 0})
        self._thread = threading.Thread(target=self._flow, name="load", daemon=True)
        self._thread.start()

    def stop(self) -> Sequence[Laid]:
        """End, and return what has been sent, all of which has arrived; some perhaps twice, as sources do."""
        self._stop.set()
        self._thread.join()
        left = self._producer.flush(FLUSH_S)
        assert (0, []) == (left, self._failed[:5])
        return self._laid[: self.handed]

    def _flow(self) -> None:
        began_s = time.monotonic()
        while not self._stop.wait(0.02):
            due = min(int((time.monotonic() - began_s) * self._per_s), len(self._laid))
            for record in self._laid[self.handed : due]:
                self._send(record)
            self.handed = max(due, self.handed)
            self._producer.poll(0)

    def _send(self, record: Laid) -> None:
        self._producer.produce(
            self._topic(record.topic),
            record.value,
            record.key,
            record.partition,
            timestamp=record.timestamp,
            on_delivery=partial(self._lies, (record.topic, record.partition)),
        )

    def _lies(self, place: Place, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed.append(f"{place}: {error}")
            return
        self.arrived += 1
        self.ends[place] = max(self.ends.get(place, 0), (message.offset() or 0) + 1)
