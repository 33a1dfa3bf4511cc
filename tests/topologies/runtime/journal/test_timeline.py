"""Which commits the present is made of, after rewinds and rewinds of rewinds."""

from collections.abc import Callable

import pytest

from topologies.runtime.journal.assembly import START, Commit
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.timeline import survey

MakeCommit = Callable[..., Commit]


@pytest.mark.parametrize(
    ("last", "rewinds", "expected"),
    [
        pytest.param(5, {}, [1, 2, 3, 4, 5], id="nothing was taken back"),
        pytest.param(6, {6: 3}, [1, 2, 3], id="just gone back"),
        pytest.param(8, {6: 3}, [1, 2, 3, 7, 8], id="gone on since"),
        pytest.param(9, {6: 3, 9: 2}, [1, 2], id="back once more, further"),
        pytest.param(10, {6: 3, 9: 7}, [1, 2, 3, 7, 10], id="back into a replay"),
        pytest.param(9, {6: 5, 7: 4, 8: 2}, [1, 2, 9], id="in steps"),
        pytest.param(10, {6: 3, 9: 5}, [1, 2, 3, 4, 5, 10], id="a step to what was taken back before"),
        pytest.param(10, {6: 3, 9: 6}, [1, 2, 3, 10], id="a step to another rewind's"),
        pytest.param(6, {4: 1, 5: 4, 6: 5}, [1], id="steps that go nowhere"),
        pytest.param(3, {3: 0}, [], id="before all that is known"),
    ],
)
def test_a_rewind_takes_back(make_commit: MakeCommit, last: int, rewinds: dict[int, int], expected: list[int]) -> None:
    commits = [make_commit(number, rewinds.get(number)) for number in range(1, last + 1)]
    timeline = survey(commits)

    assert expected == [each.number for each in timeline.present(commits)]
    assert [*reversed(expected), None] == [timeline.back(each) for each in range(len(expected) + 1)]


def test_the_timeline_of_an_earlier_commit_knows_no_later_rewind(make_commit: MakeCommit) -> None:
    commits = [make_commit(number, {4: 1, 7: 2}.get(number)) for number in range(1, 9)]

    before = survey(commits)._replace(last=6)

    assert [1, 5, 6] == [each.number for each in before.present(commits)]


@pytest.mark.parametrize(
    ("numbers", "gap_at", "expected"),
    [
        pytest.param([41, 42, 43], 0, [41, 42, 43], id="retention has cut it"),
        pytest.param([1, 2, 5, 6], 2, [5, 6], id="the journal was off"),
        pytest.param([8, 9, 1, 2], 2, [1, 2], id="numbers began anew"),
        pytest.param([1, 2, 3, 1, 2, 3], 3, [1, 2, 3], id="the same numbers again"),
    ],
)
def test_nothing_crosses_a_gap(make_commit: MakeCommit, numbers: list[int], gap_at: int, expected: list[int]) -> None:
    commits = [
        make_commit(number, gap="gone" if at == gap_at else START if at == 0 else None)._replace(ends_at=at)
        for at, number in enumerate(numbers)
    ]
    timeline = survey(commits)

    assert (expected[0], gap_at, expected[-1], "gone") == (timeline.first, timeline.since, timeline.last, timeline.gap)
    assert commits[gap_at:] == list(timeline.present(commits))


def test_rewinds_from_before_a_gap_are_forgotten(make_commit: MakeCommit) -> None:
    commits = [make_commit(1), make_commit(2, 1), make_commit(1, gap="gone")._replace(ends_at=30), make_commit(2)]
    commits[-1] = commits[-1]._replace(ends_at=31)

    assert commits[2:] == list(survey(commits).present(commits))


def test_an_empty_journal_has_no_timeline() -> None:
    with pytest.raises(Refused, match="there is no commit in the journal"):
        survey([])
