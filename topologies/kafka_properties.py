"""Which of librdkafka's properties are secrets, and which are not the user's to set.

https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
"""

from collections.abc import Mapping

HIDDEN = "***"

SECRETS = frozenset(
    {
        "sasl.jaas.config",
        "sasl.oauthbearer.assertion.private.key.passphrase",
        "sasl.oauthbearer.assertion.private.key.pem",
        "sasl.oauthbearer.client.credentials.client.secret",
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.config",
        "sasl.password",
        "ssl.key.password",
        "ssl.key.pem",
        "ssl.keystore.password",
    }
)

_EXACTLY_ONCE = "it holds the promise of exactly once"

RESERVED: Mapping[str, str] = {
    "bootstrap.servers": "set bootstrap_servers instead",
    "metadata.broker.list": "set bootstrap_servers instead",
    "group.id": "set app instead",
    "group.instance.id": "set group_instance_id instead",
    "group.protocol": "set group_protocol instead",
    "group.remote.assignor": "it keeps a partition of all inputs on one worker",
    "partition.assignment.strategy": "it keeps a partition of all inputs on one worker",
    "transactional.id": "it follows from app and instance",
    "transaction.timeout.ms": "set transaction_timeout instead",
    "enable.auto.commit": _EXACTLY_ONCE,
    "enable.auto.offset.store": _EXACTLY_ONCE,
    "auto.offset.reset": "set start instead",
    "enable.idempotence": _EXACTLY_ONCE,
    "enable.gapless.guarantee": _EXACTLY_ONCE,
    "acks": _EXACTLY_ONCE,
    "request.required.acks": _EXACTLY_ONCE,
    "max.in.flight": _EXACTLY_ONCE,
    "max.in.flight.requests.per.connection": _EXACTLY_ONCE,
    "isolation.level": _EXACTLY_ONCE,
    "enable.partition.eof": "the merge by time needs it",
    "partitioner": "a player's records must lie where Java's producers put them",
}
"""Property → what to do instead, or why it is not to be set."""


def masked(properties: Mapping[str, str]) -> Mapping[str, str]:
    """The same properties with `***` for each secret."""
    return {name: HIDDEN if name in SECRETS else value for name, value in properties.items()}
