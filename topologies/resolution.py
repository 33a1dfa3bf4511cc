"""What we read of a writer's record: Avro's schema resolution, planned once per writer.

A writer's field that we don't know is skipped, one that we know and it lacks
gets our default. A field that both have is read as the *writer's* type and then
converted, which gives all of Avro's promotions and what they leave out: an enum
is the text of its symbol, whatever symbols it gains; an id may be a number; an
amount in cents may be a decimal. A null passes where ours is required, but for a
whole record: `intake` says better than a decoder which field is missing.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from topologies import direct

Schema = Any
"""A parsed schema: names are full, references are names."""


class Unresolvable(Exception):
    """A writer's schema cannot give our record; the message names the field."""


class Conversion(NamedTuple):
    """A field whose writer's type is not ours; `path` leads to its record."""

    path: tuple[str, ...]
    field: str
    convert: Callable[[Any], Any]


class Reading(NamedTuple):
    """How to read one writer's records; `reader` is None when there is nothing to skip or to add."""

    writer: Schema
    reader: Schema | None
    conversions: tuple[Conversion, ...]
    read: direct.Read | None
    """The short way; None when it does not lead there."""


def reading(ours: Schema, writer: Schema, names: Mapping[str, Schema]) -> Reading:
    """Plan how to read what `writer` has written; `names` has the types that it refers to.

    Raises:
        Unresolvable: a field is missing that has no default, or is of a type that ours cannot come from.
    """
    plan = _Plan(names)
    reader = plan.record(ours, writer, ())
    written = _bare(writer, names, set())
    is_ours = plan.is_exact and not plan.conversions
    read = direct.reader_of(written) if is_ours else None
    return Reading(written, None if plan.is_exact else reader, tuple(plan.conversions), read)


def own(schema: Schema, names: Mapping[str, Schema]) -> Schema:
    """A schema without logical types: times are read and written as whole numbers, not as `datetime`."""
    return _bare(schema, names, set())


def _text(value: Any) -> Any:  # noqa: ANN401  a value of any writer
    if isinstance(value, bytes):
        return value.decode()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _whole(value: Any) -> Any:  # noqa: ANN401  a fraction stays what it is, for `intake` to refuse
    return int(value) if value == value // 1 else value


def _from_micros(value: int) -> int:
    return value // 1_000


def _from_nanos(value: int) -> int:
    return value // 1_000_000


_READABLE: dict[tuple[str, str], Callable[[Any], Any] | None] = {
    ("string", "string"): None,
    ("string", "enum"): None,
    ("string", "bytes"): _text,
    ("string", "int"): _text,
    ("string", "long"): _text,
    ("string", "decimal"): _text,
    ("long", "int"): None,
    ("long", "long"): None,
    ("long", "float"): _whole,
    ("long", "double"): _whole,
    ("long", "decimal"): _whole,
    ("boolean", "boolean"): None,
    ("timestamp-millis", "long"): None,
    ("timestamp-millis", "timestamp-millis"): None,
    ("timestamp-millis", "timestamp-micros"): _from_micros,
    ("timestamp-millis", "timestamp-nanos"): _from_nanos,
}
"""(our type, the writer's) → what makes ours of it. No binary float becomes a decimal amount."""

_TIMES = ("timestamp-millis", "timestamp-micros", "timestamp-nanos")


class _Plan:
    """One walk over our schema and a writer's."""

    def __init__(self, names: Mapping[str, Schema]) -> None:
        self.is_exact = True
        self.conversions: list[Conversion] = []
        self._names = names

    def record(self, ours: Schema, writer: Schema, path: tuple[str, ...]) -> Schema:
        if not (isinstance(writer, dict) and writer["type"] == "record"):
            raise Unresolvable(f"{_dotted(path)} is not a record")
        theirs = {field["name"]: field["type"] for field in writer["fields"]}
        fields = [self._field(field, theirs, path) for field in ours["fields"]]
        self.is_exact &= len(fields) == len(theirs)
        return {"type": "record", **_alias(path, writer), "fields": fields}

    def _field(self, ours: Schema, theirs: Mapping[str, Schema], path: tuple[str, ...]) -> Schema:
        name = ours["name"]
        if name in theirs:
            return {"name": name, "type": self._type(ours["type"], theirs[name], (*path, name))}
        if "default" not in ours:
            raise Unresolvable(f"{_dotted((*path, name))} is missing")
        self.is_exact = False
        return {"name": name, "type": _bare(ours["type"], {}, set()), "default": ours["default"]}

    def _type(self, ours: Schema, writer: Schema, path: tuple[str, ...]) -> Schema:
        writer = self._names.get(writer, writer) if isinstance(writer, str) else writer
        if isinstance(writer, list):
            return self._union(ours, writer, path)
        wanted = _required(ours)
        is_record = isinstance(wanted, dict) and wanted["type"] == "record"
        if writer == "null" and not (is_record and wanted is ours):
            return writer
        if is_record:
            return self.record(wanted, writer, path)
        kinds = _kind(wanted), _kind(writer)
        if kinds not in _READABLE:
            raise Unresolvable(f"{_dotted(path)} is {kinds[1]}, which cannot be read as {kinds[0]}")
        if convert := _READABLE[kinds]:
            self.conversions.append(Conversion(path[:-1], path[-1], convert))
        return _scalar(writer, path)

    def _union(self, ours: Schema, writer: list[Schema], path: tuple[str, ...]) -> Schema:
        """All that can be read of a union; the others are refused record by record."""
        branches, refusal = [], Unresolvable(f"{_dotted(path)} has no values")
        for branch in writer:
            try:
                branches.append(self._type(ours, branch, path))
            except Unresolvable as error:
                refusal = error
        if not branches or (branches == ["null"] and len(writer) > 1):
            raise refusal
        self.is_exact &= len(branches) == len(writer)
        return branches


def _required(schema: Schema) -> Schema:
    """Our fields are plain, or optional: a union of null and one other."""
    return next(branch for branch in schema if branch != "null") if isinstance(schema, list) else schema


def _kind(schema: Schema) -> str:
    """What `_READABLE` goes by."""
    if isinstance(schema, str):
        return schema
    logical = schema.get("logicalType")
    is_decimal = logical == "decimal" and schema["type"] in ("bytes", "fixed")
    return str(logical if is_decimal or (logical in _TIMES and schema["type"] == "long") else schema["type"])


def _scalar(writer: Schema, path: tuple[str, ...]) -> Schema:
    """A writer's type under a name of its own: one definition may be read at several places."""
    bare = _bare(writer, {}, set())
    return {**bare, **_alias(path, writer)} if isinstance(bare, dict) and "name" in bare else bare


def _alias(path: tuple[str, ...], writer: Schema) -> dict[str, Any]:
    return {"name": "_".join(("read", *path)), "aliases": [writer["name"]]}


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path) or "the value"


_STRUCTURE = ("type", "name", "symbols", "size", "precision", "scale")


def _bare(schema: Schema, names: Mapping[str, Schema], seen: set[str]) -> Schema:
    """What of a schema says where its bytes are; every type is defined where it is met first."""
    if isinstance(schema, list):
        return [_bare(branch, names, seen) for branch in schema]
    if isinstance(schema, str):
        return schema if schema in seen or schema not in names else _bare(names[schema], names, seen)
    seen.add(schema.get("name", ""))
    bare = {key: schema[key] for key in _STRUCTURE if key in schema}
    if _kind(schema) == "decimal":
        bare["logicalType"] = "decimal"
    for inner in ("items", "values"):
        if inner in schema:
            bare[inner] = _bare(schema[inner], names, seen)
    if "fields" in schema:
        bare["fields"] = [_bare_field(field, names, seen) for field in schema["fields"]]
    return bare if len(bare) > 1 else bare["type"]


def _bare_field(field: Schema, names: Mapping[str, Schema], seen: set[str]) -> Schema:
    bare = {"name": field["name"], "type": _bare(field["type"], names, seen)}
    return {**bare, "default": field["default"]} if "default" in field else bare
