"""A real registry: ids for our schemas, schemas for writers' ids."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import fastavro
import httpx
import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient

from topologies import schemas
from topologies.codecs import Codec
from topologies.graph import Message, Undecodable
from topologies.operations import components
from topologies.registry import Registry
from topologies.schemas import RATES, RegistryRefused, RegistryUnavailable
from topologies.settings import Settings

RATE = {"currency": "GBP", "rate": "1.17", "effective_from": 1_793_491_200_000}
SOURCE_FIELDS = [
    {"name": "bank", "type": "string"},
    {"name": "effective_from", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "rate", "type": "string"},
]


def message(value: bytes) -> Message:
    return Message("rates", 0, 0, 0, b"key", value)


def confluent(schema_id: int, schemas: list[dict[str, Any]], value: dict[str, Any]) -> bytes:
    names: dict[str, Any] = {}
    parsed = [fastavro.parse_schema(schema, names) for schema in schemas]
    out = BytesIO()
    fastavro.schemaless_writer(out, parsed[-1], value)
    return b"\x00" + schema_id.to_bytes(4) + out.getvalue()


BUSY: dict[str, Any] = {"timeout_s": 10.0, "patience_s": 120.0}
"""A registry that others use too may leave a request without an answer: time to ask again."""


@pytest.fixture
def registry(schema_registry_url: str) -> Iterator[Registry]:
    registry = Registry(schema_registry_url, **BUSY)
    yield registry
    registry.close()


@pytest.fixture
def client(schema_registry_url: str) -> Iterator[SchemaRegistryClient]:
    with SchemaRegistryClient({"url": schema_registry_url}) as client:
        yield client


def test_what_is_encoded_with_a_registry_carries_the_id_of_its_schema(
    registry: Registry, client: SchemaRegistryClient, topic: Callable[[str], str]
) -> None:
    codec = Codec(schemas.ours(), registry=registry, topics={RATES: topic("rates")})

    encoded = codec.encode(RATES, RATE)

    registered = client.get_latest_version(f"{topic('rates')}-value")
    assert b"\x00" + registered.schema_id.to_bytes(4) == encoded[:5]  # type: ignore[union-attr]
    assert json.loads(next(schema.text for schema in schemas.ours() if schema.source == RATES)) == json.loads(
        str(registered.schema.schema_str)
    )
    assert [RATE] == Codec(schemas.ours(), registry=registry).decode(RATES, [message(encoded)])


def test_both_framings_and_a_wider_writer_are_read_in_one_micro_batch(
    registry: Registry, client: SchemaRegistryClient, topic: Callable[[str], str]
) -> None:
    wider = {
        "type": "record",
        "name": "Rate",
        "namespace": "fx",
        "fields": [
            *SOURCE_FIELDS,
            {"name": "currency", "type": {"type": "enum", "name": "Code", "symbols": ["EUR", "GBP", "XXX"]}},
        ],
    }
    schema_id = client.register_schema(f"{topic('rates')}-value", Schema(json.dumps(wider), "AVRO"))
    codec = Codec(schemas.ours(), registry=registry, topics={RATES: topic("ours")})

    batch = [
        message(confluent(schema_id, [wider], {**RATE, "bank": "central"})),
        message(Codec(schemas.ours()).encode(RATES, RATE)),
        message(codec.encode(RATES, RATE)),
    ]

    assert [RATE] * 3 == codec.decode(RATES, batch)


def test_a_schema_that_refers_to_another_subject_is_read(
    registry: Registry, client: SchemaRegistryClient, topic: Callable[[str], str]
) -> None:
    code = {"type": "enum", "name": "Code", "namespace": "bank", "symbols": ["EUR", "GBP"]}
    rate = {
        "type": "record",
        "name": "Rate",
        "namespace": "fx",
        "fields": [*SOURCE_FIELDS, {"name": "currency", "type": "bank.Code"}],
    }
    client.register_schema(topic("code"), Schema(json.dumps(code), "AVRO"))
    reference = SchemaReference("bank.Code", topic("code"), 1)
    schema_id = client.register_schema(topic("rate"), Schema(json.dumps(rate), "AVRO", [reference]))

    value = confluent(schema_id, [code, rate], {**RATE, "bank": "central"})

    assert [RATE] == Codec(schemas.ours(), registry=registry).decode(RATES, [message(value)])


def test_an_id_that_the_registry_does_not_know_is_an_unknown_schema(registry: Registry) -> None:
    decoded = Codec(schemas.ours(), registry=registry).decode(RATES, [message(b"\x00\x7f\xff\xff\xffabc")])

    assert [Undecodable("unknown-schema", "the schema registry does not know the id 2147483647")] == decoded


def test_a_schema_that_is_not_avro_is_undecodable(
    registry: Registry, client: SchemaRegistryClient, topic: Callable[[str], str]
) -> None:
    schema_id = client.register_schema(
        topic("json"), Schema('{"$schema": "http://json-schema.org/draft-07/schema#"}', "JSON")
    )

    decoded = Codec(schemas.ours(), registry=registry).decode(RATES, [message(b"\x00" + schema_id.to_bytes(4) + b"{}")])

    reason = f"the writer's schema does not fit: schema id {schema_id} is JSON, not Avro"
    assert [Undecodable("undecodable", reason)] == decoded


def test_an_incompatible_schema_is_refused_with_the_registrys_words(
    registry: Registry, topic: Callable[[str], str]
) -> None:
    with pytest.raises(RegistryRefused, match=r"^schema registry refuses: .*http_status=422"):
        registry.register(topic("bad"), "nonsense")


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def front(schema_registry_url: str) -> Iterator[tuple[str, list[int]]]:
    """A way to the real registry that fails as often as its list of HTTP statuses has entries."""
    failures: list[int] = []

    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if failures:
                self.send_error(failures.pop())
                return
            answer = httpx.get(schema_registry_url + self.path)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it
            """Keep the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", failures
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_registry_that_does_not_answer_is_asked_again(
    front: tuple[str, list[int]], client: SchemaRegistryClient, topic: Callable[[str], str]
) -> None:
    text = '"string"'
    schema_id = client.register_schema(topic("text"), Schema(text, "AVRO"))
    url, failures = front
    failures[:] = [503, 500, 429]
    waits: list[float] = []

    with closing(Registry(url, wait=waits.append)) as registry:
        found = registry.schemas(schema_id)

    assert [text] == found
    assert [0.1, 0.2, 0.4] == waits


def test_a_stop_ends_the_waiting_for_a_registry_that_is_down(unused_tcp_port: int) -> None:
    registry = Registry(f"http://127.0.0.1:{unused_tcp_port}", wait=lambda _: True)

    with (
        closing(registry),
        pytest.raises(RegistryUnavailable, match=r"^schema registry does not answer: 127\.0\.0\.1:\d+, ConnectError"),
    ):
        registry.schemas(1)


def test_patience_ends(unused_tcp_port: int) -> None:
    registry = Registry(f"http://127.0.0.1:{unused_tcp_port}", patience_s=0)

    with closing(registry), pytest.raises(RegistryUnavailable):
        registry.register("subject", "{}")


def test_a_wrong_address_is_refused_and_not_an_unknown_schema(schema_registry_url: str) -> None:
    registry = Registry(f"{schema_registry_url}/elsewhere", **BUSY)

    with closing(registry), pytest.raises(RegistryRefused, match="http_status=404"):
        registry.schemas(1)


def test_a_tool_waits_for_a_registry_no_longer_than_for_any_request(unused_tcp_port: int) -> None:
    """A worker waits for minutes, because it is told when to stop."""
    address = f"http://127.0.0.1:{unused_tcp_port}"
    codec = components.codec(Settings.of({"schema_registry_url": address, "request_timeout": "1ms"}, {}))

    with pytest.raises(RegistryUnavailable):
        codec.encode(RATES, RATE)
