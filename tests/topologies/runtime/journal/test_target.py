"""To which commit a rewind goes, and what is said when it cannot."""

from collections.abc import Callable

import pytest

from topologies.runtime.journal.assembly import START, Commit
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.target import ShiftBy, ToCommit, ToEarliest, ToOffsets, Wanted, checked, choose
from topologies.runtime.journal.timeline import survey

MakeCommit = Callable[..., Commit]
ALL_THERE = {"bets": 0, "orders": 0}


@pytest.fixture
def commits(make_commit: MakeCommit) -> list[Commit]:
    """Commits 11 to 20; 18 went back to 14, so 15 to 17 are gone. 19 and 20 took the bets again, and more orders."""
    first = make_commit(11, gap=START)
    usual = [make_commit(number) for number in range(12, 18)]
    return [first, *usual, make_commit(18, 14, bets=14), make_commit(19, bets=16), make_commit(20, bets=18)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(ToCommit(13), 13, id="this one"),
        pytest.param(ToCommit(20), 20, id="the newest: nothing to take back"),
        pytest.param(ToCommit(11), 11, id="the earliest, whose beginning may be gone"),
        pytest.param(ShiftBy(1), 19, id="one back"),
        pytest.param(ShiftBy(2), 14, id="two back, over a rewind"),
        pytest.param(ShiftBy(5), 11, id="as far as it goes"),
        pytest.param(ToOffsets({"bets": 13}), 13, id="exactly at an offset"),
        pytest.param(ToOffsets({"bets": 15}), 14, id="before an offset within a commit"),
        pytest.param(ToOffsets({"bets": 17}), 19, id="not the one that was taken back"),
        pytest.param(ToOffsets({"bets": 99}), 20, id="an offset that is not reached yet"),
        pytest.param(ToOffsets({"bets": 17, "orders": 13}), 13, id="every input at or before its offset"),
        pytest.param(ToOffsets({"bonuses": 4}), 20, id="an input that no commit has read"),
        pytest.param(ToEarliest(), 11, id="as early as possible"),
    ],
)
def test_the_newest_commit_that_is_meant(commits: list[Commit], wanted: Wanted, expected: int) -> None:
    timeline = survey(commits)
    choice = choose(wanted, timeline, ALL_THERE, commits)

    assert expected == checked(wanted, timeline, ALL_THERE, choice).number


EARLIEST = ". the earliest possible target is commit 11 (bets 11, orders 11)"
BEGINS = "out of reach: the journal begins with commit 11"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        pytest.param(ToCommit(10), f"commit 10 is {BEGINS}", id="older than the journal"),
        pytest.param(ToCommit(21), "there is no commit 21 yet: the newest is commit 20", id="not there yet"),
        pytest.param(ToCommit(16), "commit 16 was taken back by a rewind", id="taken back"),
        pytest.param(ToCommit(18), "commit 18 is itself a step of a rewind", id="a rewind's own"),
        pytest.param(ShiftBy(6), f"6 commits before the newest is {BEGINS}", id="too many"),
        pytest.param(
            ToOffsets({"bets": 10}),
            "no commit at or before bets 10 is within reach: the journal begins with commit 11",
            id="an offset before the journal",
        ),
        pytest.param(
            ToOffsets({"orders": 9, "bets": 15}),
            "no commit at or before bets 15, orders 9 is within reach: the journal begins with commit 11",
            id="a time before the journal",
        ),
    ],
)
def test_what_cannot_be_gone_back_to(commits: list[Commit], wanted: Wanted, why: str) -> None:
    timeline = survey(commits)
    choice = choose(wanted, timeline, ALL_THERE, commits)

    with pytest.raises(Refused) as refused:
        checked(wanted, timeline, ALL_THERE, choice)
    assert why + EARLIEST == str(refused.value)


def test_a_gap_is_named(make_commit: MakeCommit) -> None:
    gap = "the journal has commit 5 after commit 2"
    commits = [make_commit(1, gap=START), make_commit(2), make_commit(5, gap=gap), make_commit(6)]
    timeline = survey(commits)

    with pytest.raises(Refused) as refused:
        checked(ToCommit(2), timeline, ALL_THERE, choose(ToCommit(2), timeline, ALL_THERE, commits))
    assert str(refused.value) == (
        f"commit 2 is out of reach: {gap}. the earliest possible target is commit 5 (bets 5, orders 5)"
    )


def test_records_that_retention_has_deleted_cannot_be_taken_again(commits: list[Commit]) -> None:
    beginnings = {"bets": 13, "orders": 12, "bonuses": 7}
    timeline = survey(commits)

    with pytest.raises(Refused) as refused:
        checked(ToCommit(12), timeline, beginnings, choose(ToCommit(12), timeline, beginnings, commits))
    assert str(refused.value) == (
        "commit 12 (bets 12, orders 12) needs records that retention has deleted: what is left begins at bets 13. "
        "the earliest possible target is commit 13 (bets 13, orders 13)"
    )
    assert 13 == checked(ToEarliest(), timeline, beginnings, choose(ToEarliest(), timeline, beginnings, commits)).number


@pytest.mark.parametrize("wanted", [ToEarliest(), ToCommit(12), ShiftBy(1)])
def test_nothing_can_be_gone_back_to_when_all_is_deleted(commits: list[Commit], wanted: Wanted) -> None:
    timeline = survey(commits)

    with pytest.raises(Refused, match="there is no commit that a rewind could go back to"):
        checked(wanted, timeline, {"bets": 50}, choose(wanted, timeline, {"bets": 50}, commits))


def test_a_recent_target_is_found_from_the_end_alone(commits: list[Commit]) -> None:
    end = [commits[6]._replace(gap=START), *commits[7:]]
    timeline = survey(end)

    assert 19 == checked(ShiftBy(1), timeline, ALL_THERE, choose(ShiftBy(1), timeline, ALL_THERE, end)).number
    assert choose(ShiftBy(2), timeline, ALL_THERE, end).chosen is None
    assert choose(ToCommit(14), timeline, ALL_THERE, end).chosen is None
