"""The short way comes to what the general reader comes to, or leaves it to it."""

import json
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topologies import direct, schemas, walk
from topologies.resolution import own

SCHEMAS = {schema.source: own(json.loads(schema.text), {}) for schema in schemas.ours()}

SCHEMA = {
    "type": "record",
    "name": "Every",
    "fields": [
        {"name": "text", "type": "string"},
        {"name": "whole", "type": "long"},
        {"name": "small", "type": "int"},
        {"name": "truth", "type": "boolean"},
        {"name": "maybe_text", "type": ["null", "string"]},
        {"name": "maybe_whole", "type": ["null", "long"]},
        {
            "name": "maybe_inner",
            "type": [
                "null",
                {"type": "record", "name": "Inner", "fields": [{"name": "truth", "type": ["null", "boolean"]}]},
            ],
        },
    ],
}
PARSED = fastavro.parse_schema(SCHEMA)

LONGS = st.integers(-(2**63), 2**63 - 1)
VALUES = st.fixed_dictionaries(
    {
        "text": st.text(max_size=200),
        "whole": LONGS,
        "small": st.integers(-(2**31), 2**31 - 1),
        "truth": st.booleans(),
        "maybe_text": st.none() | st.text(),
        "maybe_whole": st.none() | LONGS,
        "maybe_inner": st.none() | st.fixed_dictionaries({"truth": st.none() | st.booleans()}),
    }
)


BOTH = {"as Python": direct.written_out, "as C": walk.reader_of}
"""The same, as it is done where nothing is compiled, and where it is."""


def short_way(way: str) -> direct.Read:
    found = BOTH[way](SCHEMA)
    assert found is not None
    return found


READ = {way: short_way(way) for way in BOTH}
by_both_ways = pytest.mark.parametrize("way", BOTH)


def written(value: dict[str, Any]) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(out, PARSED, value)
    return out.getvalue()


def directly(way: str, data: bytes) -> Any:
    """The value; None where the general reader is asked."""
    try:
        record, end = READ[way](b"head" + data, 4)
    except (direct.Unusual, IndexError, UnicodeDecodeError):
        return None
    return record if end == 4 + len(data) else None


def generally(data: bytes) -> Any:
    """The value; None where the bytes are not exactly one."""
    body = BytesIO(data)
    try:
        record = fastavro.schemaless_reader(body, PARSED, None)
    except Exception:  # noqa: BLE001  fastavro raises whatever the bytes lead it to
        return None
    return record if body.tell() == len(data) else None


def test_what_is_compiled_goes_the_way_of_compiled_code() -> None:
    assert walk.IS_COMPILED == (not str(walk.__file__).endswith(".py"))


@by_both_ways
@pytest.mark.parametrize("source", SCHEMAS)
def test_all_our_records_go_the_short_way(way: str, source: str) -> None:
    assert BOTH[way](SCHEMAS[source]) is not None


@by_both_ways
def test_a_name_is_never_code(way: str) -> None:
    name = "'\"}\n    raise SystemExit #{value}\\"
    read = BOTH[way]({"type": "record", "name": "Evil", "fields": [{"name": name, "type": "boolean"}]})

    assert read is not None
    assert ({name: True}, 1) == read(b"\x01", 0)


@by_both_ways
@given(value=VALUES)
def test_what_is_written_is_read(way: str, value: dict[str, Any]) -> None:
    is_long = any(not -(2**62) <= (value[name] or 0) < 2**62 for name in ("whole", "maybe_whole"))

    assert (None if is_long else value) == directly(way, written(value))


@by_both_ways
@given(value=VALUES, place=st.integers(0), byte=st.integers(0, 255))
def test_of_spoilt_bytes_nothing_else_is_read_than_in_general(
    way: str, value: dict[str, Any], place: int, byte: int
) -> None:
    data = bytearray(written(value))
    data[place % len(data)] = byte

    assert directly(way, bytes(data)) in (None, generally(bytes(data)))


@by_both_ways
@given(data=st.binary(max_size=60))
def test_of_any_bytes_nothing_else_is_read_than_in_general(way: str, data: bytes) -> None:
    assert directly(way, data) in (None, generally(data))


@by_both_ways
@given(value=VALUES, kept=st.integers(0))
def test_a_value_that_is_cut_off_is_not_read(way: str, value: dict[str, Any], kept: int) -> None:
    data = written(value)

    assert directly(way, data[: kept % len(data)]) is None


@by_both_ways
@pytest.mark.parametrize(
    "type_",
    [
        pytest.param("double", id="number with a fraction"),
        pytest.param("bytes", id="bytes"),
        pytest.param(["string", "null"], id="null is the second of two"),
        pytest.param(["null", "long", "string"], id="two types beside null"),
        pytest.param(["null", "bytes"], id="bytes, perhaps"),
        pytest.param({"type": "enum", "name": "Word", "symbols": ["yes"]}, id="enum"),
        pytest.param({"type": "array", "items": "string"}, id="array"),
        pytest.param("Named", id="a type by its name"),
        pytest.param({"type": "record", "name": "Inner", "fields": [{"name": "a", "type": "float"}]}, id="inside"),
    ],
)
def test_other_types_are_left_to_the_general_reader(way: str, type_: Any) -> None:
    schema = {"type": "record", "name": "Other", "fields": [{"name": "field", "type": type_}]}

    assert BOTH[way](schema) is None
