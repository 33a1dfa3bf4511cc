"""Looking for a target from the journal's end on finds what reading all of it would."""

from collections.abc import Iterator
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topologies.operations.rewind.search import Found, newest, search
from topologies.runtime.journal import marker
from topologies.runtime.journal.assembly import commits
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.marker import Heard, Marker
from topologies.runtime.journal.plan import Plan
from topologies.runtime.journal.record import Record
from topologies.runtime.journal.target import ShiftBy, ToCommit, ToEarliest, ToOffsets, Wanted, checked, choose
from topologies.runtime.journal.timeline import survey

TOPICS = ("bets", "orders")
NOTHING_DELETED = dict.fromkeys(TOPICS, 0)
PART_BYTES_MAX = marker.FRAME_BYTES + 100
WINDOW = 4


class Journal:
    """Records in memory, and what was read of them."""

    def __init__(self, records: list[Record], first: int = 0) -> None:
        self.records = [each for each in records if each.offset >= first]
        self.bounds = (first, records[-1].offset + 1 if records else first)
        self.offsets_read: list[int] = []

    def read(self, begin: int, end: int) -> Iterator[Record]:
        for each in self.records:
            if begin <= each.offset < end:
                self.offsets_read.append(each.offset)
                yield each


def written(chance: Random, count: int) -> Journal:
    """Commits at random: some take records, some go back to an earlier one; now and then the journal was off."""
    lines: list[Record] = []
    inputs = [NOTHING_DELETED]
    for number in range(1, count + 1):
        back = chance.randrange(1, number) if number > 2 and chance.random() < 0.15 else None
        at = inputs[back] if back else {topic: offset + chance.randrange(3) for topic, offset in inputs[-1].items()}
        inputs.append(at)
        images = chance.randrange(4)
        said = Marker(number, at, 0, heard=_heard(chance), rewound_to=back, images=images)
        rows = [(b"p%d\0row\0a" % row, b"1") for row in range(images)] + marker.encode(said, TOPICS, PART_BYTES_MAX)
        if chance.random() < 0.04:
            # It was off: nothing of this commit was written.
            continue
        for key, value in rows:
            lines.append(Record((lines[-1].offset if lines else 0) + 1 + chance.randrange(2), key, value))
    return Journal(lines, chance.choice([0, chance.randrange(1 + 2 * len(lines))]))


def _heard(chance: Random) -> list[Heard]:
    return [
        Heard("player", f"an event of some length, number {number}", "0" * 16) for number in range(chance.randrange(4))
    ]


def wanted_of(chance: Random, count: int) -> Wanted:
    number = chance.randrange(1, count + 2)
    targets: list[Wanted] = [
        ToCommit(number),
        ShiftBy(number),
        ToEarliest(),
        ToOffsets({chance.choice(TOPICS): number}),
    ]
    return chance.choice(targets)


@given(st.integers(0, 2**32), st.integers(0, 40))
@settings(max_examples=400, deadline=None)
def test_the_same_target_or_the_same_advice_as_in_all_of_the_journal(seed: int, count: int) -> None:
    chance = Random(seed)
    journal, wanted = written(chance, count), wanted_of(chance, count)
    beginnings = {topic: chance.choice([0, 0, chance.randrange(20)]) for topic in TOPICS}

    assert whole(journal, wanted, beginnings) == in_windows(journal, wanted, beginnings)


@given(st.integers(0, 2**32), st.integers(2, 40), st.sampled_from([1, 3, 100]))
@settings(max_examples=200, deadline=None)
def test_what_is_counted_on_the_way_is_what_lies_behind_the_target(seed: int, count: int, rows_max: int) -> None:
    chance = Random(seed)
    journal, wanted = written(chance, count), wanted_of(chance, count)
    beginnings = {topic: chance.choice([0, chance.randrange(20)]) for topic in TOPICS}

    with suppress(Refused):
        in_one, in_many = (search(wanted, beginnings, journal.bounds, journal.read, each) for each in (1_000, WINDOW))
        assert _plan(in_one, rows_max) == _plan(in_many, rows_max)


def _plan(found: Found, rows_max: int) -> Plan:
    return found.tally.plan(0, found.target, found.newest, rows_max)


def whole(journal: Journal, wanted: Wanted, beginnings: dict[str, int]) -> int | str:
    found = list(commits(journal.records))
    try:
        timeline = survey(found)
        return checked(wanted, timeline, beginnings, choose(wanted, timeline, beginnings, found)).ends_at
    except Refused as why:
        return earliest(why)


def in_windows(journal: Journal, wanted: Wanted, beginnings: dict[str, int]) -> int | str:
    try:
        return search(wanted, beginnings, journal.bounds, journal.read, WINDOW).target.ends_at
    except Refused as why:
        return earliest(why)


def earliest(why: Refused) -> str:
    """What a refusal says could be done; the reason may be found sooner, and then it is another one."""
    return str(why).rpartition(". ")[2]


def plain(count: int) -> Journal:
    """So many commits of two records each."""
    lines = [
        (b"p\0row\0a", b"1")
        if half == 0
        else marker.encode(Marker(n, {"bets": n, "orders": n}, 0, images=1), TOPICS)[0]
        for n in range(1, count + 1)
        for half in range(2)
    ]
    return Journal([Record(offset, *line) for offset, line in enumerate(lines)])


@pytest.mark.parametrize("back", [1, 5, 40, 300, 900])
def test_a_search_reads_no_more_than_twice_what_is_taken_back(back: int) -> None:
    journal = plain(1_000)

    found = search(ShiftBy(back), NOTHING_DELETED, journal.bounds, journal.read, WINDOW)

    assert 1_000 - back == found.target.number
    # One commit more at each border of two windows.
    assert len(journal.offsets_read) <= 2 * (2 * back) + 2 * WINDOW + 2 * 12


def test_an_impossible_target_costs_the_whole_journal_but_that_once() -> None:
    journal = plain(1_000)

    with pytest.raises(Refused, match=r"there is no commit 1001 yet.*the earliest possible target is commit 1 "):
        search(ToCommit(1_001), NOTHING_DELETED, journal.bounds, journal.read, WINDOW)
    assert len(journal.offsets_read) <= 2_000 + 2 * 12


def test_the_search_ends_where_retention_has_deleted_the_inputs() -> None:
    journal = plain(1_000)

    with pytest.raises(Refused) as refused:
        search(ToCommit(7), {"bets": 990, "orders": 0}, journal.bounds, journal.read, WINDOW)
    assert str(refused.value) == (
        "that is before the records that retention has left of the inputs. "
        "the earliest possible target is commit 990 (bets 990, orders 990)"
    )
    assert len(journal.offsets_read) < 100


@pytest.mark.parametrize("count", [1, 2, 50])
def test_the_newest_commit_is_found_from_the_end(count: int) -> None:
    journal = plain(count)

    assert count == newest(journal.bounds, journal.read, 1).number
    assert len(journal.offsets_read) <= 4


def test_a_journal_without_commits_has_no_target() -> None:
    journal = Journal([Record(3, b"p\0row\0a", None)])

    with pytest.raises(Refused, match="there is no commit in the journal"):
        newest(journal.bounds, journal.read)
    with pytest.raises(Refused, match="there is no commit in the journal"):
        search(ToEarliest(), NOTHING_DELETED, journal.bounds, journal.read, WINDOW)
