"""What the broker does not let us do, and what has to be granted."""

from collections.abc import Mapping

from confluent_kafka import KafkaError

from topologies.runtime.rights import ADVICE, Resource, Right, sentence

_CREDENTIALS = "the broker refused our credentials: check sasl.username and sasl.password"
_UNAUTHENTICATED = (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED)  # noqa: SLF001 - public names

_RESOURCES: Mapping[int, Resource] = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "topic",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "group",
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "transactional-id",
    # An idempotent producer that may write to no topic at all is told so.
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "topic",
}
"""The broker's code → what one has no right to."""

_IN_WORDS = {KafkaError(code).str(): resource for code, resource in _RESOURCES.items()}
"""The same for errors that have librdkafka's own code, and the broker's only in their text."""


def refusal(error: KafkaError, *used: Right) -> str | None:
    """Return what was refused and what is to be done; None: it was something else.

    `used` are the rights that the failed call needs.
    """
    if error.code() in _UNAUTHENTICATED:
        return _CREDENTIALS
    words = error.str()
    resource = _RESOURCES.get(error.code()) or next((of for text, of in _IN_WORDS.items() if text in words), None)
    if resource is None:
        return None
    fitting = [right for right in used if right.resource == resource]
    return sentence(fitting) if fitting else f"we are not allowed to use a {resource.replace('-', ' ')}. {ADVICE}"
