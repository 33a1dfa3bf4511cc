"""Markers: what a commit says survives the journal, whatever its size; what is no marker is told from one."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topologies.runtime.errors import Halted
from topologies.runtime.journal import marker
from topologies.runtime.journal.errors import Malformed
from topologies.runtime.journal.marker import FRAME_BYTES, Heard, Marker, Slice, content_hash, decode, encode, joined
from topologies.runtime.journal.record import MARKER
from topologies.runtime.store import Row

TOPICS = ("orders", "bets")
HASH = content_hash(b"{}")
QUIET = Marker(7, {"bets": 3, "orders": 5}, 1_700_000_000_000, slices=[], heard=[], vanished=[])


def read(rows: list[Row]) -> Marker:
    return joined([decode(value) for _, value in rows])


def size(row: Row) -> int:
    return len(row[1] or b"")


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(QUIET, id="nothing but positions"),
        pytest.param(QUIET._replace(slices=[Slice((5, 3), 17, None, None)]), id="some records"),
        pytest.param(
            QUIET._replace(slices=[Slice((5, 2), 17, None, "\0timer\0a"), Slice((5, 3), 18, None, None)]), id="a timer"
        ),
        pytest.param(QUIET._replace(heard=[Heard("p", "bonus/ä/1", HASH)]), id="an event"),
        pytest.param(QUIET._replace(heard=[Heard("", "dead-letter/bets/3/17", HASH)]), id="a dead letter"),
        pytest.param(QUIET._replace(rewound_to=3, rewind="r1"), id="a step of a rewind"),
        pytest.param(QUIET._replace(images=5_000), id="rows"),
        pytest.param(QUIET._replace(rewound_to=0), id="a step to the first commit"),
        pytest.param(QUIET._replace(vanished=[Heard("p", "e", HASH)], rewind="r1"), id="the end of a replay"),
        pytest.param(QUIET._replace(inputs={"orders": 0, "bets": (1 << 63) - 1}), id="the largest offset"),
    ],
)
def test_what_a_commit_says_comes_back(said: Marker) -> None:
    found = read(encode(said, TOPICS))

    assert said == found
    assert list(TOPICS) == list(found.inputs)


def heard(counts: st.SearchStrategy[int]) -> st.SearchStrategy[list[Heard]]:
    texts = st.text(max_size=60)
    return counts.flatmap(lambda n: st.lists(st.builds(Heard, texts, texts, texts), min_size=n, max_size=n))


slices = st.lists(
    st.builds(Slice, st.tuples(st.integers(0, 9), st.integers(0, 9)), st.integers(0, 9), st.none(), st.none())
)


@settings(max_examples=100, deadline=None)
@given(slices, heard(st.integers(0, 40)), heard(st.integers(0, 3)), st.integers(80, 3_000))
def test_a_marker_of_any_size_is_split_and_put_together(
    looks: list[Slice], told: list[Heard], gone: list[Heard], room: int
) -> None:
    said = QUIET._replace(slices=looks, heard=told, vanished=gone)
    rows = encode(said, TOPICS, FRAME_BYTES + room)
    parts = [decode(value) for _, value in rows]

    assert said == joined(parts)
    assert {MARKER} == {key for key, _ in rows}
    assert [False] * (len(parts) - 1) + [True] == [part.end is not None for part in parts]
    entries = [len(part.slices) + len(part.heard) + len(part.vanished) for part in parts]
    assert all(size(row) <= FRAME_BYTES + room or count == 1 for row, count in zip(rows, entries, strict=True))


def test_a_usual_commit_has_one_part_and_a_huge_one_several() -> None:
    told = [Heard(f"player-{number}", f"bonus/bonuses/3/{number}/Completed", HASH) for number in range(20_000)]

    assert 1 == len(encode(QUIET._replace(heard=told[:5_000]), TOPICS))
    assert 3 < len(encode(QUIET._replace(heard=told), TOPICS))
    assert max(map(size, encode(QUIET._replace(heard=told), TOPICS))) <= marker.PART_BYTES_MAX


def text(**changes: Any) -> bytes:
    fields = {"v": 1, "commit": 7, "inputs": {"bets": 3}, "stream_time": 0, **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="a deletion"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\x00", id="no text"),
        pytest.param(b"[1, 2]", id="a list"),
        pytest.param(b"7", id="a number"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(text(v="1"), id="a version in words"),
        pytest.param(text(commit=...), id="no number"),
        pytest.param(text(commit="7"), id="a number in words"),
        pytest.param(text(commit=True), id="a truth for a number"),
        pytest.param(text(commit=1 << 64), id="a number beyond 64 bits"),
        pytest.param(text(inputs=[3]), id="positions without topics"),
        pytest.param(text(inputs={"bets": 3.5}), id="half a record"),
        pytest.param(text(stream_time=...), id="no stream time"),
        pytest.param(text(heard=[["p", "e"]]), id="an event without hash"),
        pytest.param(text(heard=[["p", 1, "h"]]), id="an event whose id is a number"),
        pytest.param(text(vanished=7), id="no list"),
        pytest.param(text(slices=[[3, 1, None]]), id="a slice without offsets"),
        pytest.param(text(slices=[[[3], 1, 2]]), id="a tick that is no key"),
        pytest.param(text(rewound_to="6"), id="back to words"),
        pytest.param(text(rewound_to=7), id="back to itself"),
        pytest.param(text(rewind=1), id="a rewind without id"),
    ],
)
def test_what_is_no_marker_is_refused(value: bytes | None) -> None:
    with pytest.raises(Malformed, match="no marker of a commit"):
        decode(value)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 200), st.binary(max_size=3), st.integers(0, 5))
def test_damage_is_told_by_one_error(at: int, damage: bytes, cut: int) -> None:
    value = text(slices=[[[3], 1, "t"]], heard=[["p", "e", "h"]], rewound_to=2, rewind="r")
    damaged = value[:at] + damage + value[at + cut :]

    with suppress(Malformed, Halted):
        joined([decode(damaged)])


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([text(inputs=...)], id="no end"),
        pytest.param([text(commit=6, inputs=...), text()], id="of two commits"),
        pytest.param([text(), text()], id="two ends"),
        pytest.param([text(slices=[[[3, 4], 1, None]])], id="a slice of more inputs than there are"),
        pytest.param([text(slices=[[[], 1, None]], inputs=...), text()], id="a slice of fewer"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(values: list[bytes]) -> None:
    with pytest.raises(Malformed):
        joined([decode(value) for value in values])


def test_a_marker_of_a_newer_release_halts() -> None:
    with pytest.raises(Halted) as halted:
        decode(text(v=2, commit="in a way we do not know"))

    assert str(halted.value) == (
        "the journal was written by a newer release: marker version 2, this release reads up to 1. "
        "install that release again, or a newer one"
    )


def test_a_hash_tells_contents_apart() -> None:
    assert content_hash(b'{"a":1}') == content_hash(b'{"a":1}')
    assert content_hash(b'{"a":1}') != content_hash(b'{"a":2}')
    assert 16 == len(content_hash(b""))
