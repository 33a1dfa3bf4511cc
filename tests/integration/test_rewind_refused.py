"""Rewinds that cannot be done, or not any more: a sentence, nothing torn, and the other tasks go on."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration import crashing, rewinds
from tests.integration.counting_stage import Stage, wait_until
from tests.integration.crashing import Plan
from tests.integration.records import Servers, configure
from tests.integration.test_exactly_once import finished
from tests.integration.test_membership import members
from topologies.operations.running import Run
from topologies.runtime.journal.assembly import Commit
from topologies.runtime.rewinding.control import TEXT_MAX


@pytest.fixture
def lived(stage: Stage) -> Stage:
    """A stage with two lives behind it, in small batches."""
    for life in range(2):
        stage.send(stage.records(life))
        stage.run(batch_records_max=40)
    return stage


def deleted_bets(stage: Stage, target: Commit) -> None:
    stage.delete_records({("bets", 0): target.marker.inputs[stage.topic("bets")] + 1})


def deleted_journal(stage: Stage, target: Commit) -> None:
    stage.delete_records({("journal", 0): target.ends_at + 1})


def silent(stage: Stage, _: Commit) -> None:
    """The journal is off for a while."""
    for life, window in ((2, "0"), (3, "7d")):
        stage.send(stage.records(life))
        stage.run(rewind_window=window, batch_records_max=40)


def accepted(stage: Stage, _: Commit) -> None:
    """Somebody has moved the offsets, and that was accepted."""
    stage.set_offsets({("bets", 0): 3})
    stage.run(how=Run(drain=True, accept_offsets=True), batch_records_max=40)
    assert [] == stage.run().halted


def taken_back(stage: Stage, target: Commit) -> None:
    """Another rewind has taken the target back."""
    earlier = [each for each in rewinds.targets(stage, 0) if each.number < target.number]
    rewinds.ask(stage, 0, earlier[-1])
    stage.run()


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        pytest.param(deleted_bets, "needs records that retention has deleted, of {app}-bets", id="records deleted"),
        pytest.param(deleted_journal, "the records of {app}-journal/0 at our position are gone", id="journal deleted"),
        pytest.param(silent, "is out of reach: the journal has commit", id="journal off for a while"),
        pytest.param(accepted, "is out of reach: the journal has commit", id="offsets moved and accepted"),
        pytest.param(taken_back, "was taken back by a rewind", id="taken back"),
    ],
)
def test_a_target_that_is_out_of_reach_is_refused(
    lived: Stage, touch: Callable[[Stage, Commit], None], why: str
) -> None:
    target = rewinds.targets(lived, 0)[3]
    touch(lived, target)
    lived.send(lived.records(4))

    command = rewinds.ask(lived, 0, target)
    report = lived.run()

    assert [] == report.halted
    refused = rewinds.ended(lived, command)
    assert "refused" == refused.outcome
    assert why.format(app=lived.app) in refused.why
    assert [True, True] == [lived.is_at_end(number) for number in range(2)]
    assert command.id not in {each.marker.rewind for each in rewinds.journal(lived, 0) if each.marker.rewound_to}
    assert [] == rewinds.left_over(lived)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"target": 1_000_000}, ["accepted", "refused"], id="a commit that is not there yet"),
        pytest.param({"journal_offset": 0}, ["accepted", "refused"], id="another place"),
        pytest.param({"journal_offset": 1_000_000_000}, ["accepted", "refused"], id="a place that is not there"),
        pytest.param({"deadline_ms": 1}, ["expired"], id="too late"),
        pytest.param({"journal_offset": -1}, [], id="a negative place"),
        pytest.param({"reason": "x" * (TEXT_MAX + 1)}, [], id="a long story"),
        pytest.param({"emit": "some"}, [], id="nobody knows what to send"),
    ],
)
def test_a_command_that_cannot_be_right(lived: Stage, changes: dict[str, object], expected: list[str]) -> None:
    """What is no command at all is passed over, as one of a later release is."""
    before = rewinds.journal(lived, 0)[-1].marker.inputs
    command = rewinds.ask(lived, 0, rewinds.targets(lived, 0)[3], **changes)

    assert [] == lived.run().halted

    assert expected == rewinds.outcomes(lived, command)
    assert before == rewinds.journal(lived, 0)[-1].marker.inputs
    assert [] == [*rewinds.broken(lived), *rewinds.left_over(lived)]


def test_a_command_that_comes_twice_is_obeyed_once(lived: Stage) -> None:
    """At once, during the replay, and when it is over."""
    target = rewinds.targets(lived, 0)[1]
    with lived.running(batch_records_max=1):
        command = rewinds.ask(lived, 0, target)
        rewinds.send(lived, 0, command)
        wait_until(lambda: "back" in rewinds.outcomes(lived, command), "the replay begins")
        rewinds.send(lived, 0, command)
        rewinds.ended(lived, command)
    rewinds.send(lived, 0, command)
    lived.run()
    rewinds.send(lived, 0, command)
    lived.run()

    assert ["accepted", "back", "done"] == rewinds.outcomes(lived, command)
    assert [] == rewinds.broken(lived)


def test_another_command_during_a_replay_is_refused_and_obeyed_when_it_is_over(lived: Stage) -> None:
    target = rewinds.targets(lived, 0)[1]
    with lived.running(batch_records_max=1):
        first = rewinds.ask(lived, 0, target)
        wait_until(lambda: "back" in rewinds.outcomes(lived, first), "the replay begins")
        second = rewinds.ask(lived, 0, target)
        elsewhere = rewinds.ask(lived, 1, rewinds.targets(lived, 1)[-1])
        assert "done" == rewinds.ended(lived, elsewhere).outcome
        assert "refused" == rewinds.ended(lived, second).outcome
        assert f"rewind {first.id} of this partition is still under way" == rewinds.answers(lived, second)[0].why
        assert "done" == rewinds.ended(lived, first).outcome
        third = rewinds.ask(lived, 0, target)
        assert "done" == rewinds.ended(lived, third).outcome

    assert [] == rewinds.broken(lived)


def moved(stage: Stage) -> None:
    stage.set_offsets({("bets", 0): 3})


def without_bets(stage: Stage) -> None:
    stage.delete_records({("bets", 0): stage.ends(stage.topic("bets"))[0]})


def without_journal(stage: Stage) -> None:
    stage.delete_records({("journal", 0): stage.ends(stage.journal)[0]})


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        pytest.param(moved, "somebody has moved the group's offsets", id="offsets moved"),
        pytest.param(without_bets, "records were deleted before they were processed", id="records deleted"),
        pytest.param(without_journal, "at our position are gone", id="journal deleted"),
    ],
)
@pytest.mark.parametrize("step_rows", [60, 20_000], ids=["between steps", "in the replay"])
def test_what_is_touched_half_way_halts_the_task_and_no_other(
    lived: Stage, touch: Callable[[Stage], None], why: str, step_rows: int
) -> None:
    """The state is that of a real commit, with its offsets: it goes on when it is put right."""
    pace: dict[str, Any] = {"batch_records_max": 5, "rewind_step_rows": step_rows}
    command = rewinds.ask(lived, 0, rewinds.targets(lived, 0)[1])
    assert -signal.SIGKILL == finished(crashing.start(lived, Plan("stored", 12), **pace))
    assert (["accepted"] if step_rows == 60 else ["accepted", "back"]) == rewinds.outcomes(lived, command)
    wait_until(lambda: not members(lived), "nobody is in the group")
    kept = lived.committed()
    touch(lived)
    lived.send(lived.records(3))

    (halted,) = lived.run(**pace).halted

    assert why in halted
    assert [False, True] == [lived.is_at_end(number) for number in range(2)]
    if touch is moved:
        lived.set_offsets({("bets", 0): kept[lived.topic("bets"), 0]})
        assert [] == lived.run().halted
        assert "done" == rewinds.ended(lived, command).outcome
        assert [] == [*rewinds.broken(lived), *rewinds.left_over(lived)]
    if touch is without_bets:
        assert [] == lived.run(how=Run(drain=True, accept_offsets=True), **pace).halted
        assert "done" == rewinds.ended(lived, command).outcome
        assert [True, True] == [lived.is_at_end(number) for number in range(2)]
        assert [] == [*lived.run().halted, *rewinds.left_over(lived)]


def test_a_rewind_without_a_journal_is_refused(lived: Stage) -> None:
    command = rewinds.ask(lived, 0, rewinds.targets(lived, 0)[1])

    assert [] == lived.run(rewind_window="0").halted

    assert ["accepted", "refused"] == rewinds.outcomes(lived, command)
    assert "it may have been off" in rewinds.answers(lived, command)[-1].why


def test_a_step_that_cannot_be_written_halts_its_task_and_no_other(lived: Stage) -> None:
    rewinds.ask(lived, 0, rewinds.targets(lived, 0)[1])
    servers: Servers = {"bootstrap.servers": lived.bootstrap_servers}
    configure(servers, [lived.journal], {"max.message.bytes": "3000"})
    lived.send([each for each in lived.records(2, 20) if each.place(2) == 1])

    with lived.running(batch_records_max=1) as worker:
        wait_until(lambda: lived.is_at_end(1), "the other goes on")
    (halted,) = worker.ends().halted

    assert halted.startswith("task 0: what it was told to do cannot be written: ")
    configure(servers, [lived.journal], {"max.message.bytes": "1000000"})
    assert [] == lived.run().halted
    assert [] == [*rewinds.broken(lived), *rewinds.left_over(lived)]
