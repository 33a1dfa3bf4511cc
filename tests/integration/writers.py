"""Writers with Avro schemas of their own, and how their records lie on a topic."""

import hashlib
import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import fastavro
import httpx
from fastavro.schema import fingerprint, to_parsing_canonical_form

from topologies import schemas

Schema = dict[str, Any]
Value = Mapping[str, Any]


class Writer:
    """One version of a source, which writes with its own schema."""

    def __init__(self, schema: Schema) -> None:
        self.text = json.dumps(schema)
        self._schema = fastavro.parse_schema(json.loads(self.text))

    def single_object(self, value: Value) -> bytes:
        """Avro's single-object encoding: the schema is known by its fingerprint."""
        canonical = to_parsing_canonical_form(self._schema)
        return b"\xc3\x01" + bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO")) + self._body(value)

    def confluent(self, schema_id: int, value: Value) -> bytes:
        """Confluent's wire format: the schema is known by a registry's id."""
        return b"\x00" + schema_id.to_bytes(4) + self._body(value)

    def _body(self, value: Value) -> bytes:
        out = BytesIO()
        fastavro.schemaless_writer(out, self._schema, value)
        return out.getvalue()


def registered(registry_url: str, app: str, writer: Writer) -> int:
    """The id of a writer's schema, under a subject of its own."""
    subject = f"{app}-{hashlib.sha256(writer.text.encode()).hexdigest()}"
    answer = httpx.post(f"{registry_url}/subjects/{subject}/versions", json={"schema": writer.text}, timeout=60)
    return int(answer.raise_for_status().json()["id"])


def ours(source: str) -> Schema:
    """The newest schema of a source, to be changed by the caller."""
    text = [schema.text for schema in schemas.ours() if schema.source == source][-1]
    schema: Schema = json.loads(text)
    return schema


def field(schema: Schema, name: str) -> Schema:
    """A field of a record, to be changed by the caller."""
    found: Schema = next(each for each in schema["fields"] if each["name"] == name)
    return found


def add(schema: Schema, **types: Any) -> None:
    """Give a record more fields, in front and behind."""
    for number, (name, avro_type) in enumerate(types.items()):
        schema["fields"].insert(0 if number % 2 else len(schema["fields"]), {"name": name, "type": avro_type})


def drop(schema: Schema, *names: str) -> None:
    """Take fields out of a record."""
    schema["fields"] = [each for each in schema["fields"] if each["name"] not in names]
