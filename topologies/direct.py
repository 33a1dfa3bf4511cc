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
_WHOLE_BITS_MAX = 63
"""Those of nine bytes; the tenth could say more than it may."""


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
        head = data[at]
        at += 1
        if is_optional:
            if head != 2:
                if head:
                    raise Unusual
                record[name] = None
                continue
            head = data[at]
            at += 1
        # By how many there are; what one byte says, as most sizes and many numbers, is read in place.
        if kind == TEXT:
            if head & 0x81:
                head, at = _size(data, at - 1)
            end = at + (head >> 1)
            record[name] = data[at:end].decode()
            at = end
        elif kind == WHOLE:
            if head & 0x80:
                head, at = _zigzag(data, at - 1)
            record[name] = (head >> 1) ^ -(head & 1)
        elif kind == TRUTH:
            record[name] = _TRUTH[head]
        else:
            record[name], at = read(data, at - 1, inner)
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
    number, shift = data[at] & 0x7F, 7
    while shift < _WHOLE_BITS_MAX:
        at += 1
        byte = data[at]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at + 1
        shift += 7
    raise Unusual
