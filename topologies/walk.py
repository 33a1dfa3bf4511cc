"""Avro records field by field: the short way to a record where this is compiled to C.

As Python it is slow, and `direct` has a better one; compiled, it takes half of what that takes.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any, Final

Schema = Any
"""A parsed schema without logical types."""

Read = Callable[[bytes, int], tuple[dict[str, Any], int]]
"""(data, at) → the record that begins at `at`, and where it ends: behind `data`, if that is cut off.

Raises `Unusual`, `IndexError` or `UnicodeDecodeError`: ask the general reader.
"""

TEXT: Final = 0
WHOLE: Final = 1
TRUTH: Final = 2
RECORD: Final = 3
_KINDS: Final = {"string": TEXT, "int": WHOLE, "long": WHOLE, "boolean": TRUTH}

_WHOLE_BYTES_MAX: Final = 9
"""The tenth could say more than it may."""


class Unusual(Exception):
    """The general reader knows what these bytes are, or what is wrong with them."""


class _Shape:
    """A record: its fields in order, and what it is as long as none of them was read."""

    def __init__(self, fields: "list[_Field]") -> None:
        self.fields = fields
        self.empty: dict[str, Any] = dict.fromkeys(field.name for field in fields)


class _Field:
    """A field of a record; `shape` is that of the record that it is."""

    def __init__(self, name: str, kind: int, shape: _Shape, *, is_optional: bool) -> None:
        self.name = name
        self.kind = kind
        self.shape = shape
        self.is_optional = is_optional


class _Place:
    """How far a record has been read."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at


def reader_of(schema: Schema) -> Read | None:
    """Return what reads records of a schema; None when it has something that is not read here."""
    shape = _shape(schema)
    if shape is None:
        return None

    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        place = _Place(data, at)
        record = _record(place, shape)
        return record, place.at

    return read


def _shape(schema: Schema) -> _Shape | None:
    found = [_field(each["name"], each["type"]) for each in schema["fields"]]
    known = [each for each in found if each is not None]
    return _Shape(known) if len(known) == len(found) else None


def _field(name: str, schema: Schema) -> _Field | None:
    is_optional = isinstance(schema, list)
    if is_optional:
        if len(schema) != 2 or schema[0] != "null":
            return None
        schema = schema[1]
    if isinstance(schema, dict) and schema["type"] == "record":
        shape = _shape(schema)
        return None if shape is None else _Field(name, RECORD, shape, is_optional=is_optional)
    kind = _KINDS.get(schema) if isinstance(schema, str) else None
    return None if kind is None else _Field(name, kind, _Shape([]), is_optional=is_optional)


def _record(place: _Place, shape: _Shape) -> dict[str, Any]:
    data = place.data
    # It has its size from the start, and what is null need not be written.
    record = shape.empty.copy()
    for field in shape.fields:
        if field.is_optional:
            branch = data[place.at]
            place.at += 1
            if branch == 0:
                continue
            if branch != 2:
                raise Unusual
        kind = field.kind
        if kind == TEXT:
            record[field.name] = _text(place)
        elif kind == WHOLE:
            number = _number(place)
            record[field.name] = (number >> 1) ^ -(number & 1)
        elif kind == RECORD:
            record[field.name] = _record(place, field.shape)
        else:
            record[field.name] = _truth(place)
    return record


def _text(place: _Place) -> str:
    number = _number(place)
    if number & 1:
        raise Unusual
    begin = place.at
    place.at = end = begin + (number >> 1)
    return place.data[begin:end].decode()


def _truth(place: _Place) -> bool:
    byte = place.data[place.at]
    place.at += 1
    if byte > 1:
        raise Unusual
    return byte == 1


def _number(place: _Place) -> int:
    byte = place.data[place.at]
    if byte < 0x80:
        # Nearly all sizes, and many numbers.
        place.at += 1
        return byte
    number, place.at = zigzag(place.data, place.at)
    return number


def zigzag(data: bytes, at: int) -> tuple[int, int]:
    """Return the number, signs still folded in, that begins at `at`, and where it ends."""
    number, shift = data[at] & 0x7F, 7
    byte = data[at + 1]
    if byte < 0x80:
        # Most that do not fit into one byte fit into two.
        return number | byte << shift, at + 2
    for byte in data[at + 1 : at + _WHOLE_BYTES_MAX]:
        if byte < 0x80:
            return number | byte << shift, at + 1 + shift // 7
        number |= (byte & 0x7F) << shift
        shift += 7
    raise Unusual


IS_COMPILED: Final = not isinstance(zigzag, FunctionType)
