"""Bonuses that a deposit earns: they wait for the money, and go with it."""

from typing import Any

import pytest
from saga import Saga
from samples import DAY, HOUR, MINUTE, NOON, SECOND, bonus_change, order, wallet_call

from processors.facts import BonusChange, Fact, Order
from processors.rates import Rates
from processors.rules import Rules

ORDER = "123_4567899"
LIMIT = 72 * HOUR


def word(n: int, status: str, **said: Any) -> BonusChange:
    """What the platform says in the n-th minute, of a bonus with an order."""
    return bonus_change(NOON + n * MINUTE, **{"status": status, "order_id": ORDER, **said})


def paid(n: int, status: str = "completed", result: str = "approved", **said: Any) -> Order:
    """What the vendor says in the n-th minute."""
    return order(NOON + n * MINUTE, **{"status": status, "result": result, **said})


REQUESTED = paid(0, "pending", "unknown")
APPROVED = paid(10)
REJECTED = paid(10, "completed", "declined")
CANCELLED = paid(10, "never-sent", "canceled")
ROLLED_BACK = paid(20, "voided")


def times(saga: Saga) -> list[str]:
    """BONUS events, each with the minute of its timestamp."""
    bonus = [event for event in saga.events if event.type == "BONUS"]
    return [f"{event.event_id.split('/', 2)[2]} {event.payload['timestamp'][11:16]}" for event in bonus]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([word(0, "Pending")], ["0/Pending 12:00"], id="pending is told at once"),
        pytest.param([word(1, "Created")], [], id="created waits for a payment nobody has seen"),
        pytest.param([REQUESTED, word(1, "Created")], [], id="or that is only requested"),
        pytest.param([word(1, "Forfeited")], [], id="an end waits as well"),
        pytest.param([word(1, "Created"), REQUESTED, APPROVED], ["0/Created 12:10"], id="approved: told"),
        pytest.param([APPROVED, word(11, "Created")], ["0/Created 12:11"], id="approved before: told at once"),
        pytest.param([word(11, "Created"), APPROVED], ["0/Created 12:11"], id="the later of the two times"),
        pytest.param(
            [word(1, "Created"), word(2, "Ongoing"), word(3, "Completed"), APPROVED],
            ["0/Created 12:10", "0/Ongoing/0 12:10", "0/Completed 12:10"],
            id="all that waited, in order",
        ),
        pytest.param(
            [word(0, "Pending"), word(1, "Ongoing"), APPROVED],
            ["0/Pending 12:00", "0/Created 12:10", "0/Ongoing/0 12:10"],
            id="by the table",
        ),
        pytest.param(
            [word(1, "Created"), REQUESTED, REJECTED], ["0/Forfeited 12:10"], id="rejected: forfeited instead"
        ),
        pytest.param([word(1, "Created"), CANCELLED], ["0/Forfeited 12:10"], id="cancelled: forfeited instead"),
        pytest.param([REJECTED, word(11, "Created")], ["0/Forfeited 12:11"], id="rejected before: forfeited instead"),
        pytest.param(
            [word(1, "Created"), word(2, "Ongoing"), word(3, "Forfeited"), REJECTED],
            ["0/Forfeited 12:10"],
            id="forfeited in place of the first, the others by the table",
        ),
        pytest.param(
            [word(0, "Pending"), REJECTED], ["0/Pending 12:00", "0/Forfeited 12:10"], id="only pending, then rejected"
        ),
        pytest.param(
            [REJECTED, word(11, "Pending"), word(12, "Created")],
            ["0/Pending 12:11", "0/Forfeited 12:11"],
            id="rejected, then only pending",
        ),
        pytest.param(
            [REJECTED, word(5, "Pending")],
            ["0/Pending 12:05", "0/Forfeited 12:10"],
            id="rejected, then only pending, by the payment's time",
        ),
        pytest.param(
            [word(0, "Pending"), REJECTED, word(11, "Created")],
            ["0/Pending 12:00", "0/Forfeited 12:10"],
            id="created after a rejection is late",
        ),
        pytest.param(
            [word(1, "Created"), word(2, "Pending"), APPROVED],
            ["0/Created 12:10"],
            id="pending behind a record that waits keeps its place",
        ),
        pytest.param(
            [REJECTED, paid(20), word(21, "Created")], ["0/Forfeited 12:21"], id="the first final status decides"
        ),
        pytest.param(
            [word(1, "Created"), REJECTED, paid(20)], ["0/Forfeited 12:10"], id="a late approval restores nothing"
        ),
        pytest.param(
            [word(1, "Created"), REJECTED, word(11, "Reversed")],
            ["0/Forfeited 12:10", "1/Reversed 12:11"],
            id="the platform may restore it",
        ),
        pytest.param(
            [bonus_change(NOON, status="Pending"), word(1, "Created"), APPROVED],
            ["0/Pending 12:00", "0/Created 12:10"],
            id="the order is named when it is known",
        ),
        pytest.param(
            [word(1, "Created"), word(2, "Ongoing", order_id="another"), APPROVED],
            ["0/Created 12:10", "0/Ongoing/0 12:10"],
            id="the order is the first one named",
        ),
        pytest.param(
            [bonus_change(NOON), word(1, "Created"), word(2, "Ongoing", order_id=None)],
            ["0/Created 12:00", "0/Ongoing/0 12:02"],
            id="a dup names no order",
        ),
        pytest.param(
            [word(1, "Created"), paid(2, "paid", kind="withdrawal")],
            [],
            id="a payout earns nothing",
        ),
    ],
)
def test_a_bonus_waits_for_its_deposit(facts: list[Fact], expected: list[str]) -> None:
    saga = Saga(*facts)
    assert (times(saga), saga.refusals) == (expected, [])


def test_the_payment_is_told_before_its_bonus() -> None:
    assert Saga(word(1, "Created"), APPROVED).ids() == [f"payment/{ORDER}/Approved", "0/Created"]


@pytest.mark.parametrize("decision", [APPROVED, REJECTED])
def test_the_cause_of_an_event_is_the_record_that_waited(decision: Order) -> None:
    saga = Saga(REQUESTED, word(1, "Created"), decision)
    assert [event.cause for event in saga.events if event.type == "BONUS"] == ["topic/0/2"]


def test_the_cause_of_forfeiting_what_is_only_pending_is_the_order() -> None:
    assert Saga(word(0, "Pending"), REJECTED).events[-1].cause == "topic/0/2"


def test_a_waiting_record_that_is_refused_is_its_own_dead_letter_and_the_others_go_on() -> None:
    saga = Saga(word(1, "Created"), word(2, "Reversed"), word(3, "Ongoing"), APPROVED)
    assert times(saga) == ["0/Created 12:10", "0/Ongoing/0 12:10"]
    (refusal,) = saga.refusals
    assert (refusal.kind, refusal.reason) == ("illegal-transition", "Reversed after Created")
    assert refusal.waited is not None
    assert (refusal.waited.cause, refusal.waited.fact) == ("topic/0/2", word(2, "Reversed"))


def test_a_bonus_that_has_ended_keeps_its_end_when_its_deposit_fails() -> None:
    pending = word(0, "Pending", expires_at=NOON + 5 * MINUTE)
    saga = Saga(pending, word(1, "Created", expires_at=NOON + 5 * MINUTE), REJECTED)
    assert (times(saga), saga.refusals) == (["0/Pending 12:00", "0/Expired 12:05"], [])
    assert saga.counts[-1] == "bonuses-late"


def test_an_ended_bonus_is_not_forfeited_by_a_failed_deposit_named_afterwards() -> None:
    named = word(11, "Completed")
    saga = Saga(bonus_change(NOON), bonus_change(NOON + 1, status="Lost"), REJECTED, named, named)
    assert (saga.bonus(), saga.counts) == (["0/Created", "0/Lost"], ["bonuses-late", "bonuses-repeated"])


def test_nothing_is_left_of_what_waited_for_the_money() -> None:
    rows = Saga(word(1, "Created"), word(2, "Ongoing"), APPROVED).window.living()
    assert [kind for kind, _ in rows if kind == "held"] == []


def test_a_pending_bonus_that_has_expired_is_not_forfeited_too() -> None:
    assert Saga(word(0, "Pending", expires_at=NOON + 5 * MINUTE), REJECTED).bonus() == ["0/Pending", "0/Expired"]


def test_a_waiting_record_that_was_refused_stays_seen() -> None:
    saga = Saga(word(1, "Created"), word(2, "Reversed"), APPROVED, word(2, "Reversed"), word(1, "Lost"))
    assert (len(saga.refusals), saga.counts[-2:]) == (1, ["bonuses-repeated", "bonuses-late"])


@pytest.mark.parametrize(
    ("again", "counted"),
    [
        pytest.param(word(2, "Created"), "bonuses-repeated", id="twice"),
        pytest.param(word(1, "Lost"), "bonuses-late", id="older"),
    ],
)
def test_a_record_that_is_not_news_does_not_wait(again: BonusChange, counted: str) -> None:
    assert Saga(word(2, "Created"), again).counts == ["bonuses-waiting", counted]


def test_a_record_that_waits_needs_its_rate_when_it_comes() -> None:
    assert [kind for kind, _ in Saga(word(1, "Created"), rates=Rates("EUR")).refused()] == ["missing-rate"]


# The limit


def test_after_three_days_the_records_go_on_as_without_an_order() -> None:
    saga = Saga(word(0, "Created"), word(1, "Ongoing"), REQUESTED).pass_time(NOON + LIMIT - 1)
    assert saga.bonus() == []
    saga.pass_time(NOON + LIMIT)
    assert saga.bonus() == ["0/Created", "0/Ongoing/0"]
    assert saga.fields("Created", "timestamp") == [["2026-11-23T12:00:00Z"]]
    assert saga.counts[-1] == "bonuses-without-payment"


def test_the_limit_is_over_at_exactly_its_time() -> None:
    saga = Saga(word(0, "Created"), order(NOON + LIMIT, status="completed", result="declined"))
    assert saga.bonus() == ["0/Created"]


@pytest.mark.parametrize(
    ("status", "result", "expected"),
    [("completed", "approved", []), ("completed", "declined", [])],
)
def test_a_decision_after_the_limit_changes_nothing(status: str, result: str, expected: list[str]) -> None:
    saga = Saga(word(0, "Created"), REQUESTED, order(NOON + LIMIT + 1, status=status, result=result))
    assert saga.bonus()[1:] == expected


def test_records_after_the_limit_do_not_wait() -> None:
    saga = Saga(word(0, "Created")).take(bonus_change(NOON + LIMIT + 1, status="Ongoing", order_id=ORDER))
    assert saga.bonus() == ["0/Created", "0/Ongoing/0"]


def test_the_limit_is_stream_time_from_the_arrival() -> None:
    saga = Saga().pass_time(NOON + DAY).take(word(0, "Created")).pass_time(NOON + DAY + LIMIT - 1)
    assert saga.bonus() == []
    assert saga.pass_time(NOON + DAY + LIMIT).bonus() == ["0/Created"]


def test_a_decision_takes_the_limit_away() -> None:
    saga = Saga(word(1, "Created"), APPROVED)
    assert [timer.timer for timer in saga.window.timers] == []


# Rollbacks


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(
            [word(1, "Created"), APPROVED, ROLLED_BACK], ["0/Created 12:10", "0/Forfeited 12:20"], id="while active"
        ),
        pytest.param(
            [APPROVED, ROLLED_BACK, word(21, "Created")],
            ["0/Created 12:21", "0/Forfeited 12:21"],
            id="before created: after it",
        ),
        pytest.param(
            [word(1, "Pending"), APPROVED, ROLLED_BACK, word(21, "Created")],
            ["0/Pending 12:01", "0/Created 12:21", "0/Forfeited 12:21"],
            id="while pending: after created",
        ),
        pytest.param(
            [word(1, "Created"), word(2, "Ongoing"), paid(10, "partially-refunded", refunded_amount=1000)],
            ["0/Created 12:10", "0/Forfeited 12:10"],
            id="approved and rolled back by one record",
        ),
        pytest.param(
            [
                word(1, "Created"),
                APPROVED,
                paid(20, "partially-refunded", refunded_amount=1000),
                word(21, "Reversed"),
                word(22, "Ongoing"),
            ],
            ["0/Created 12:10", "0/Forfeited 12:20", "1/Reversed 12:21", "1/Ongoing/0 12:22"],
            id="once per rollback, not again when it is reversed",
        ),
        pytest.param(
            [
                word(1, "Created"),
                APPROVED,
                paid(20, "partially-refunded", refunded_amount=1000),
                word(21, "Reversed"),
                paid(30, "partially-refunded", refunded_amount=2000),
            ],
            ["0/Created 12:10", "0/Forfeited 12:20", "1/Reversed 12:21", "1/Forfeited 12:30"],
            id="but by the next rollback",
        ),
        pytest.param(
            [word(1, "Created"), APPROVED, word(11, "Completed"), ROLLED_BACK],
            ["0/Created 12:10", "0/Completed 12:11"],
            id="an ended bonus stays as it is",
        ),
        pytest.param(
            [word(1, "Created"), APPROVED, word(11, "Lost"), ROLLED_BACK, word(21, "Reversed")],
            ["0/Created 12:10", "0/Lost 12:11", "1/Reversed 12:21"],
            id="a rollback of its past does not follow a reversed bonus",
        ),
    ],
)
def test_a_rollback_of_the_deposit_forfeits(facts: list[Fact], expected: list[str]) -> None:
    saga = Saga(*facts)
    assert (times(saga), saga.refusals) == (expected, [])
    forfeited = [one for one in expected if "Forfeited" in one]
    assert saga.counts.count("bonuses-forfeited-with-deposit") == len(forfeited)


@pytest.mark.parametrize(
    "facts", [[word(1, "Created"), APPROVED, ROLLED_BACK], [APPROVED, ROLLED_BACK, word(21, "Created")]]
)
def test_by_policy_a_rollback_leaves_the_bonus(facts: list[Fact]) -> None:
    rules = Rules(origin="b.com", origin_by_casino={"123": "b.com"}, forfeit_on_deposit_rollback=False)
    assert Saga(*facts, rules=rules).bonus() == ["0/Created"]


def test_a_rollback_after_the_limit_still_forfeits() -> None:
    late = [
        order(NOON + LIMIT + n, status=status, result="approved") for n, status in [(1, "completed"), (2, "voided")]
    ]
    assert Saga(word(0, "Created"), REQUESTED, *late).bonus() == ["0/Created", "0/Forfeited"]


def test_bets_that_waited_for_the_money_find_a_bonus_that_was_rolled_back() -> None:
    bet = wallet_call(NOON + SECOND, bonus_amount=100, bonus_ref="111222333-77")
    refunded = paid(10, "partially-refunded", refunded_amount=1000)
    saga = Saga(bet, word(1, "Created"), refunded)
    assert saga.bonus() == ["0/Created", "0/Forfeited"]


# One OrderID, several payments; one payment, several bonuses


def test_an_order_id_means_its_latest_payment() -> None:
    old, new = NOON, NOON + 2 * DAY
    saga = Saga(
        order(old, status="completed", result="declined"),
        order(new, created_at=new, transaction_id="t2"),
        bonus_change(new + 1, order_id=ORDER),
    )
    assert saga.bonus() == []
    saga.take(order(new + 2, created_at=new, transaction_id="t2", status="completed", result="approved"))
    assert saga.bonus() == ["0/Created"]


def test_a_bonus_goes_by_the_payment_that_decided_when_its_order_id_is_used_again() -> None:
    new = NOON + 2 * DAY
    saga = Saga(word(1, "Created"), APPROVED, order(new, created_at=new, transaction_id="t2"))
    saga.take(order(new + 1, created_at=new, transaction_id="t2", status="completed", result="declined"))
    assert saga.bonus() == ["0/Created"]
    saga.take(order(new + 2, status="voided", result="approved"))
    assert saga.bonus() == ["0/Created", "0/Forfeited"]


def test_all_bonuses_of_a_deposit_go_by_it() -> None:
    saga = Saga(word(1, "Created"), word(1, "Created", user_bonus_id="second"), APPROVED)
    assert saga.bonus() == ["0/Created", "bonus/second/0/Created"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([word(1, "Created"), APPROVED], ["WELCOME100"], id="known, though it waits"),
        pytest.param([word(1, "Pending"), APPROVED], ["WELCOME100"], id="pending"),
        pytest.param([APPROVED, word(11, "Created")], [None], id="not known by then"),
        pytest.param(
            [word(1, "Created"), word(1, "Created", user_bonus_id="2", bonus_code="SECOND"), APPROVED],
            ["WELCOME100"],
            id="of the first linked bonus",
        ),
        pytest.param(
            [word(1, "Created", bonus_code=None), word(1, "Created", user_bonus_id="2"), APPROVED],
            [None],
            id="the first linked bonus has none",
        ),
    ],
)
def test_the_bonus_code_of_a_deposit(facts: list[Fact], expected: list[str | None]) -> None:
    saga = Saga(*facts)
    assert [event.payload.get("bonus_code") for event in saga.events if event.type == "PAYMENT"] == expected


def test_a_withdrawal_has_no_bonus_code() -> None:
    saga = Saga(word(1, "Pending"), order(NOON + MINUTE, kind="withdrawal", status="paid", result="approved"))
    assert saga.fields("Approved", "bonus_code") == [[None]]
