"""A broker that lets nobody in without TLS, nor do what no ACL allows; its administrator has a door of its own."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from tests.integration.certificates import Authority, Identity
from tests.integration.installation import wait_until
from topologies.operations.sandbox import broker
from topologies.operations.sandbox.broker import Node
from topologies.operations.sandbox.ports import HOST, cluster, free_ports
from topologies.operations.sandbox.programs import Candidate, start_on_free_ports
from topologies.runtime.rights import Right

PASSWORDS: Mapping[str, str] = {"worker": "Zq7Secret-worker", "operator": "Zq7Secret-operator"}
"""User → password, of SCRAM."""

MECHANISM = "SCRAM-SHA-512"

CERTIFIED = "certified"
"""Who has a certificate."""

_PROTOCOLS: Mapping[str, str] = {
    "ADMIN": "PLAINTEXT",
    "SASL": "SASL_SSL",
    "SSL": "SSL",
    "EXPIRED": "SSL",
    "CONTROLLER": "PLAINTEXT",
}
"""Listener → protocol. Who comes through ADMIN has no name, and may do everything."""


class Secured(NamedTuple):
    """The addresses of its doors, and files for those who want to come in."""

    admin: str
    sasl: str
    certificate: str
    expired: str
    authority: str
    stranger: str
    identity: Sequence[str]


@contextmanager
def started() -> Iterator[str]:
    """A broker of the kind; what `Secured` has, as JSON."""
    with tempfile.TemporaryDirectory(prefix="croupier-secured-") as place:
        directory, now = Path(place), datetime.now(UTC)  # noqa: TID251  certificates go by the wall clock
        authority = Authority(directory / "authority", "authority", now)
        stranger = Authority(directory / "stranger", "stranger", now)
        further: list[int] = []

        def candidate() -> Candidate:
            port, controller_port, *further[:] = free_ports(5)
            node = Node(directory / f"broker-{port}", broker.new_cluster_id(), port, controller_port)
            plan = broker.plan(node, _doors(node, further, authority))
            formatting, running = plan.commands
            users = (f"--add-scram={MECHANISM}=[name={name},password={word}]" for name, word in PASSWORDS.items())
            return Candidate(
                plan._replace(commands=((*formatting, *users), running)),
                node.cluster_id,
                node.bootstrap_servers,
                lambda: bool((found := cluster(port)) and found.id == node.cluster_id and found.brokers),
            )

        address, _, watched = start_on_free_ports("the secured Kafka", candidate)
        try:
            doors = [address, *(f"{HOST}:{port}" for port in further)]
            files = [str(authority.certificate), str(stranger.certificate)]
            yield json.dumps([*doors, *files, [str(path) for path in authority.identity(CERTIFIED)]])
        finally:
            watched.end()


def _doors(node: Node, further: Sequence[int], authority: Authority) -> dict[str, str]:
    valid: Identity = authority.identity("broker", host=HOST)
    expired = authority.identity("expired", host=HOST, is_over=True)
    places = dict(zip(_PROTOCOLS, (node.port, *further, node.controller_port), strict=True))
    listeners = {name: f"{name}://{HOST}:{port}" for name, port in places.items()}
    login = "org.apache.kafka.common.security"
    return {
        "listeners": ",".join(listeners.values()),
        "advertised.listeners": ",".join(address for name, address in listeners.items() if name != "CONTROLLER"),
        "listener.security.protocol.map": ",".join(f"{name}:{each}" for name, each in _PROTOCOLS.items()),
        "inter.broker.listener.name": "ADMIN",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": "User:ANONYMOUS",
        "sasl.enabled.mechanisms": f"{MECHANISM},OAUTHBEARER",
        "listener.name.sasl.scram-sha-512.sasl.jaas.config": f"{login}.scram.ScramLoginModule required;",
        # Without further settings it takes tokens that nobody has signed.
        "listener.name.sasl.oauthbearer.sasl.jaas.config": (
            f'{login}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(valid.both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.certificate),
        "ssl.principal.mapping.rules": "RULE:^CN=(.*)$/$1/",
        "listener.name.ssl.ssl.client.auth": "required",
        "listener.name.expired.ssl.keystore.location": str(expired.both),
    }


class Casino(NamedTuple):
    """Who works on a secured broker, and what they are allowed; `directory` is a test's own."""

    broker: Secured
    admin: AdminClient
    directory: Path

    def grant(self, user: str, rights: Sequence[Right]) -> None:
        """Allow it a user."""
        new = {AclBinding(*_fields(user, right)) for right in rights}
        for future in self.admin.create_acls(list(new)).values():
            future.result()
        # It is answered before the broker goes by it.
        wait_until(lambda: new <= self._of(user))

    def take(self, user: str, right: Right) -> None:
        """Allow it no longer."""
        for future in self.admin.delete_acls([AclBindingFilter(*_fields(user, right))]).values():
            assert 1 == len(future.result())
        wait_until(lambda: AclBinding(*_fields(user, right)) not in self._of(user))

    def _of(self, user: str) -> set[AclBinding]:
        any_name: Any = None
        every = AclBindingFilter(
            ResourceType.ANY,
            any_name,
            ResourcePatternType.ANY,
            f"User:{user}",
            any_name,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        return set(self.admin.describe_acls(every).result())

    def environment(self, user: str) -> dict[str, str]:
        """Settings to enter with the user's password; who has none enters with a token that only says a name."""
        return {
            "CROUPIER_BOOTSTRAP_SERVERS": self.broker.sasl,
            "CROUPIER_STATE_DIR": str(self.directory / "state" / user),
            "CROUPIER_INSTANCE": "one",
            "CROUPIER_ORIGIN": "brand.com",
            "CROUPIER_ORIGIN_BY_CASINO": "123=brand.com",
            "CROUPIER_REQUEST_TIMEOUT": "10s",
            "CROUPIER_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "CROUPIER_KAFKA_SSL_CA_LOCATION": self.broker.authority,
            **(self._password(user) if user in PASSWORDS else _token(user)),
        }

    def _password(self, user: str) -> dict[str, str]:
        file = self.directory / f"{user}.password"
        file.write_text(PASSWORDS[user] + "\n")
        return {
            "CROUPIER_KAFKA_SASL_MECHANISM": MECHANISM,
            "CROUPIER_KAFKA_SASL_USERNAME": user,
            "CROUPIER_KAFKA_SASL_PASSWORD_FILE": str(file),
        }


def _token(user: str) -> dict[str, str]:
    return {
        "CROUPIER_KAFKA_SASL_MECHANISM": "OAUTHBEARER",
        "CROUPIER_KAFKA_ENABLE_SASL_OAUTHBEARER_UNSECURE_JWT": "true",
        "CROUPIER_KAFKA_SASL_OAUTHBEARER_CONFIG": f"principal={user}",
    }


Fields = tuple[ResourceType, str, ResourcePatternType, str, str, AclOperation, AclPermissionType]


def _fields(user: str, right: Right) -> Fields:
    operation = "DESCRIBE_CONFIGS" if right.operation == "DescribeConfigs" else right.operation.upper()
    return (
        ResourceType[right.resource.upper().replace("-", "_")],
        right.name,
        ResourcePatternType.PREFIXED if right.is_prefix else ResourcePatternType.LITERAL,
        f"User:{user}",
        "*",
        AclOperation[operation],
        AclPermissionType.ALLOW,
    )
