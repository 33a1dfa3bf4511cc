"""Avro records straight from their bytes: the short way for what nearly all records are.

A general reader asks of every byte what it might be. For schemas as ours, of
texts, whole numbers, truth values and records, each of them perhaps null, a
function is written that asks only what has to be asked, as `dataclasses` writes
an `__init__`: it takes less than half of the time. Whatever is unusual is left to the
general reader: all other schemas, and all bytes that are not as they should be,
so that there is one place that says what is wrong with them.
"""

from textwrap import indent
from typing import Any

from topologies import walk
from topologies.walk import Read, Schema, Unusual, zigzag

__all__ = ["Read", "Unusual", "reader_of"]

# `{first}` is the place of a value's first byte, `{second}` the one behind it.
# What one byte says, as most sizes and many numbers, is read in place.
_TEXT = """\
head = data[{first}]
start = {second}
if head & 0x81:
    head, start = size(data, {first})
at = start + (head >> 1)
{value} = data[start:at].decode()
"""
_WHOLE = """\
head = data[{first}]
if head & 0x80:
    head, at = zigzag(data, {first})
else:
    at = {second}
{value} = (head >> 1) ^ -(head & 1)
"""
_TRUTH = """\
{value} = truth[data[{first}]]
at = {second}
"""
_MAYBE = """\
if data[at] == 2:
{read}
elif data[at] == 0:
    at += 1
    {value} = None
else:
    raise Unusual
"""
_READ = """\
def read(data, at):
{read}
    return value, at
"""

_KINDS = {"string": _TEXT, "int": _WHOLE, "long": _WHOLE, "boolean": _TRUTH}


def reader_of(schema: Schema) -> Read | None:
    """Return what reads records of a schema; None when it has something that is not read here."""
    # Written out, it would stay Python among what is compiled.
    return walk.reader_of(schema) if walk.IS_COMPILED else written_out(schema)


def written_out(schema: Schema) -> Read | None:
    """Do what `reader_of` promises, as a function that is written for the schema."""
    source = _record("value", schema)
    if source is None:
        return None
    names: dict[str, Any] = {"Unusual": Unusual, "size": _size, "zigzag": zigzag, "truth": (False, True)}
    exec(_READ.format(read=indent(source, "    ")), names)  # noqa: S102 - of a schema it has names only, as literals
    read: Read = names["read"]
    return read


def _record(value: str, schema: Schema) -> str | None:
    """Return the lines that read a record into the variable `value`, and its fields into variables of their own."""
    lines, items = [], []
    for number, field in enumerate(schema["fields"]):
        inner = f"{value}_{number}"
        read = _field(inner, field["type"])
        if read is None:
            return None
        lines.append(read)
        items.append(f"{field['name']!r}: {inner}")
    return "".join([*lines, f"{value} = {{{', '.join(items)}}}\n"])


def _field(value: str, schema: Schema) -> str | None:
    if not isinstance(schema, list):
        return _present(value, schema, "at", "at + 1")
    if len(schema) != 2 or schema[0] != "null":
        return None
    read = _present(value, schema[1], "at + 1", "at + 2")
    return None if read is None else _MAYBE.format(read=indent(read, "    ").rstrip(), value=value)


def _present(value: str, schema: Schema, first: str, second: str) -> str | None:
    if isinstance(schema, dict) and schema["type"] == "record":
        read = _record(value, schema)
        return None if read is None else f"at = {first}\n{read}"
    kind = _KINDS.get(schema) if isinstance(schema, str) else None
    return None if kind is None else kind.format(value=value, first=first, second=second)


def _size(data: bytes, at: int) -> tuple[int, int]:
    size, at = zigzag(data, at)
    if size & 1:
        raise Unusual
    return size, at
