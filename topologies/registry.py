"""A schema registry, through Confluent's client and protocol.

The client imports a good part of the standard web stack; import this module
only when a registry is set.
"""

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from topologies.schemas import RegistryRefused, RegistryUnavailable

with warnings.catch_warnings(record=True):
    # authlib warns whoever imports it that httpx has a successor; which of the two is used is the client's business.
    from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
    from confluent_kafka.schema_registry.error import SchemaRegistryError

AVRO = "AVRO"
SCHEMA_NOT_FOUND = 40403
"""The registry's own error code; a bare HTTP 404 is a wrong address instead."""

NO_ANSWER_STATUSES = frozenset((408, 429, 500, 502, 503, 504))
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0

Answer = TypeVar("Answer")

log = logging.getLogger("croupier.registry")


class Registry:
    """Schemas by id, and ids for schemas. A registry that does not answer is asked again, ever more slowly.

    Args:
        url: of the Confluent-compatible API; several, with commas between, are tried in turn.
        credentials: `user:password`.
        timeout_s: of one request.
        patience_s: after this long without an answer a call gives up.
        wait: sleeps; a true answer ends the waiting (`threading.Event.wait` of a stop signal).
    """

    def __init__(
        self,
        url: str,
        *,
        credentials: str | None = None,
        timeout_s: float = 30.0,
        patience_s: float = 30.0,
        wait: Callable[[float], bool | None] = time.sleep,
    ) -> None:
        conf = {"url": url, "timeout": timeout_s, "max.retries": 0}
        if credentials is not None:
            conf["basic.auth.user.info"] = credentials
        self._client = SchemaRegistryClient(conf)
        self._name = ", ".join(urlsplit(one.strip()).netloc.rpartition("@")[2] or one for one in url.split(","))
        self._patience_s = patience_s
        self._wait = wait

    def schemas(self, schema_id: int) -> Sequence[str] | None:
        """The Avro schema of an id, after all that it refers to; None when the registry does not know the id.

        Raises:
            ValueError: the schema of that id is not Avro.
            RegistryUnavailable: no answer.
            RegistryRefused: any answer but the schema.
        """
        try:
            schema = self._asked(lambda: self._client.get_schema(schema_id))
        except SchemaRegistryError as error:
            if error.error_code == SCHEMA_NOT_FOUND:
                return None
            raise self._refused(error) from None
        if (schema.schema_type or AVRO) != AVRO:
            raise ValueError(f"schema id {schema_id} is {schema.schema_type}, not Avro")
        return list(dict.fromkeys(self._referred(schema)))

    def register(self, subject: str, schema: str) -> int:
        """The id of a schema under a subject, new or not.

        Raises:
            RegistryUnavailable: no answer.
            RegistryRefused: not compatible with what the subject has, or not allowed.
        """
        try:
            return self._asked(lambda: self._client.register_schema(subject, Schema(schema, AVRO)))
        except SchemaRegistryError as error:
            raise self._refused(error) from None

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def _referred(self, schema: Schema) -> Iterator[str]:
        """The texts of a schema and its references, what is referred to first."""
        for reference in schema.references or ():
            subject, version = str(reference.subject), int(reference.version or 0)
            registered = self._asked(lambda at=(subject, version): self._client.get_version(*at))  # type: ignore[misc]
            yield from self._referred(registered.schema)
        yield str(schema.schema_str)

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        """An answer, however long it takes within `patience_s`."""
        give_up_at = time.monotonic() + self._patience_s
        wait_s = FIRST_WAIT_S
        while True:
            try:
                return ask()
            except SchemaRegistryError as error:
                if error.http_status_code not in NO_ANSWER_STATUSES:
                    raise
                problem = f"HTTP status {error.http_status_code}"
            except (TypeError, ValueError) as error:
                raise RegistryRefused(f"schema registry answers something else: {self._name}, {error}") from None
            except Exception as error:  # noqa: BLE001  errors of the web client, which is httpx or its successor
                problem = f"{type(error).__name__}: {error}"
            if wait_s == FIRST_WAIT_S:
                log.warning("schema registry does not answer, asking again: %s, %s", self._name, problem)
            if time.monotonic() + wait_s > give_up_at or self._wait(wait_s):
                raise RegistryUnavailable(f"schema registry does not answer: {self._name}, {problem}")
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _refused(self, error: SchemaRegistryError) -> RegistryRefused:
        why = error.error_message or "it does not say why, so schema_registry_url may be another server's"
        return RegistryRefused(
            f"schema registry refuses: {why}. registry={self._name}, "
            f"http_status={error.http_status_code}, error_code={error.error_code}"
        )
