"""Avro records straight from their bytes: the short way for what nearly all records are.

A general reader asks of every byte what it might be. Schemas as ours, of texts,
whole numbers, truth values and records, each of them perhaps null, are read in
half of its time. Whatever is unusual is left to the general reader: all other
schemas, and all bytes that are not as they should be, so that there is one
place that says what is wrong with them.
"""

from typing import Any

Schema = Any
"""A parsed schema without logical types."""

TEXT, WHOLE, TRUTH, RECORD = range(4)

Field = tuple[str, bool, int, "Fields"]
Fields = tuple[Field, ...]
"""How to read the fields of a record, one after the other: name, whether it may be null, kind, fields of a `RECORD`.

Plain tuples: they are unpacked for every field of every record, which takes five times as long with named ones.
"""

_KINDS = {"string": TEXT, "int": WHOLE, "long": WHOLE, "boolean": TRUTH}
_TRUTH = (False, True)
_WHOLE_BYTES_MAX = 9
"""Of 63 bits; the tenth byte would say more than it may."""


class Unusual(Exception):
    """The general reader knows what these bytes are, or what is wrong with them."""


def fields_of(schema: Schema) -> Fields | None:
    """Return how to read records of a schema; None when it has something that is not read here."""
    fields = [_field(field["name"], field["type"]) for field in schema["fields"]]
    return None if None in fields else tuple(field for field in fields if field is not None)


def read(data: bytes, at: int, fields: Fields) -> tuple[dict[str, Any], int]:
    """Return the record that begins at `at`, and where it ends: behind `data`, if that is cut off.

    Raises:
        Unusual, IndexError, UnicodeDecodeError: ask the general reader.
    """
    record: dict[str, Any] = {}
    for name, is_optional, kind, inner in fields:
        if is_optional:
            branch = data[at]
            at += 1
            if branch == 0:
                record[name] = None
                continue
            if branch != 2:
                raise Unusual
        # From here on in the order of how many there are; the numbers of one byte are read in place.
        if kind == TEXT:
            size = data[at]
            at += 1
            if size & 0x81:
                size, at = _size(data, at - 1)
            end = at + (size >> 1)
            record[name] = data[at:end].decode()
            at = end
        elif kind == WHOLE:
            number = data[at]
            at += 1
            if number & 0x80:
                number, at = _zigzag(data, at - 1)
            record[name] = (number >> 1) ^ -(number & 1)
        elif kind == TRUTH:
            record[name] = _TRUTH[data[at]]
            at += 1
        else:
            record[name], at = read(data, at, inner)
    return record, at


def _field(name: str, schema: Schema) -> Field | None:
    is_optional = isinstance(schema, list)
    if is_optional:
        if len(schema) != 2 or schema[0] != "null":
            return None
        schema = schema[1]
    if isinstance(schema, dict) and schema["type"] == "record":
        fields = fields_of(schema)
        return None if fields is None else (name, is_optional, RECORD, fields)
    kind = _KINDS.get(schema) if isinstance(schema, str) else None
    return None if kind is None else (name, is_optional, kind, ())


def _size(data: bytes, at: int) -> tuple[int, int]:
    size, at = _zigzag(data, at)
    if size & 1:
        raise Unusual
    return size, at


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    for byte in data[at : at + _WHOLE_BYTES_MAX]:
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise Unusual
