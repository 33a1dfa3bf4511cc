"""What a terminal of 80 columns shows of plans, rewinds and reports; and which events can be taken back."""

from typing import Any

import pytest

from topologies.operations.rewind import showing
from topologies.operations.rewind.correction import Heard, correction
from topologies.operations.rewind.differences import Difference
from topologies.operations.rewind.history import Rewind
from topologies.operations.rewind.planned import Planned
from topologies.runtime.journal.plan import Plan
from topologies.runtime.rewinding.control import Answer, Command

NOON = 1_763_640_000_000
PLAN = Plan(
    partition=3,
    commit=117,
    journal_offset=170,
    newest=220,
    newest_offset=200,
    inputs={"netgaming.debits": 190_210, "platform.bonuses": 54_012, "rebilly.orders": 500},
    back_to={"netgaming.debits": 90_210, "platform.bonuses": 44_012, "rebilly.orders": 500},
    records={"netgaming.debits": 100_000, "platform.bonuses": 10_000, "rebilly.orders": 0},
    rows=1_234_567,
    players=10_000,
    events=110_321,
    dead_letters=2,
    steps=62,
)
PLANNED = Planned(PLAN, NOON, NOON + 1)
COMMAND = Command("ab12cd34", 117, 170, "delta", "anna@desk", "wrong rate of GBP", NOON, NOON + 1)
DONE = Answer("ab12cd34", "done", "", NOON, {"changed": 12, "same": 1_950, "dead-letters-same": 3})
BET = {"type": "Bet", "status": "Approved", "amount": 1.5, "currency": "EUR", "user_id": "anna", "vendor_name": "A"}


def test_a_plan_is_a_line_with_its_place_below() -> None:
    small = PLAN._replace(partition=12, commit=9, rows=3, records={"a": 1}, events=0, players=1, steps=1)

    assert [
        "PARTITION  COMMIT       ROWS  RECORDS   EVENTS  PLAYERS  STEPS  ESTIMATE",
        "        3     117  1,234,567  110,000  110,321   10,000     62     2 min",
        "  2025-11-20T12:00:00Z: netgaming.debits 90210 (now 190210),",
        "  platform.bonuses 44012 (now 54012), rebilly.orders 500; 2 dead letters",
        "       12       9          3        1        0        1      1       1 s",
    ] == showing.plans([PLANNED, Planned(small, NOON, NOON)]).splitlines()[:5]


def test_what_is_under_way_says_how_far_it_is() -> None:
    rewind = Rewind(3, COMMAND, PLANNED, (DONE._replace(outcome="back", counts={}),))
    committed = {("netgaming.debits", 3): 91_710, ("platform.bonuses", 3): 44_012, ("rebilly.orders", 3): 500}

    assert [
        "ID        PARTITION  COMMIT  STATE              REPLAYED",
        "ab12cd34          3     117  replaying  1,500 of 110,000",
        "  by anna@desk: wrong rate of GBP. netgaming.debits 91710 of 190210,",
        "  platform.bonuses 44012 of 54012, rebilly.orders 500 of 500",
    ] == showing.status([rewind], committed, NOON).splitlines()


def test_the_history_says_by_whom_why_and_what_came_out() -> None:
    refused = DONE._replace(outcome="refused", why="commit 117 is out of reach", counts={})
    rewinds = [Rewind(3, COMMAND, PLANNED, (DONE,)), Rewind(12, COMMAND._replace(reason=""), None, (refused,))]

    assert [
        "WHEN                  ID        PARTITION  COMMIT  EMIT   OUTCOME",
        "2025-11-20T12:00:00Z  ab12cd34          3     117  delta  done",
        "  by anna@desk: wrong rate of GBP. same 1,950, changed 12, added 0, vanished 0,",
        "  dead-letters-same 3",
        "2025-11-20T12:00:00Z  ab12cd34         12     117  delta  refused",
        "  by anna@desk. commit 117 is out of reach",
    ] == showing.history(rewinds, NOON).splitlines()


def difference(what: str, old: dict[str, Any] | None, new: dict[str, Any] | None, key: str = "anna") -> Difference:
    heard = None if old is None else Heard("CASINO", old)
    return Difference(3, what, key, "casino/debit/c1", what == "added", heard, new)


def test_a_report_has_old_and_new_and_what_could_be_sent() -> None:
    shown = showing.report(
        [
            difference("changed", BET, {**BET, "vendor_name": "B", "amount": 2}),
            difference("added", None, BET),
            difference("vanished", BET, None),
            difference("changed", None, BET),
            difference("vanished", None, None, key=""),
        ]
    )

    assert [
        "WHAT      PLAYER          SENT  EVENT",
        "changed   anna            no    casino/debit/c1",
        '  amount 1.5 → 2, vendor_name "A" → "B"',
        "  correction: CASINO Bet Rollback 1.5 EUR",
        "added     anna            yes   casino/debit/c1",
        "  Bet Approved 1.5 EUR",
        "vanished  anna            no    casino/debit/c1",
        "  was Bet Approved 1.5 EUR",
        "  correction: CASINO Bet Rollback 1.5 EUR",
        "changed   anna            no    casino/debit/c1",
        "  what was heard is not in its topic any more",
        "vanished  dead letter     no    casino/debit/c1",
    ] == list(shown)


def test_a_report_without_differences_is_empty() -> None:
    assert [] == list(showing.report([]))


def test_what_a_source_has_sent_does_not_steer_the_terminal() -> None:
    [_, line, below] = showing.report([difference("added", None, {"type": "\x1b[2J"}, key="\x1b[31m")])

    assert "\x1b" not in line + below


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.5, "1 s"), (4.6, "5 s"), (59, "59 s"), (90, "2 min"), (3_600, "1.0 h")]
)
def test_durations_are_rough(seconds: float, expected: str) -> None:
    assert expected == showing.duration(seconds)


PAYMENT = {"type": "Credit", "status": "Approved", "amount": 45, "payment_id": "o1", "user_id": "anna"}


@pytest.mark.parametrize(
    ("what", "heard"),
    [
        pytest.param("vanished", Heard("PAYMENT", PAYMENT), id="a payment that should not have been"),
        pytest.param("changed", Heard("PAYMENT", PAYMENT), id="a payment of another amount"),
        pytest.param("vanished", Heard("CASINO", BET), id="a bet"),
    ],
)
def test_what_moved_money_can_be_rolled_back(what: str, heard: Heard) -> None:
    found = correction(what, heard)

    expected = {"key": "anna", "headers": {"type": heard.type}, "value": {**heard.value, "status": "Rollback"}}
    assert expected == found


@pytest.mark.parametrize(
    ("what", "heard"),
    [
        pytest.param("added", Heard("PAYMENT", PAYMENT), id="what was sent rightly"),
        pytest.param("vanished", Heard("PAYMENT", {**PAYMENT, "status": "Requested"}), id="what moved no money"),
        pytest.param("vanished", Heard("PAYMENT", {**PAYMENT, "status": "Rollback"}), id="a Rollback"),
        pytest.param("vanished", Heard("BONUS", {"status": "Completed"}), id="a bonus"),
        pytest.param("vanished", None, id="what nobody knows any more"),
    ],
)
def test_other_events_cannot(what: str, heard: Heard | None) -> None:
    assert correction(what, heard) is None


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param((DONE,), "done, same 1,950, changed 12, added 0, vanished 0, dead-letters-same 3", id="done"),
        pytest.param((DONE._replace(outcome="refused", why="no"),), "refused: no", id="refused"),
        pytest.param((DONE._replace(outcome="back"),), "replaying", id="on its way"),
        pytest.param((), "expired: no worker has answered", id="nobody has said anything"),
    ],
)
def test_the_end_of_a_rewind_is_one_line(answers: tuple[Answer, ...], expected: str) -> None:
    assert f"partition 3: {expected}" == showing.heading(Rewind(3, COMMAND, PLANNED, answers), NOON + 2)
