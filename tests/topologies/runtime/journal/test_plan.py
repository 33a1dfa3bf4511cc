"""A plan: what a rewind would do, in a file and out of it."""

import json
from typing import Any

import pytest

from tests.topologies import plans
from topologies.runtime.journal.assembly import commits
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.marker import Heard, Marker, encode
from topologies.runtime.journal.plan import Plan, Tally, check_current, from_json, to_json
from topologies.runtime.journal.record import Record
from topologies.runtime.journal.timeline import survey

PLAN = plans.PLAN._replace(
    inputs={"bets": 90_000, "orders": 10_500},
    back_to={"bets": 10_000, "orders": 500},
    records={"bets": 80_000, "orders": 10_000},
    rows=40_000,
    players=12,
    steps=2,
)


def journal() -> list[Record]:
    """Commit 1, the target; 2 was taken back by 3; 4 is there."""
    event, letter = Heard("p", "e", "1"), Heard("", "dead-letter/bets/3/17", "2")
    lines = [
        (b"before\0row\0a", None),
        *encode(Marker(1, {"bets": 10}, 0, heard=[event], images=1), ["bets"]),
        (b"p\0row\0a", None),
        (b"q\0row\0a", b"1"),
        *encode(Marker(2, {"bets": 15}, 0, heard=[event, event], images=2), ["bets"]),
        (b"p\0row\0a", b"2"),
        (b"q\0row\0a", b"2"),
        *encode(Marker(3, {"bets": 10}, 0, rewound_to=1, images=2), ["bets"]),
        (b"p\0row\0a", b"1"),
        (b"\0timer\0007\0t\0r\0x", None),
        *encode(Marker(4, {"bets": 20, "orders": 3}, 0, heard=[event, letter], images=2), ["bets", "orders"]),
    ]
    return [Record(offset, key, value) for offset, (key, value) in enumerate(lines)]


def test_a_plan_counts_what_was_done_since() -> None:
    tally = Tally()
    target, *behind = tally.look(journal())
    tally.add(behind, survey(commits(journal())))

    assert Plan(
        partition=3,
        commit=1,
        journal_offset=1,
        newest=4,
        newest_offset=10,
        inputs={"bets": 20, "orders": 3},
        back_to={"bets": 10},
        records={"bets": 10},
        rows=6,
        players=3,
        events=1,
        dead_letters=1,
        steps=2,
    ) == tally.plan(3, target.commit, behind[-1].commit, step_rows_max=6)


def test_a_plan_of_going_nowhere_does_nothing() -> None:
    tally = Tally()
    *_, newest = seen = tally.look(journal())
    tally.add(seen, survey(commits(journal())))
    nothing = tally.plan(3, newest.commit, newest.commit, step_rows_max=6)

    assert (4, 4, 0, 0, 0, 0, 0.0) == (
        *(nothing.commit, nothing.newest, nothing.rows, nothing.players, nothing.events),
        *(nothing.steps, nothing.estimate_s),
    )


def test_a_plan_says_roughly_how_long() -> None:
    assert 40_000 / 20_000 + 90_000 / 4_000 + 2 * 0.5 == PLAN.estimate_s


def test_a_plan_comes_back_from_its_file() -> None:
    assert PLAN == from_json(to_json(PLAN))


def test_people_find_the_estimate_in_the_file() -> None:
    assert PLAN.estimate_s == json.loads(to_json(PLAN))["estimate_s"]


def changed(**fields: Any) -> bytes:
    values = {**json.loads(to_json(PLAN)), **fields}
    return json.dumps({name: value for name, value in values.items() if value is not ...}).encode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(b"", "this is no plan of a rewind: it is not JSON", id="nothing"),
        pytest.param(b"\xff", "this is no plan of a rewind: it is not JSON", id="no text"),
        pytest.param(b"[]", "this is no plan of a rewind: it has no version `v`", id="a list"),
        pytest.param(b"{}", "this is no plan of a rewind: it has no version `v`", id="something else"),
        pytest.param(
            changed(v=2),
            "this plan has version 2, this release reads version 1: make it again",
            id="of another release",
        ),
        pytest.param(
            changed(rows=...),
            "this is no plan of a rewind: `rows` is not a whole number from 0 on",
            id="a field is gone",
        ),
        pytest.param(
            changed(commit=-1), "this is no plan of a rewind: `commit` is not a whole number from 0 on", id="below 0"
        ),
        pytest.param(
            changed(steps=True), "this is no plan of a rewind: `steps` is not a whole number from 0 on", id="a truth"
        ),
        pytest.param(
            changed(inputs=[1]),
            "this is no plan of a rewind: `inputs` is not whole numbers from 0 on by topic",
            id="positions without topics",
        ),
        pytest.param(
            changed(back_to={"bets": "7"}),
            "this is no plan of a rewind: `back_to` is not whole numbers from 0 on by topic",
            id="a position in words",
        ),
    ],
)
def test_nonsense_is_no_plan(text: bytes, why: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared
        from_json(text)

    assert why == str(error.value)


def test_a_plan_holds_as_long_as_nothing_was_committed() -> None:
    check_current(PLAN, 20, 200)


@pytest.mark.parametrize(
    ("newest", "offset"),
    [
        pytest.param(21, 210, id="a commit since"),
        pytest.param(20, 990, id="another journal with the same number"),
        pytest.param(3, 30, id="numbers began anew"),
    ],
)
def test_a_plan_that_the_journal_has_outgrown_is_refused(newest: int, offset: int) -> None:
    with pytest.raises(Refused) as refused:
        check_current(PLAN, newest, offset)

    assert str(refused.value) == (
        f"the journal has outgrown this plan: it was made at commit 20, the newest is commit {newest}. "
        "make the plan again"
    )
