"""Bonuses that a payout cost: they come back, once, when it fails."""

from typing import Any

import pytest
from saga import Saga
from samples import MINUTE, NOON, bonus_change, order, wallet_call

from processors.facts import BonusChange, Fact, Order


def word(n: int, status: str, **said: Any) -> BonusChange:
    return bonus_change(NOON + n * MINUTE, status=status, **said)


def payout(n: int, status: str, result: str = "approved", **said: Any) -> Order:
    fields = {"order_id": "P", "kind": "withdrawal", "status": status, "result": result}
    return order(NOON + n * MINUTE, **{**fields, **said})


GIVEN_UP = [word(0, "Created"), word(1, "Forfeited", forfeited_by="P")]
CANCELLED = [payout(0, "requested"), payout(5, "canceled", "canceled")]
REJECTED = [payout(0, "requested"), payout(5, "declined", "declined")]
PAID = [payout(0, "requested"), payout(5, "paid")]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([*GIVEN_UP, *CANCELLED], ["0/Forfeited", "1/Reversed"], id="cancelled"),
        pytest.param([*GIVEN_UP, *REJECTED], ["0/Forfeited", "1/Reversed"], id="rejected"),
        pytest.param([*CANCELLED, *GIVEN_UP], ["0/Forfeited", "1/Reversed"], id="cancelled before"),
        pytest.param([*GIVEN_UP, *PAID], ["0/Forfeited"], id="paid"),
        pytest.param([*GIVEN_UP, payout(5, "requested")], ["0/Forfeited"], id="undecided"),
        pytest.param(
            [*CANCELLED, payout(9, "paid"), *GIVEN_UP], ["0/Forfeited", "1/Reversed"], id="cancelled, paid late"
        ),
        pytest.param([*GIVEN_UP, *PAID, payout(9, "returned")], ["0/Forfeited"], id="paid and returned"),
        pytest.param([word(0, "Created"), word(1, "Forfeited"), *CANCELLED], ["0/Forfeited"], id="for no payout"),
        pytest.param(
            [*GIVEN_UP, payout(5, "completed", "declined", kind="deposit")], ["0/Forfeited"], id="for what is a deposit"
        ),
        pytest.param(
            [word(0, "Created"), word(1, "Lost", forfeited_by="P"), *CANCELLED], ["0/Lost"], id="lost, not forfeited"
        ),
        pytest.param(
            [*GIVEN_UP, word(6, "Reversed"), *CANCELLED], ["0/Forfeited", "1/Reversed"], id="the platform was quicker"
        ),
        pytest.param(
            [*GIVEN_UP, *CANCELLED, word(6, "Reversed")],
            ["0/Forfeited", "1/Reversed"],
            id="reported by the platform too: a dup",
        ),
        pytest.param(
            [*CANCELLED, *GIVEN_UP, word(6, "Forfeited", forfeited_by="P")],
            ["0/Forfeited", "1/Reversed", "1/Forfeited"],
            id="once for one payout",
        ),
        pytest.param(
            [*GIVEN_UP, word(6, "Reversed"), word(7, "Forfeited", forfeited_by="P"), *CANCELLED],
            ["0/Forfeited", "1/Reversed", "1/Forfeited"],
            id="once, be it by the platform",
        ),
        pytest.param(
            [*CANCELLED, *GIVEN_UP, word(6, "Forfeited", forfeited_by="Q"), payout(7, "canceled", order_id="Q")],
            ["0/Forfeited", "1/Reversed", "1/Forfeited", "2/Reversed"],
            id="and again for another payout",
        ),
        pytest.param(
            [word(0, "Created"), word(1, "Forfeited"), word(2, "Forfeited", forfeited_by="P"), *CANCELLED],
            ["0/Forfeited"],
            id="a dup names no payout",
        ),
    ],
)
def test_a_bonus_comes_back_when_the_payout_that_cost_it_fails(facts: list[Fact], expected: list[str]) -> None:
    saga = Saga(*facts)
    assert (saga.bonus()[1:], saga.refusals) == (expected, [])


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([*GIVEN_UP, *CANCELLED], ["topic/0/4", "2026-11-20T12:05:00Z"], id="the payout came last"),
        pytest.param([*CANCELLED, *GIVEN_UP], ["topic/0/4", "2026-11-20T12:05:00Z"], id="the bonus came last"),
    ],
)
def test_it_comes_back_at_the_later_of_the_two_times_by_the_record_that_came_last(
    facts: list[Fact], expected: list[str]
) -> None:
    saga = Saga(*facts)
    assert [saga.events[-1].cause, saga.events[-1].payload["timestamp"]] == expected


def test_the_payment_is_told_before_the_bonus() -> None:
    assert Saga(*GIVEN_UP, *CANCELLED).ids()[-2:] == ["payment/P/Cancelled", "1/Reversed"]


def test_it_is_active_again() -> None:
    saga = Saga(*GIVEN_UP, *CANCELLED, wallet_call(NOON + 9 * MINUTE, bonus_amount=100))
    assert saga.bonus()[-1] == "1/Ongoing/0"


def test_bets_that_waited_for_it_are_applied() -> None:
    early = wallet_call(NOON, bonus_amount=100, bonus_ref="111222333-77")
    saga = Saga(early, word(1, "Forfeited", forfeited_by="P"), *CANCELLED)
    assert saga.bonus() == ["0/Forfeited", "1/Reversed", "1/Ongoing/0"]


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param([word(0, "Created"), word(1, "Forfeited")], id="forfeited for nothing"),
        pytest.param([word(0, "Created"), word(1, "Lost", forfeited_by="P")], id="lost, though a payout is named"),
        pytest.param([word(0, "Created"), word(1, "Forfeited"), word(2, "Reversed")], id="reversed for nothing"),
    ],
)
def test_only_a_bonus_that_a_payout_cost_hangs_on_it(facts: list[Fact]) -> None:
    assert [kind for kind, _ in Saga(*facts).window.living() if kind == "order-link"] == []


def test_two_bonuses_of_one_payout_come_back() -> None:
    other = [word(n, s, user_bonus_id="2", forfeited_by=p) for n, s, p in [(0, "Created", None), (1, "Forfeited", "P")]]
    assert Saga(*GIVEN_UP, *other, *CANCELLED).bonus()[-2:] == ["1/Reversed", "bonus/2/1/Reversed"]
