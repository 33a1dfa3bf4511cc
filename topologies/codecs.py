"""Avro bytes to values and back: the one door to fastavro.

A value begins with a framing that names the schema of its writer:
`00` and a 4-byte id of a schema registry (Confluent's wire format), or `C3 01`
and the 8-byte CRC-64-AVRO fingerprint of the schema (Avro's single-object
encoding). Both are read side by side; what the registry or the schema files
know is read with the writer's schema resolved against ours.
"""

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple, Protocol

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import fingerprint, to_parsing_canonical_form

from topologies import direct
from topologies.graph import Message, Undecodable
from topologies.resolution import Reading, Schema, Unresolvable, own, reading
from topologies.schemas import BadSchema, Published, Written

CONFLUENT = b"\x00"
SINGLE_OBJECT = b"\xc3\x01"
ID_BYTES = len(CONFLUENT) + 4
FINGERPRINT_BYTES = len(SINGLE_OBJECT) + 8
LARGEST_ID = 2**31 - 1

Value = dict[str, Any]
"""A decoded record: our fields; times are milliseconds since 1970."""


class SchemaRegistry(Protocol):
    """What the codec asks of a schema registry. Each call answers or raises; retrying is the registry client's."""

    def schemas(self, schema_id: int) -> Sequence[str] | None:
        """The Avro schema of an id, after all that it refers to; None when the registry does not know the id.

        Raises:
            ValueError: the schema of that id is not Avro.
        """

    def register(self, subject: str, schema: str) -> int:
        """The id of a schema under a subject, new or not."""


class _Parsed(NamedTuple):
    schema: Schema
    names: dict[str, Schema]


class _Ours(NamedTuple):
    """The newest version of a source's schema: what is written, and what everything is read as."""

    text: str
    parsed: _Parsed
    plain: Schema
    fingerprint: bytes


class Codec:
    """Decodes every source from every known writer; encodes with our newest schemas.

    Args:
        ours: all published versions, oldest first.
        writers: writers' own schemas, for the single-object encoding.
        registry: reads ids, and makes `encode` write them; without one, `encode` writes fingerprints.
        topics: source → topic, where they differ; a schema is registered as `<topic>-value`.

    Raises:
        BadSchema: a file is not an Avro schema.
    """

    def __init__(
        self,
        ours: Sequence[Published],
        writers: Sequence[Written] = (),
        registry: SchemaRegistry | None = None,
        topics: Mapping[str, str] | None = None,
    ) -> None:
        self._ours = {schema.source: _newest(schema) for schema in ours}
        self._known = _by_fingerprint([*writers, *(Written(f"{s.source}.v{s.version}", s.text) for s in ours)])
        self._registry = registry
        self._topics = topics or {}
        self._framings: dict[str, bytes] = {}
        self._readings: dict[str, dict[bytes, Reading | Undecodable]] = {source: {} for source in self._ours}

    def decode(self, source: str, messages: Sequence[Message]) -> list[Value | Undecodable]:
        """The values of a micro-batch, same length and order.

        Raises only what the registry raises when it does not answer; bad bytes are `Undecodable`, and its
        reason never repeats what they say.
        """
        readings = self._readings[source]
        unknown: dict[bytes, Undecodable] = {}  # asked about once per micro-batch: an id may be registered later
        decoded: list[Value | Undecodable] = []
        for message in messages:
            value = message.value
            if not value:
                decoded.append(_NO_VALUE)
                continue
            framing = value[:ID_BYTES] if value[0] == 0 else value[:FINGERPRINT_BYTES]
            plan = readings.get(framing) or unknown.get(framing) or self._plan(source, framing, unknown)
            decoded.append(_read(plan, value, len(framing)) if isinstance(plan, Reading) else plan)
        return decoded

    def encode(self, source: str, value: Value) -> bytes:
        """A value as bytes of our newest schema; absent fields get their defaults.

        Raises:
            ValueError: the value does not fit the schema.
        """
        out = BytesIO()
        out.write(self._framings.get(source) or self._framing(source))
        try:
            schemaless_writer(out, self._ours[source].plain, value, strict_allow_default=True)
        except (TypeError, AttributeError, KeyError, OverflowError) as error:
            raise ValueError(f"value does not fit the schema of {source}: {error}") from error
        return out.getvalue()

    def _framing(self, source: str) -> bytes:
        ours = self._ours[source]
        framing = SINGLE_OBJECT + ours.fingerprint
        if self._registry is not None:
            schema_id = self._registry.register(f"{self._topics.get(source, source)}-value", ours.text)
            framing = CONFLUENT + schema_id.to_bytes(4)
        self._framings[source] = framing
        return framing

    def _plan(self, source: str, framing: bytes, unknown: dict[bytes, Undecodable]) -> Reading | Undecodable:
        """Find a writer's schema and how to read it. What is certain is remembered for good."""
        try:
            parsed = self._parsed(framing)
            plan: Reading | Undecodable = _parsed_reading(reading(self._ours[source].parsed.schema, *parsed))
        except _UnknownSchema as error:
            return unknown.setdefault(framing, Undecodable("unknown-schema", str(error)))
        except _NoFraming as error:
            return Undecodable("undecodable", str(error))
        except (Unresolvable, BadSchema, RecursionError) as error:
            plan = Undecodable("undecodable", f"the writer's schema does not fit: {error}")
        self._readings[source][framing] = plan
        return plan

    def _parsed(self, framing: bytes) -> _Parsed:
        if framing[:1] == CONFLUENT and len(framing) == ID_BYTES:
            return self._registered(int.from_bytes(framing[1:]))
        if framing[:2] == SINGLE_OBJECT and len(framing) == FINGERPRINT_BYTES:
            if known := self._known.get(framing[2:]):
                return known
            raise _UnknownSchema(f"no schema has the fingerprint {framing[2:].hex()}")
        raise _NoFraming("the value does not begin with a schema id or a fingerprint")

    def _registered(self, schema_id: int) -> _Parsed:
        if self._registry is None:
            raise _UnknownSchema(f"schema id {schema_id}, but no schema registry is set")
        try:
            texts = self._registry.schemas(schema_id) if schema_id <= LARGEST_ID else None
        except ValueError as error:
            raise BadSchema(str(error)) from None
        if not texts:
            raise _UnknownSchema(f"the schema registry does not know the id {schema_id}")
        return _parse(f"schema id {schema_id}", *texts)


class _UnknownSchema(Exception):
    """Nobody knows the writer's schema, yet."""


class _NoFraming(Exception):
    """The bytes don't say who wrote them."""


_NO_VALUE = Undecodable("undecodable", "the record has no value")
_TRAILING = Undecodable("undecodable", "bytes are left over after the value")
_CUT_OFF = Undecodable("undecodable", "the value ends too early, or is of another schema")
_NOT_TEXT = Undecodable("undecodable", "a text of the value is not UTF-8")
_NOT_OURS = Undecodable("undecodable", "the bytes are not of the schema that they name")

_REASONS: dict[type[Exception], Undecodable] = {
    EOFError: _CUT_OFF,
    IndexError: _CUT_OFF,
    UnicodeDecodeError: _NOT_TEXT,
}


def _read(plan: Reading, value: bytes, start: int) -> Value | Undecodable:
    if plan.read is not None:
        try:
            record, end = plan.read(value, start)
        except (direct.Unusual, IndexError, UnicodeDecodeError):
            return _read_generally(plan, value, start)
        if end == len(value):
            return record
    return _read_generally(plan, value, start)


def _read_generally(plan: Reading, value: bytes, start: int) -> Value | Undecodable:
    # fastavro passes over a field of the writer's alone without looking whether it is whole: then it passes the end.
    body = BytesIO(value + b"\0")
    body.seek(start)
    try:
        record: Value = schemaless_reader(body, plan.writer, plan.reader)  # type: ignore[assignment]  # our schemas are records
        for conversion in plan.conversions:
            _convert(record, *conversion)
    except Exception as error:  # noqa: BLE001  fastavro raises whatever the bytes lead it to
        return _REASONS.get(type(error), _NOT_OURS)
    left = len(value) - body.tell()
    return record if not left else _TRAILING if left > 0 else _CUT_OFF


def _convert(record: Value, path: tuple[str, ...], field: str, convert: Any) -> None:  # noqa: ANN401  value to value
    at: Value | None = record
    for step in path:
        at = at and at[step]
    if at is not None and at[field] is not None:
        at[field] = convert(at[field])


def _parsed_reading(plan: Reading) -> Reading:
    """Ready for fastavro, which would parse a plain schema again for every record."""
    return plan._replace(writer=parse_schema(plan.writer), reader=plan.reader and parse_schema(plan.reader))


def _newest(published: Published) -> _Ours:
    parsed = _parse(f"{published.source}.v{published.version}", published.text)
    plain = parse_schema(own(parsed.schema, parsed.names))
    return _Ours(published.text, parsed, plain, _fingerprint(parsed.schema))


def _by_fingerprint(schemas: Sequence[Written]) -> dict[bytes, _Parsed]:
    """The last of two with one fingerprint counts: they differ in documentation or logical types."""
    parsed = [_parse(schema.name, schema.text) for schema in schemas]
    return {_fingerprint(schema.schema): schema for schema in parsed}


def _fingerprint(schema: Schema) -> bytes:
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


def _parse(name: str, *texts: str) -> _Parsed:
    names: dict[str, Schema] = {}
    schema: Schema = None
    for text in texts:
        try:
            schema = parse_schema(json.loads(text), names)
        except Exception as error:  # fastavro raises whatever the text leads it to
            raise BadSchema(f"{name} is not an Avro schema: {error}") from error
    return _Parsed(schema, names)
