"""What the journal must say before a rewind begins: else it is refused with a sentence."""

from collections.abc import Mapping, Sequence

import pytest

from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.marker import FRAME_BYTES, Heard, Marker, Slice, encode
from topologies.runtime.journal.record import Record
from topologies.runtime.rewinding.control import Command
from topologies.runtime.rewinding.row import Rewind, asked
from topologies.runtime.rewinding.scan import CUTS_MAX, following, scan

TOPICS = ("bets", "orders")
ROWS_MAX = 5
COMMAND = Command("r1", 2, 0, "delta", "", "", 0, 0)
ROW = b"p\0row\0a"


def commit(number: int, *, rows: int = 1, slices: int = 1, heard: int = 0, to: int | None = None) -> Marker:
    """A commit n: its inputs stand at n."""
    cuts = [Slice((number, number), number, None, None)] * slices
    said = [Heard("p", f"{number}/{n}", "h") for n in range(heard)]
    return Marker(number, dict.fromkeys(TOPICS, number), 0, cuts, said, rewound_to=to, images=rows)


def journal(*commits: Marker, part_bytes_max: int = 500_000) -> list[Record]:
    """Their records; the first one has lost all but the last part of its marker, as a reader finds its target."""
    lines: list[tuple[bytes, bytes | None]] = []
    for each in commits:
        rows = [(ROW, b"")] * each.images + encode(each, TOPICS, part_bytes_max)
        lines += rows if lines else rows[-1:]
    return [Record(offset, *line) for offset, line in enumerate(lines)]


def lived(*numbers: int, **changes: int) -> list[Record]:
    return journal(*(commit(number, **changes) for number in numbers))


def scanned(records: Sequence[Record], newest: int, beginnings: Mapping[str, int] | None = None) -> list[int]:
    found = scan(asked(COMMAND), newest, beginnings or {}, records, ROWS_MAX)
    return [step.reaches.number for step in found.steps]


@pytest.mark.parametrize(
    ("records", "newest", "expected"),
    [
        pytest.param(lived(2, 3), 3, [2], id="one commit"),
        pytest.param(lived(2, 3, 4), 4, [2], id="two that fit into a step"),
        pytest.param(lived(2, 3, 4, 5, rows=3), 5, [2, 3, 4], id="too many rows for one step"),
        pytest.param(lived(2, 3, 4, rows=0, heard=4), 4, [2, 3], id="too much was heard for one step"),
        pytest.param(lived(2, 3, 4, 5), 3, [2], id="commits of the rewind itself lie behind"),
        pytest.param(journal(commit(2), commit(3), commit(4, to=2), commit(5)), 5, [2], id="over another rewind"),
        pytest.param(
            journal(commit(2, heard=40), commit(3, heard=40), part_bytes_max=FRAME_BYTES + 100),
            3,
            [2],
            id="markers in parts",
        ),
    ],
)
def test_the_way_back(records: Sequence[Record], newest: int, expected: list[int]) -> None:
    assert expected == scanned(records, newest, {"bets": 2, "orders": 0})


@pytest.mark.parametrize(
    ("records", "newest", "beginnings", "why"),
    [
        pytest.param(lived(2), 2, {}, "nothing to take back: commit 2 is the newest", id="the newest"),
        pytest.param(lived(2, 3), 1, {}, "nothing to take back: commit 1 is the newest", id="later than the newest"),
        pytest.param([], 3, {}, "no commit 2 at offset 0", id="nothing is left"),
        pytest.param(lived(3, 4), 4, {}, "has commit 3 at offset 0, not 2", id="another commit"),
        pytest.param(lived(2, 3, 5, 6), 6, {}, "out of reach: the journal has commit 5 after commit 3", id="a gap"),
        pytest.param(lived(2, 3), 4, {}, "ends with commit 3, the state is as of 4", id="off since"),
        pytest.param(journal(commit(2), commit(3), commit(4, to=1)), 4, {}, "commit 2 was taken back", id="taken back"),
        pytest.param(
            lived(2, 3), 3, {"bets": 3}, "needs records that retention has deleted, of bets", id="records deleted"
        ),
        pytest.param(lived(2, 3), 3, {"refunds": 0}, "is from before refunds became an input", id="a new input"),
        pytest.param(
            [each for each in lived(2, 3, rows=2) if each.offset != 1],
            3,
            {},
            "the journal has 1 of 2 before-images of commit 3",
            id="a row is missing",
        ),
    ],
)
def test_what_is_refused(records: Sequence[Record], newest: int, beginnings: Mapping[str, int], why: str) -> None:
    with pytest.raises(Refused, match=why):
        scanned(records, newest, beginnings)


@pytest.mark.parametrize("reached", [5, 4, 3])
def test_the_way_back_goes_on_from_where_it_is(reached: int) -> None:
    records = lived(2, 3, 4, 5, rows=3)

    found = scan(asked(COMMAND)._replace(phase="back", reached=reached), 5, {}, records, ROWS_MAX)

    assert [2, 3, 4][: reached - 2] == [step.reaches.number for step in found.steps]


def replaying(commit: int = 2, done: int = 0) -> Rewind:
    return asked(COMMAND)._replace(phase="replay", reached=2, newest=7, commit=commit, done=done)


def taken(rewind: Rewind, records: Sequence[Record]) -> list[tuple[int, int]]:
    timeline = scan(rewind, 7, {}, records, ROWS_MAX).timeline
    return [(cut.commit, cut.done) for cut, _ in following(rewind, timeline, records)]


def test_a_replay_follows_the_timeline_to_the_newest_commit() -> None:
    taken_back = journal(
        commit(2), commit(3), commit(4), commit(5, to=3), commit(6, slices=2), commit(7), commit(8, to=2)
    )

    assert [(3, 1), (6, 1), (6, 2), (7, 1)] == taken(replaying(), taken_back)


def test_a_replay_goes_on_where_it_stands_though_the_journal_before_is_gone() -> None:
    left = journal(commit(6, slices=3), commit(7), commit(8, to=2))
    whole = [Record(-1, ROW, b""), *left]

    assert [(6, 3), (7, 1)] == taken(replaying(6, 2), whole)
    assert [] == taken(replaying(7, 1), lived(7, 8))


def test_a_long_replay_is_looked_up_in_chunks() -> None:
    records = lived(2, 3, 4, 5, 6, 7, slices=CUTS_MAX // 2)

    first = taken(replaying(), records)

    assert (CUTS_MAX, (4, CUTS_MAX // 2)) == (len(first), first[-1])


def test_a_replay_does_not_pass_over_what_is_missing() -> None:
    timeline = scan(replaying(), 7, {}, lived(2, 3, 4, 5, 6, 7), ROWS_MAX).timeline

    with pytest.raises(Refused, match="cannot be taken again: the journal has commit 5 after commit 3"):
        following(replaying(), timeline, lived(2, 3, 5, 6, 7))
