"""The librdkafka properties of every client, and where its complaints go."""

import logging
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError

from topologies.runtime.rights import Right

log = logging.getLogger("croupier.kafka")

Config = dict[str, Any]

READ_COMMITTED = {
    "isolation.level": "read_committed",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    # An offset that is out of range is an error to look at, never a silent jump.
    "auto.offset.reset": "error",
    # The default of 1000 throttles catching up sixfold.
    "fetch.queue.backoff.ms": 10,
    # An EOF comes this late: it decides how long an idle input is waited for.
    "fetch.wait.max.ms": 20,
}

IDEMPOTENT = {
    # Without idempotence, records of a just-created topic may be reordered.
    "enable.idempotence": True,
    # Java's default, so that producers in other languages agree on the partition.
    "partitioner": "murmur2_random",
}

TRANSACTIONAL = {
    # Back-to-back transactions wait for the previous one's markers; the default of 100 ms makes each cost 91 ms.
    "retry.backoff.ms": 2,
    "retry.backoff.max.ms": 20,
    "linger.ms": 1,
}

_TROUBLE = {
    KafkaError._AUTHENTICATION: "the broker refused our credentials",  # noqa: SLF001 - librdkafka's public names
    KafkaError._SSL: "TLS to the broker failed",  # noqa: SLF001 - likewise
    KafkaError._RESOLVE: "the broker's host name is unknown",  # noqa: SLF001 - likewise
    KafkaError._ALL_BROKERS_DOWN: "no broker can be reached",  # noqa: SLF001 - likewise
    KafkaError.SASL_AUTHENTICATION_FAILED: "the broker refused our credentials",
}


CLOSED = "connections were closed by the other side: it restarts, or security.protocol does not fit the port"
"""What is said of brokers that are all away, although no connection has failed."""


class Trouble:
    """The last thing that a client complained about, for the message of whoever waits for it in vain."""

    def __init__(self) -> None:
        self.last: str | None = None
        self.is_credentials = False
        self.gone: str | None = None
        """A topic that the client reads, and does not find any more."""
        self._failed_connection: str | None = None

    def forget(self) -> None:
        """What was is over, or will be said again."""
        self.last = None
        self._failed_connection = None
        self.is_credentials = False

    def __call__(self, error: KafkaError) -> None:
        """Take librdkafka's `error_cb`: informational, but the only place that says why nothing answers."""
        known = _TROUBLE.get(error.code())
        log.debug("client error: %s", error)
        if error.code() == KafkaError._TRANSPORT:  # noqa: SLF001 - likewise
            # No trouble as long as another broker answers, but it says more than that all are away.
            self._failed_connection = error.str()
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            # `name [0]: topic does not exist`: no poll ever says so of partitions that were assigned.
            self.gone = error.str().partition(" [")[0]
        if known is None:
            return
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - likewise
            self.last = f"{known}: {error.str()}"
        elif self.last is None:
            # It follows every other cause and would hide it.
            self.last = f"{known}: {self._failed_connection or CLOSED}"
        if known == _TROUBLE[KafkaError.SASL_AUTHENTICATION_FAILED]:
            self.is_credentials = True


class Cluster:
    """Which cluster, and how to get in: the base of every client's configuration.

    Args:
        bootstrap_servers: `host:port,…`.
        properties: librdkafka properties by name, passed through to every client.
        client_id: shown in the broker's logs and quotas.
        group: of the application, and what we do with it. Who only reads never joins it, but has to be somebody.
    """

    def __init__(
        self, bootstrap_servers: str, properties: Mapping[str, str], client_id: str, group: Right | None = None
    ) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.properties = dict(properties)
        self.client_id = client_id
        self.group = group or Right("Describe", "group", client_id)

    def config(self, trouble: Trouble, *parts: Mapping[str, Any]) -> Config:
        """Build one client's configuration: the user's properties, then what may not be changed."""
        own = {key: value for part in parts for key, value in part.items()}
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "client.id": self.client_id,
            "error_cb": trouble,
            "logger": log,
            **self.properties,
            **own,
        }
