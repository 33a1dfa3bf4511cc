"""Where a replay cuts the inputs."""

from collections.abc import Callable

import pytest

from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.marker import Slice
from topologies.runtime.journal.replay import Cut, cuts
from topologies.runtime.journal.timeline import survey

MakeCommit = Callable[..., Commit]
TICK = "\0timer\0a"
DUE = "\0timer\0b"


@pytest.fixture
def commits(make_commit: MakeCommit) -> list[Commit]:
    """Commit 3 was taken back by 4; 5 took it again with another. 6 is a rewind's first step."""
    return [
        make_commit(1, slices=[Slice((1, 1), 100, None, None)]),
        make_commit(2, slices=[Slice((2, 1), 200, None, None), Slice((2, 2), 201, None, TICK)]),
        make_commit(3, slices=[Slice((3, 3), 300, None, None)]),
        make_commit(4, 2),
        make_commit(
            5, slices=[Slice((5, 3), 300, None, None), Slice((5, 4), 500, None, None), Slice((5, 5), 500, None, TICK)]
        ),
        make_commit(6, 2),
    ]


@pytest.mark.parametrize(
    ("target", "done", "expected"),
    [
        pytest.param(
            1, 0, [(2, 1), (2, 2), (5, 1), (5, 2), (5, 3)], id="all behind the target, not what was gone before"
        ),
        pytest.param(2, 0, [(5, 1), (5, 2), (5, 3)], id="nothing of the target itself"),
        pytest.param(5, 1, [(5, 2), (5, 3)], id="on from within a commit"),
        pytest.param(2, 2, [(5, 1), (5, 2), (5, 3)], id="on from a commit's end"),
        pytest.param(5, 0, [], id="nothing was taken back"),
    ],
)
def test_a_replay_follows(commits: list[Commit], target: int, done: int, expected: list[tuple[int, int]]) -> None:
    before = survey(commits)._replace(last=5)

    assert expected == [(cut.commit, cut.done) for cut in cuts(before, target, commits, done=done)]


def test_a_cut_says_all_that_was_taken_into_account(commits: list[Commit]) -> None:
    before = survey(commits)._replace(last=5)

    assert [
        Cut(2, 1, {"bets": 2, "orders": 1}, 200, None, None),
        Cut(2, 2, {"bets": 2, "orders": 2}, 201, None, TICK),
        Cut(5, 1, {"bets": 5, "orders": 3}, 300, None, None),
    ] == list(cuts(before, 1, commits))[:3]
