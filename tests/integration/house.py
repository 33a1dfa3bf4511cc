"""One application of one's own, whose commands run in this process."""

import secrets
from collections.abc import Mapping
from typing import Any

import cli
from tests.integration.conftest import now
from tests.integration.records import Outgoing, Record, Servers, configure, read, send
from tests.integration.sources import sent
from topologies.operations.commands.invocation import Invocation
from topologies.schemas import BONUSES, CALLS, ORDERS, RATES

PARTITIONS = 2

NAMES = {"CALLS": CALLS, "BONUSES": BONUSES, "ORDERS": ORDERS, "RATES": RATES, "EVENTS": "crm.events"}
"""Setting → default name."""


class House:
    """One application; commands run in this process.

    `environment` has its settings.
    """

    def __init__(self, bootstrap_servers: str, state_dir: str) -> None:
        self.app = f"t{secrets.token_hex(5)}"
        self.servers: Servers = {"bootstrap.servers": bootstrap_servers}
        self.letters = f"{self.app}-dead-letters"
        self.environment: Mapping[str, str] = {
            "CROUPIER_BOOTSTRAP_SERVERS": bootstrap_servers,
            "CROUPIER_APP": self.app,
            "CROUPIER_STATE_DIR": state_dir,
            "CROUPIER_ORIGIN_BY_CASINO": "123=brand.com",
            "CROUPIER_ORIGIN_BY_CURRENCY": "EUR=brand.com,GBP=brand.com,USD=brand.com",
            **{f"CROUPIER_TOPIC_{name}": self.topic(source) for name, source in NAMES.items()},
        }
        assert 0 == self.croupier("topics", "create", "--partitions", PARTITIONS)
        configure(self.servers, map(self.topic, (CALLS, BONUSES, ORDERS)), {"retention.ms": "-1"})

    def topic(self, name: str) -> str:
        return f"{self.app}.{name}"

    def croupier(self, *arguments: object) -> int:
        return cli.run(list(map(str, arguments)), Invocation(self.environment, now))

    def send(self, *records: Outgoing) -> None:
        send(self.servers, [each._replace(topic=self.topic(each.topic)) for each in records])

    def drain(self) -> None:
        assert 0 == self.croupier("run", "player", "--drain")

    def load(self, document: Mapping[str, Any]) -> None:
        record = sent(dict(document))
        send(self.servers, [record._replace(topic=self.topic(RATES))])

    def read(self, name: str) -> list[Record]:
        return read(self.servers, self.topic(name))
