"""From records to commits: where one begins and ends, and where the journal is broken."""

import pytest

from topologies.runtime.errors import Halted
from topologies.runtime.journal.assembly import START, Assembly, Commit, commits
from topologies.runtime.journal.marker import FRAME_BYTES, Heard, Marker, encode
from topologies.runtime.journal.record import MARKER, Record, is_image, owner

TOPICS = ("bets",)
ROW = b"p\0round\0r1"
TIMER = b"\0timer\0000000000000007\0expiry\0p\0b1"


def said(number: int, images: int = 0) -> bytes:
    return encode(Marker(number, {"bets": number}, 0, images=images), TOPICS)[0][1] or b""


def journal(*lines: tuple[bytes, bytes | None], at: int = 0) -> list[Record]:
    return [Record(offset, key, value) for offset, (key, value) in enumerate(lines, start=at)]


def places(found: list[Commit]) -> list[tuple[int, int, int, int]]:
    return [(each.number, each.begins_at, each.ends_at, each.rows) for each in found]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(journal((ROW, None)), [], id="a commit that goes on"),
        pytest.param(journal((MARKER, said(1))), [(1, 0, 0, 0)], id="a commit that changed nothing"),
        pytest.param(journal((ROW, None), (MARKER, said(4, 1)), at=9), [(4, 9, 10, 1)], id="rows, then the marker"),
        pytest.param(
            journal((ROW, b"x"), (MARKER, said(1, 1)), (TIMER, None), (ROW, b"y"), (MARKER, said(2, 2))),
            [(1, 0, 1, 1), (2, 2, 4, 2)],
            id="one behind the other; timers count",
        ),
        pytest.param(
            [Record(3, ROW, None), Record(7, MARKER, said(1, 1)), Record(9, MARKER, said(2))],
            [(1, 3, 7, 1), (2, 9, 9, 0)],
            id="offsets between belong to transactions",
        ),
        pytest.param(
            journal((b"\0difference\0r", b"{}"), (ROW, None), (MARKER, said(1, 1))),
            [(1, 0, 2, 1)],
            id="a report's line is no before-image",
        ),
        pytest.param(
            journal((b"\0of a later release\0", b""), (MARKER, said(1))), [(1, 0, 1, 0)], id="nor is what nobody knows"
        ),
    ],
)
def test_a_commit_ends_with_its_marker(records: list[Record], expected: list[tuple[int, int, int, int]]) -> None:
    assert expected == places(list(commits(records)))


BROKEN = (MARKER, b"{")
PART = (MARKER, b'{"v":1,"commit":2,"heard":[["p","e","h"]]}')


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([(MARKER, said(1)), (MARKER, said(2))], [(1, START), (2, None)], id="numbers follow each other"),
        pytest.param([(ROW, None), (MARKER, said(7))], [(7, START)], id="nobody knows what was before"),
        pytest.param(
            [(MARKER, said(1)), (MARKER, said(3)), (MARKER, said(4))],
            [(1, START), (3, "the journal has commit 3 after commit 1"), (4, None)],
            id="the journal was off",
        ),
        pytest.param(
            [(MARKER, said(8)), (MARKER, said(1))],
            [(8, START), (1, "the journal has commit 1 after commit 8")],
            id="the state began anew",
        ),
        pytest.param(
            [(MARKER, said(1)), (MARKER, said(1))],
            [(1, START), (1, "the journal has commit 1 after commit 1")],
            id="a commit comes twice",
        ),
        pytest.param(
            [(MARKER, said(1)), BROKEN, (MARKER, said(3)), (MARKER, said(4))],
            [(1, START), (3, "the marker at offset 1 of the journal cannot be read"), (4, None)],
            id="a marker cannot be read",
        ),
        pytest.param(
            [(MARKER, said(1)), BROKEN, (MARKER, said(2))],
            [(1, START), (2, "the marker at offset 1 of the journal cannot be read")],
            id="a part of one cannot be read",
        ),
        pytest.param(
            [(MARKER, said(1)), PART, (MARKER, said(3)), (MARKER, said(4))],
            [(1, START), (4, "the marker at offset 2 of the journal cannot be read")],
            id="the end of one is missing",
        ),
        pytest.param(
            [(MARKER, said(1, 3)), (ROW, None), (MARKER, said(2, 2)), (MARKER, said(3))],
            [(1, START), (2, "the journal has 1 of 2 before-images of commit 2"), (3, None)],
            id="a row is missing",
        ),
    ],
)
def test_a_broken_journal_says_where(
    lines: list[tuple[bytes, bytes | None]], expected: list[tuple[int, str | None]]
) -> None:
    assert expected == [(each.number, each.gap) for each in commits(journal(*lines))]


def test_a_marker_that_retention_has_cut_can_still_be_gone_back_to() -> None:
    told = [Heard("p", f"e{number}", "h" * 16) for number in range(100)]
    parts = encode(Marker(5, {"bets": 3}, 17, heard=told), TOPICS, FRAME_BYTES + 500)

    (cut,) = commits(journal(*parts[-2:], at=70))

    assert (5, START, {"bets": 3}, 17) == (cut.number, cut.gap, cut.marker.inputs, cut.marker.stream_time)
    assert 0 < len(cut.marker.heard) < len(told)


def test_a_commit_is_known_with_its_last_record() -> None:
    assembly = Assembly()

    assert [None, None, 1] == [
        commit and commit.number
        for commit in map(assembly.take, journal((ROW, None), (MARKER, PART[1].replace(b"2", b"1")), (MARKER, said(1))))
    ]


def test_a_journal_of_a_newer_release_halts() -> None:
    with pytest.raises(Halted, match="newer release"):
        list(commits(journal((MARKER, said(1)), (MARKER, b'{"v":2}'))))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param(ROW, b"p", id="a row"),
        pytest.param(TIMER, b"p", id="a timer"),
        pytest.param(MARKER, None, id="a marker"),
        pytest.param(b"\0head\0", None, id="the head"),
        pytest.param(b"\0difference\0r", None, id="a report's line"),
    ],
)
def test_a_before_image_belongs_to_a_player(key: bytes, expected: bytes | None) -> None:
    assert expected == (owner(key) if is_image(key) else None)
