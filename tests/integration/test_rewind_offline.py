"""Rewinds while no worker runs: the tool itself does the steps; who races it, wins or loses whole."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.integration import rewinds
from tests.integration.counting import topology
from tests.integration.counting_stage import Stage, clock, wait_until
from topologies.operations.errors import Failed
from topologies.operations.rewind.offline import Outside
from topologies.runtime.rewinding.control import Command


@pytest.fixture
def lived(stage: Stage) -> Stage:
    for life in range(2):
        stage.send(stage.records(life))
        stage.run(batch_records_max=40)
    return stage


@pytest.fixture
def outside(lived: Stage, tmp_path: Path) -> Iterator[Callable[..., Outside]]:
    """Makes tools, each as a process of its own would."""
    with ExitStack() as opened:
        yield lambda **settings: Outside(
            topology(lived.app), lived.settings(**settings), Path(mkdtemp(dir=tmp_path)), clock, opened
        )


def far_back(stage: Stage, number: int, **changes: int) -> Command:
    """A command to a commit in the middle of what there is."""
    commits = rewinds.targets(stage, number)
    return rewinds.ask(stage, number, commits[len(commits) // 2], **changes)


def test_a_group_without_members_is_taken_back_by_the_tool_and_replayed_by_the_next_worker(
    lived: Stage, outside: Callable[..., Outside]
) -> None:
    command = far_back(lived, 0)

    assert outside(rewind_step_rows=50).take_back(0, command) > 1
    assert ["accepted", "back"] == rewinds.outcomes(lived, command)

    lived.run()
    assert ["accepted", "back", "done"] == rewinds.outcomes(lived, command)
    assert [] == rewinds.broken(lived)
    assert {"same"} == set(rewinds.answers(lived, command)[-1].counts) - {"dead-letters-same"}


def test_a_worker_that_has_started_meanwhile_keeps_its_partition(lived: Stage, outside: Callable[..., Outside]) -> None:
    tool = outside()
    command = far_back(lived, 0, deadline_ms=0)

    with lived.running():
        wait_until(lambda: rewinds.answers(lived, command) != [], "the worker has seen the command")
        with pytest.raises(Failed, match="a worker has joined the group meanwhile"):
            tool.take_back(0, command)

    assert ["expired"] == rewinds.outcomes(lived, command)
    assert [] == rewinds.broken(lived)


def test_the_second_of_two_tools_wins(lived: Stage, outside: Callable[..., Outside]) -> None:
    command = far_back(lived, 0)
    first = outside()
    second = outside()

    with pytest.raises(Failed, match="somebody else takes partitions of this application back now"):
        first.take_back(0, command)
    assert [] == rewinds.answers(lived, command)
    second.take_back(0, command)

    lived.run()
    assert ["accepted", "back", "done"] == rewinds.outcomes(lived, command)
    assert [] == rewinds.broken(lived)
