"""Taking commits back: the oldest before-image of a row, the newest of what the CRM was told."""

from collections.abc import Callable

import pytest

from topologies.runtime.journal.assembly import START, Commit
from topologies.runtime.journal.errors import Malformed
from topologies.runtime.journal.marker import FRAME_BYTES, Heard, Marker, encode
from topologies.runtime.journal.record import MARKER, Record
from topologies.runtime.journal.undo import Undo, steps, undo

MakeCommit = Callable[..., Commit]
A, B, TIMER = b"p\0row\0a", b"p\0row\0b", b"\0timer\0007\0t\0p\0r"


def records(*lines: tuple[bytes, bytes | None]) -> list[Record]:
    return [Record(offset, key, value) for offset, (key, value) in enumerate(lines)]


def said(*heard: str, vanished: tuple[str, ...] = (), images: int = 0) -> tuple[bytes, bytes | None]:
    told, gone = ([Heard("p", *each.split("=")) for each in those] for those in (heard, vanished))
    return encode(Marker(1, {"bets": 1}, 0, heard=told, vanished=gone, images=images), ["bets"])[0]


ONE = said(images=1)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([], Undo({}, {}), id="nothing"),
        pytest.param([(A, b"1"), (B, None), said(images=2)], Undo({A: b"1", B: None}, {}), id="as it was; absent"),
        pytest.param([(A, b"1"), ONE, (A, b"2"), ONE], Undo({A: b"1"}, {}), id="the oldest counts"),
        pytest.param([(A, None), ONE, (A, b"2"), ONE], Undo({A: None}, {}), id="absence counts too"),
        pytest.param([(TIMER, b"1"), ONE], Undo({TIMER: b"1"}, {}), id="timers are rows"),
        pytest.param(
            [(b"\0difference\0r", b"{}"), (b"\0head\0", b"x"), said()], Undo({}, {}), id="what is the task's own is not"
        ),
        pytest.param([said("e=1", "f=1")], Undo({}, {("p", "e"): "1", ("p", "f"): "1"}), id="what the CRM was told"),
        pytest.param([said("e=1"), said("e=2")], Undo({}, {("p", "e"): "2"}), id="as it was told last"),
        pytest.param([said("e=1"), said(vanished=("e=1",))], Undo({}, {("p", "e"): "1"}), id="vanished since"),
        pytest.param([said(vanished=("e=1",)), said("e=2")], Undo({}, {("p", "e"): "2"}), id="told anew since"),
    ],
)
def test_what_takes_commits_back(lines: list[tuple[bytes, bytes | None]], expected: Undo) -> None:
    assert expected == undo(records(*lines))


def test_a_marker_in_parts_is_heard_whole() -> None:
    told = [Heard("p", f"e{number}", "1") for number in range(300)]
    parts = encode(Marker(1, {"bets": 1}, 0, heard=told), ["bets"], FRAME_BYTES + 100)

    assert 2 < len(parts)
    assert {("p", each.id): "1" for each in told} == undo(records(*parts)).told


def test_a_marker_that_cannot_be_read_is_not_passed_over() -> None:
    with pytest.raises(Malformed):
        undo(records((A, b"1"), (MARKER, b"?")))


@pytest.mark.parametrize("lines", [[said(images=1)], [(A, b"1"), ONE, (A, b"1"), (B, b"1"), ONE]])
def test_half_of_a_commit_is_not_taken_for_all_of_it(lines: list[tuple[bytes, bytes | None]]) -> None:
    with pytest.raises(Malformed, match="of 1 before-images of commit 1"):
        undo(records(*lines))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([0, 3, 3, 3], [(0, 9)], id="all in one"),
        pytest.param([0, 4, 4, 4], [(0, 8), (2, 4)], id="as many as fit"),
        pytest.param([0, 5, 5], [(0, 10)], id="just full"),
        pytest.param([0, 30, 1], [(0, 30), (1, 1)], id="one that is too large goes alone"),
        pytest.param([0, 1, 30], [(0, 1), (1, 30)], id="even when it is the last"),
        pytest.param([0, 0, 0], [(0, 0)], id="commits that changed nothing"),
        pytest.param([0], [], id="nothing to take back"),
        pytest.param([], [], id="nothing at all"),
    ],
)
def test_steps_of_ten_rows(make_commit: MakeCommit, rows: list[int], expected: list[tuple[int, int]]) -> None:
    commits = [make_commit(number, rows=count) for number, count in enumerate(rows)]

    assert expected == [(step.reaches.number, step.rows) for step in steps(commits, 10)]


@pytest.mark.parametrize(
    ("megabytes", "expected"),
    [
        pytest.param([0, 2, 3, 3], [(0, 3)], id="all in one"),
        pytest.param([0, 5, 4, 4], [(0, 1), (1, 2)], id="as many as fit"),
        pytest.param([0, 1, 90, 1], [(0, 1), (1, 1), (2, 1)], id="one that is too large goes alone"),
    ],
)
def test_steps_of_large_rows(make_commit: MakeCommit, megabytes: list[int], expected: list[tuple[int, int]]) -> None:
    commits = [make_commit(number)._replace(size_bytes=size << 20) for number, size in enumerate(megabytes)]

    assert expected == [(step.reaches.number, step.rows) for step in steps(commits, 10)]


def test_a_step_is_the_records_from_its_oldest_commit_to_its_newest(make_commit: MakeCommit) -> None:
    (step,) = steps([make_commit(number) for number in (2, 3, 4)], 10)

    assert (30, 49, make_commit(2)) == (step.begins_at, step.ends_at, step.reaches)


def test_what_lies_behind_a_gap_is_reached_but_not_taken_back(make_commit: MakeCommit) -> None:
    commits = [make_commit(1), make_commit(2, gap=START), make_commit(3), make_commit(4)]

    assert [(2, 30, 49)] == [(step.reaches.number, step.begins_at, step.ends_at) for step in steps(commits, 10)]
