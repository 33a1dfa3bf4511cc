"""Where a crowd plays: an installation with its topics and rates, in a group that gives up the dead quickly."""

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import histories
from confluent_kafka import KafkaError, Message, Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from teller import RATE

from tests.integration import outputs
from tests.integration.crowd import Laid, crowd
from tests.integration.installation import Installation
from tests.integration.outputs import Written
from tests.integration.records import AT_ONCE, Servers
from tests.integration.sources import rate, sent
from tests.integration.truth import Slice, truth

SEED = int(os.environ.get("TEST_SEED", "1"))
RECORDS = int(os.environ.get("TEST_RECORDS", "100000"))
"""Of the crowd that is meant to be large."""

PARTITIONS = 4

SAYING = f"TEST_SEED={SEED} TEST_RECORDS={RECORDS}"
"""How to see a failure again."""

CONSUMER = {"CROUPIER_GROUP_PROTOCOL": "consumer"}
CLASSIC = {
    "CROUPIER_GROUP_PROTOCOL": "classic",
    "CROUPIER_KAFKA_SESSION_TIMEOUT_MS": "2000",
    "CROUPIER_KAFKA_HEARTBEAT_INTERVAL_MS": "300",
}
STATIC = {"CROUPIER_GROUP_INSTANCE_ID": "static"}

QUICK_TIMEOUT = {"CROUPIER_TRANSACTION_TIMEOUT": "5s"}
"""So long does what a dead worker left open block the others."""

PATIENT = {"CROUPIER_MAX_TASK_IDLE": "1h", "CROUPIER_EXPIRY_GRACE": "3650d"}
"""Records that come meanwhile are waited for, so that the order of time holds whatever the order of arrival; and the
wall clock, to which the crowd is long ago, ends nothing."""

_QUICK_SESSIONS = {"consumer.session.timeout.ms": "3000", "consumer.heartbeat.interval.ms": "500"}


@cache
def played(seed: int, records: int) -> tuple[list[Laid], dict[int, Written]]:
    """A crowd, and what should come of it."""
    laid = crowd(seed, records, PARTITIONS)
    return laid, wanted(laid)


def wanted(laid: Sequence[Laid]) -> dict[int, Written]:
    """What should come of these records."""
    return outputs.expected(truth_of(laid), outputs.ends_of(laid))


def truth_of(laid: Sequence[Laid]) -> dict[int, Slice]:
    """What the processors make of these records, in the order of time."""
    return truth(laid, histories.RULES, histories.rates())


def opened(bootstrap_servers: str, app: str, directory: Path, *settings: Mapping[str, str]) -> Installation:
    """An installation that waits for its players."""
    own = {"CROUPIER_ORIGIN": "brand.com", "CROUPIER_ORIGIN_BY_CASINO": "123=brand.com"}
    croupier = Installation(
        bootstrap_servers, app, directory, {name: value for of in (own, *settings) for name, value in of.items()}
    )
    croupier.create_topics(PARTITIONS)
    croupier.send(sent(rate(currency, value, "1970-01-01T00:00:00Z")) for currency, value in RATE.items())
    _quicken(bootstrap_servers, app)
    return croupier


def servers(croupier: Installation) -> Servers:
    """Its cluster, in the client's words."""
    return {"bootstrap.servers": croupier.environment["CROUPIER_BOOTSTRAP_SERVERS"]}


class Sender:
    """Sends records to the places that they name, in order."""

    def __init__(self, croupier: Installation) -> None:
        self._topic = croupier.topic
        self._misplaced: list[str] = []
        self._producer = Producer(
            {**servers(croupier), **AT_ONCE, "enable.idempotence": True, "queue.buffering.max.messages": 1_000_000}
        )

    def send(self, laid: Iterable[Laid]) -> None:
        """Returns when the broker has them."""
        for record in laid:
            self._producer.produce(
                self._topic(record.topic),
                record.value,
                record.key,
                record.partition,
                timestamp=record.timestamp,
                on_delivery=partial(self._check, record),
            )
            self._producer.poll(0)
        assert (0, []) == (self._producer.flush(60), self._misplaced[:5])

    def _check(self, record: Laid, error: KafkaError | None, message: Message) -> None:
        if error is not None or message.offset() != record.offset:
            self._misplaced.append(f"{record.topic}/{record.partition}/{record.offset}: {error or message.offset()}")


def _quicken(bootstrap_servers: str, group: str) -> None:
    """A member that died is given up as early as the broker allows."""
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in _QUICK_SESSIONS.items()
    ]
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})  # it has to outlive its answer
    resource = ConfigResource(ResourceType.GROUP, group, incremental_configs=entries)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(30)
