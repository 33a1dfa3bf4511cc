"""Bet rollbacks: once per bet, with the bet's money and the refund's time."""

from typing import Any

import pytest
from saga import Saga
from samples import DAY, MINUTE, NOON, SECOND, bonus_change, wallet_call

from processors.facts import Rate, WalletCall
from processors.rates import Rates

NAMED = {"bonus_ref": "111222333-77", "bonus_amount": 100}


def refund(at: int = NOON + MINUTE, **said: Any) -> WalletCall:
    """A refund that names its bet and says nothing else."""
    of_the_bet = {"game_id": None, "round_id": None, "game_name": None, "game_type": None, "is_round_end": None}
    return wallet_call(
        at,
        **{
            "action": "refund",
            "call_id": "r1",
            "original_id": "2322",
            "amount": 0,
            "balance": 1300,
            **of_the_bet,
            **said,
        },
    )


def test_a_rollback_is_the_bet_with_the_refunds_time_and_balance() -> None:
    saga = Saga(wallet_call(bonus_amount=30), refund())
    bet, rollback = (event.payload for event in saga.events)
    changed = {
        "status": "Rollback",
        "timestamp": "2026-11-20T12:01:00Z",
        "balance_after": 13.0,
        "balance_before": 12.3,
    }
    assert dict(rollback) == {**bet, **changed}
    assert saga.ids() == ["casino/debit/2322", "casino/refund/2322"]


@pytest.mark.parametrize(
    ("of_bet", "of_refund", "expected"),
    [
        pytest.param(True, None, True, id="the refund does not say"),
        pytest.param(True, False, False, id="the refund says no"),
        pytest.param(False, True, True, id="the refund says yes"),
    ],
)
def test_whether_a_rollback_ends_the_round(*, of_bet: bool, of_refund: bool | None, expected: bool) -> None:
    saga = Saga(wallet_call(is_round_end=of_bet), refund(is_round_end=of_refund))
    assert saga.fields("refund/2322", "is_round_end") == [[expected]]


def test_the_rate_of_a_rollback_is_the_bets() -> None:
    rates = Rates("EUR")
    rates.add(Rate("GBP", "1.17", 0))
    rates.add(Rate("GBP", "1.5", NOON + SECOND))
    assert Saga(wallet_call(), refund(), rates=rates).fields("", "exchange_rate") == [[1.17], [1.17]]


@pytest.mark.parametrize(
    ("again", "counted"),
    [
        pytest.param({}, "calls-repeated", id="the same refund"),
        pytest.param({"call_id": "r2"}, "refunds-repeated", id="another refund of the same bet"),
        pytest.param({"original_id": "other"}, "calls-repeated", id="the same id for another bet"),
    ],
)
def test_a_bet_is_rolled_back_once(again: dict[str, Any], counted: str) -> None:
    saga = Saga(wallet_call(), refund(), refund(NOON + 2 * MINUTE, **again))
    assert (saga.ids(), saga.counts) == (["casino/debit/2322", "casino/refund/2322"], [counted])


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        pytest.param({"amount": 100}, [], id="the bet's amount"),
        pytest.param({"amount": 99}, ["refunds-amount-differs"], id="another amount"),
        pytest.param({}, [], id="no amount"),
    ],
)
def test_a_rollback_has_the_bets_amount(said: dict[str, Any], counted: list[str]) -> None:
    saga = Saga(wallet_call(), refund(**said))
    assert (saga.fields("refund/2322", "amount"), saga.counts) == ([[1.0]], counted)


def test_a_refund_answered_in_another_currency_is_counted() -> None:
    assert Saga(wallet_call(), refund(response_currency="USD")).counts == ["calls-response-currency-differs"]


def test_a_refund_that_overtakes_its_bet_waits_and_follows_it() -> None:
    saga = Saga(refund(NOON))
    assert saga.events == []
    saga.take(wallet_call(NOON + MINUTE))
    assert [(event.event_id, event.cause, event.payload["timestamp"]) for event in saga.events] == [
        ("casino/debit/2322", "topic/0/2", "2026-11-20T12:01:00Z"),
        ("casino/refund/2322", "topic/0/1", "2026-11-20T12:01:00Z"),
    ]
    assert saga.counts == ["refunds-waiting", "refunds-matched"]
    assert (saga.window.timers, [kind for kind, _ in saga.window.living()]) == (set(), ["refund", "bet"])


def test_an_overtaking_refund_keeps_its_time_when_it_is_the_later() -> None:
    saga = Saga(refund(NOON + MINUTE), wallet_call(NOON))
    assert saga.fields("refund/2322", "timestamp") == [["2026-11-20T12:01:00Z"]]


def test_a_bet_that_was_refunded_before_it_came_counts_no_wagering() -> None:
    saga = Saga(bonus_change(), refund(NOON + 1), wallet_call(NOON + 2, **NAMED))
    assert saga.ids() == ["0/Created", "casino/debit/2322", "casino/refund/2322"]


def test_a_further_refund_of_a_bet_that_has_not_come_is_dropped() -> None:
    saga = Saga(refund(NOON), refund(NOON + 1, call_id="r2"), wallet_call(NOON + 2))
    assert saga.ids() == ["casino/debit/2322", "casino/refund/2322"]
    assert saga.counts == ["refunds-waiting", "refunds-repeated", "refunds-matched"]


def test_a_refund_of_a_bet_never_seen_is_counted_after_the_retention() -> None:
    saga = Saga(refund(NOON)).pass_time(NOON + 7 * DAY - 1)
    assert saga.counts == ["refunds-waiting"]
    assert saga.pass_time(NOON + 7 * DAY).counts == ["refunds-waiting", "refunds-unmatched"]
    assert saga.pass_time(NOON + 7 * DAY + 1).window.living() == {}


def test_a_refused_bet_leaves_its_refund_waiting() -> None:
    saga = Saga(refund(NOON))
    rates, saga.rates = saga.rates, Rates("EUR")
    saga.take(wallet_call(NOON + 1))
    saga.rates = rates
    saga.take(wallet_call(NOON + 1))
    assert ([kind for kind, _ in saga.refused()], saga.ids()) == (
        ["missing-rate"],
        ["casino/debit/2322", "casino/refund/2322"],
    )


def test_a_refund_takes_its_bets_wagering_back() -> None:
    saga = Saga(
        bonus_change(required=1000),
        wallet_call(NOON + 1, **NAMED),
        refund(NOON + 2),
        wallet_call(NOON + 3, call_id="2", amount=300, bonus_ref="111222333-77", bonus_amount=300),
    )
    assert saga.fields("Ongoing/1", "meta") == [[{"wagered_amount": 3.0, "open_requirement": 7.0}]]


def test_a_step_is_told_once_however_the_wagering_sinks() -> None:
    bets = [wallet_call(NOON + n, call_id=f"{n}", amount=250, bonus_amount=250) for n in (1, 3, 5)]
    saga = Saga(
        bonus_change(required=1000),
        bets[0],
        refund(NOON + 2, original_id="1"),
        bets[1],
        refund(NOON + 4, original_id="3", call_id="r2"),
        bets[2],
    )
    assert saga.bonus() == ["0/Created", "0/Ongoing/0"]


def test_an_ended_bonus_stays_ended_when_its_bet_is_refunded() -> None:
    end = wallet_call(NOON + 1, amount=1000, bonus_amount=1000, is_round_end=True)
    saga = Saga(bonus_change(required=1000), end, refund(NOON + 2))
    assert saga.bonus() == ["0/Created", "0/Ongoing/0", "0/Completed"]
    saga.take(wallet_call(NOON + 3, call_id="2", bonus_amount=100, is_round_end=True))
    assert saga.bonus() == ["0/Created", "0/Ongoing/0", "0/Completed"]


def test_a_bet_and_its_refund_wait_for_the_bonus_together() -> None:
    saga = Saga(
        wallet_call(NOON, **NAMED),
        refund(NOON + 1),
        wallet_call(NOON + 2, call_id="2", **NAMED),
        bonus_change(NOON + 3, required=200),
    )
    assert saga.ids() == [
        "casino/debit/2322",
        "casino/refund/2322",
        "casino/debit/2",
        "0/Created",
        "0/Ongoing/0",
    ]
    assert saga.fields("Ongoing/0", "meta") == [[{"wagered_amount": 1.0, "open_requirement": 1.0}]]
    saga.take(wallet_call(NOON + 4, call_id="3", **NAMED))
    assert saga.fields("Ongoing/1", "meta") == [[{"wagered_amount": 2.0, "open_requirement": 0.0}]]
