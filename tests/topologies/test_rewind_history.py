"""What the control topic tells of rewinds."""

import json

import pytest

from tests.topologies.plans import PLAN
from topologies.operations.rewind import asking, history
from topologies.operations.rewind.asking import Wish
from topologies.operations.rewind.differences import SLACK_MS, heard_since
from topologies.operations.rewind.history import Rewind, rewinds
from topologies.operations.rewind.planned import Planned
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import Answer, Command, Outcome

NOON = 1_763_640_000_000
HOUR_MS = 3_600_000
PLANNED = Planned(PLAN, NOON - HOUR_MS, NOON)
COMMAND = Command("ab12", 17, 170, "delta", "anna@desk", "wrong rate", NOON, NOON + HOUR_MS)
ASKED = Rewind(3, COMMAND, PLANNED)
COUNTS = {"same": 70, "changed": 2}


def answer(outcome: Outcome, why: str = "", at_ms: int = NOON, command: Command = COMMAND) -> Answer:
    return Answer(command.id, outcome, why, at_ms, COUNTS if outcome == "done" else {})


def told(rewind: Rewind, *outcomes: Outcome) -> Rewind:
    return rewind._replace(answers=tuple(answer(each, command=rewind.command) for each in outcomes))


def test_commands_and_answers_become_rewinds() -> None:
    other = Rewind(5, COMMAND, PLANNED._replace(plan=PLAN._replace(partition=5)))
    later = ASKED._replace(command=COMMAND._replace(id="cd34", at_ms=NOON + 1))
    records = [
        (3, history.row(later)[1]),
        (3, history.row(ASKED)[1]),
        (5, history.row(other)[1]),
        (3, control.answer_row(answer("accepted"))[1]),
        (3, b"nonsense"),
        (5, control.answer_row(answer("refused", "no"))[1]),
        (3, control.answer_row(answer("done"))[1]),
        (3, control.answer_row(Answer("nobody's", "done", "", NOON, {}))[1]),
        (3, None),
    ]

    assert [
        told(ASKED, "accepted", "done"),
        other._replace(answers=(answer("refused", "no"),)),
        later,
    ] == rewinds(records)


def test_workers_understand_a_command_with_its_plan() -> None:
    key, value = history.row(ASKED)

    assert (b"ab12", COMMAND) == (key, control.decode(value))


def test_a_command_of_another_tool_has_no_plan() -> None:
    [found] = rewinds([(3, control.command_row(COMMAND)[1])])

    assert ASKED._replace(planned=None) == found


@pytest.mark.parametrize(
    ("outcomes", "now_ms", "expected"),
    [
        pytest.param([], NOON, ("asked", False), id="nobody has answered"),
        pytest.param([], NOON + 2 * HOUR_MS, ("expired", False), id="nobody has answered in time"),
        pytest.param(["accepted"], NOON + 2 * HOUR_MS, ("going back", False), id="on its way"),
        pytest.param(["accepted", "back"], NOON, ("replaying", False), id="there, and replaying"),
        pytest.param(["accepted", "back", "done"], NOON, ("done", True), id="done"),
        pytest.param(["refused"], NOON, ("refused", True), id="refused at once"),
        pytest.param(["accepted", "refused"], NOON, ("refused", True), id="refused after a look at the journal"),
        pytest.param(["expired"], NOON, ("expired", True), id="too late"),
    ],
)
def test_the_state_is_what_was_said_last(outcomes: list[Outcome], now_ms: int, expected: tuple[str, bool]) -> None:
    rewind = told(ASKED, *outcomes)

    assert expected == (rewind.state(now_ms), rewind.is_over)


@pytest.mark.parametrize(
    ("outcomes", "bets", "expected"),
    [
        pytest.param(["accepted"], 50, 0, id="still going back"),
        pytest.param(["accepted", "back"], 10, 0, id="at the target"),
        pytest.param(["accepted", "back"], 50, 40, id="half-way"),
        pytest.param(["accepted", "back"], 95, 80, id="beyond where it stood"),
        pytest.param(["accepted", "back", "done"], 10, 80, id="done, whatever is read"),
    ],
)
def test_a_replay_is_as_far_as_its_inputs(outcomes: list[Outcome], bets: int, expected: int) -> None:
    committed = {("bets", 3): bets, ("orders", 3): 12, ("bets", 4): 0}

    assert expected == told(ASKED, *outcomes).replayed(committed)


def test_several_partitions_are_one_rewind() -> None:
    other = PLANNED._replace(plan=PLAN._replace(partition=5, commit=4, journal_offset=44))

    one, two = asking.asked([PLANNED, other], Wish("all", "a bug", HOUR_MS), NOON)

    assert one.command.id == two.command.id
    assert [(3, 17, 170), (5, 4, 44)] == [
        (each.partition, each.command.target, each.command.journal_offset) for each in (one, two)
    ]
    assert ("all", "a bug", NOON, NOON + HOUR_MS) == (
        one.command.emit,
        one.command.reason,
        one.command.at_ms,
        one.command.deadline_ms,
    )
    assert "@" in one.command.by


def test_a_rewind_as_json_says_it_all() -> None:
    found = history.as_json(told(ASKED, "accepted", "done"), NOON)

    assert found == json.loads(json.dumps(found))
    assert {
        "id": "ab12",
        "partition": 3,
        "by": "anna@desk",
        "reason": "wrong rate",
        "state": "done",
        "counts": COUNTS,
        "records": {"bets": 80, "orders": 0},
        "asked_at": "2025-11-20T12:00:00Z",
    }.items() <= found.items()


def earlier(id_: str, at_ms: int, target_at_ms: int, done_at_ms: int | None, partition: int = 3) -> Rewind:
    command = COMMAND._replace(id=id_, at_ms=at_ms)
    done = () if done_at_ms is None else (answer("done", at_ms=done_at_ms, command=command),)
    return Rewind(partition, command, Planned(PLAN, target_at_ms, at_ms), done)


DAY_MS = 24 * HOUR_MS


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([], NOON - HOUR_MS, id="what was told since the target"),
        pytest.param(
            [earlier("x", NOON - DAY_MS, NOON - 2 * DAY_MS, NOON - DAY_MS)],
            NOON - HOUR_MS,
            id="a rewind that was over long before",
        ),
        pytest.param(
            [earlier("x", NOON - 2 * HOUR_MS, NOON - DAY_MS, NOON - HOUR_MS // 2)],
            NOON - DAY_MS,
            id="a replay that the target lies in: what it did not send was told before",
        ),
        pytest.param(
            [
                earlier("x", NOON - DAY_MS - HOUR_MS, NOON - 3 * DAY_MS, NOON - DAY_MS),
                earlier("y", NOON - 2 * HOUR_MS, NOON - DAY_MS - HOUR_MS // 2, NOON - HOUR_MS // 2),
            ],
            NOON - 3 * DAY_MS,
            id="and so on",
        ),
        pytest.param(
            [earlier("x", NOON - 2 * HOUR_MS, NOON - DAY_MS, None)], NOON - HOUR_MS, id="one that was never done"
        ),
        pytest.param(
            [earlier("x", NOON - 2 * HOUR_MS, NOON - DAY_MS, NOON - HOUR_MS // 2, partition=4)],
            NOON - HOUR_MS,
            id="another partition's",
        ),
    ],
)
def test_what_was_taken_back_was_told_since(others: list[Rewind], expected: int) -> None:
    assert expected - SLACK_MS == heard_since(ASKED, [*others, ASKED])


def test_without_a_plan_nobody_knows_since_when() -> None:
    assert 0 == heard_since(ASKED._replace(planned=None), [])
