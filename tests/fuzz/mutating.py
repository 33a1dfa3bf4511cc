"""Bytes that are nearly right: cut off, flipped, doubled, spliced; and some that are anything."""

from collections.abc import Sequence

from hypothesis import strategies as st

OPERATIONS = ("cut", "flip", "set", "insert", "delete", "double", "splice")
TELLING = (
    b"",
    b"\0",
    b"\xff",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"null",
    b"-1",
    b"1e999",
    b'"',
    b"[",
    b"{}",
    "é٣".encode(),
)


def _changed(data: bytes, how: str, at: int, span: int, other: bytes) -> bytes:
    at %= len(data) + 1
    end = min(len(data), at + span)
    changes = {
        "cut": data[:at],
        "flip": data[:at] + bytes(each ^ (1 << span % 8) for each in data[at : at + 1]) + data[at + 1 :],
        "set": data[:at] + other + data[at + len(other) :],
        "insert": data[:at] + other + data[at:],
        "delete": data[:at] + data[end:],
        "double": data[:end] + data[at:end] + data[end:],
        "splice": data[:at] + other[at % (len(other) + 1) :],
    }
    return changes[how]


@st.composite
def spoiled(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds, changed up to six times; now and then anything at all."""
    data = draw(st.sampled_from([*seeds, b""]))
    if not data:
        return draw(st.binary(max_size=200))
    others = st.sampled_from([*TELLING, *seeds]) | st.binary(max_size=8)
    for _ in range(draw(st.integers(1, 6))):
        how, at, span = draw(st.sampled_from(OPERATIONS)), draw(st.integers(0, 4_000)), draw(st.integers(0, 40))
        data = _changed(data, how, at, span, draw(others))
    return data
