"""CASINO events of wallet calls: bets, wins, and what is dropped."""

from typing import Any

import pytest
from saga import RULES, Saga
from samples import DAY, NOON, SECOND, wallet_call

from processors.facts import Invalid
from processors.rates import Rates
from processors.rules import Rules


def win(at: int = NOON, **said: Any) -> Any:
    return wallet_call(at, **{"action": "win", **said})


def test_a_bet_as_the_crm_hears_it() -> None:
    (event,) = Saga(wallet_call(bonus_amount=30)).events
    assert (event.type, event.event_id, event.user_id, event.cause) == (
        "CASINO",
        "casino/debit/2322",
        "111222333",
        "topic/0/1",
    )
    assert dict(event.payload) == {
        "activity_id": "2322",
        "amount": 1.0,
        "wager_amount": 0.7,
        "bonus_wager_amount": 0.3,
        "locked_wager_amount": 0.0,
        "balance_after": 12.0,
        "balance_before": 12.7,
        "currency": "GBP",
        "exchange_rate": 1.17,
        "game_id": "1",
        "game_name": "ageofdavinci",
        "game_type": "Slots",
        "is_round_end": False,
        "origin": "brand.com",
        "round_id": "198909",
        "status": "Approved",
        "timestamp": "2026-11-20T12:00:00Z",
        "type": "Bet",
        "user_id": "111222333",
        "vendor_id": "netgaming",
        "vendor_name": "NetGaming",
    }


@pytest.mark.parametrize(
    ("said", "before", "after"),
    [
        pytest.param({"amount": 300, "balance": 1500}, 12.0, 15.0, id="a win came on top"),
        pytest.param({"amount": 300, "bonus_amount": 100, "balance": 1500}, 13.0, 15.0, id="only its real money"),
        pytest.param({"amount": 300, "balance": 200}, None, 2.0, id="negative is left out"),
        pytest.param({"balance": None}, None, None, id="unknown is left out"),
    ],
)
def test_the_balances_of_a_win(said: dict[str, Any], before: float | None, after: float | None) -> None:
    assert Saga(win(**said)).fields("", "type", "balance_before", "balance_after") == [["Win", before, after]]


@pytest.mark.parametrize(
    ("calls", "expected", "counted"),
    [
        pytest.param([wallet_call()] * 2, ["casino/debit/2322"], ["calls-repeated"], id="a bet told twice"),
        pytest.param([win()] * 2, ["casino/credit/2322"], ["calls-repeated"], id="a win told twice"),
        pytest.param(
            [wallet_call(), win()], ["casino/debit/2322", "casino/credit/2322"], [], id="a bet and a win of one id"
        ),
        pytest.param([wallet_call(succeeded=False)], [], ["calls-failed"], id="a call that failed"),
        pytest.param(
            [wallet_call(succeeded=False), wallet_call()],
            ["casino/debit/2322"],
            ["calls-failed"],
            id="failed, then tried again",
        ),
        pytest.param(
            [wallet_call(response_currency="USD")],
            ["casino/debit/2322"],
            ["calls-response-currency-differs"],
            id="answered in another currency",
        ),
    ],
)
def test_calls(calls: list[Any], expected: list[str], counted: list[str]) -> None:
    saga = Saga(*calls)
    assert (saga.ids(), saga.counts, saga.refusals) == (expected, counted, [])


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(Rules(origin="b.com", origin_by_currency={"GBP": "b.uk"}), "b.uk", id="by currency first"),
        pytest.param(Rules(origin="b.com", origin_by_currency={"EUR": "b.eu"}), "b.com", id="else the general one"),
    ],
)
def test_the_origin_of_a_call(rules: Rules, expected: str) -> None:
    assert Saga(wallet_call(), rules=rules).fields("", "origin") == [[expected]]


@pytest.mark.parametrize("call", [wallet_call(), win(), wallet_call(action="refund", original_id="1")])
def test_a_call_of_no_origin_is_refused(call: Any) -> None:
    assert Saga(call, rules=Rules()).refused() == [("unmapped-origin", "currency has no origin: `GBP`")]


@pytest.mark.parametrize("call", [wallet_call(), win()])
def test_a_call_without_a_rate_is_refused_and_not_remembered(call: Any) -> None:
    saga = Saga(call, rates=Rates("EUR"))
    assert saga.refused() == [("missing-rate", "no rate of GBP at 2026-11-20T12:00:00Z")]
    assert saga.window.living() == {}


def test_a_repeat_of_a_call_needs_no_rate() -> None:
    saga = Saga(wallet_call())
    saga.rates = Rates("EUR")
    assert (saga.take(wallet_call()).refusals, saga.counts) == ([], ["calls-repeated"])


def test_the_base_currency_has_rate_one() -> None:
    assert Saga(wallet_call(currency="EUR", response_currency="EUR")).fields("", "exchange_rate") == [[1.0]]


def test_casino_events_can_be_switched_off_and_state_is_kept() -> None:
    quiet, loud = (
        Saga(wallet_call(), win(), rules=Rules(origin="b.com", casino_events=False)),
        Saga(wallet_call(), win()),
    )
    assert (quiet.events, quiet.window.living()) == ([], loud.window.living())


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(7 * DAY, ["casino/debit/2322"], id="as old as the retention"),
        pytest.param(7 * DAY + 1, [], id="older"),
    ],
)
def test_a_call_older_than_the_retention_is_dropped(age: int, expected: list[str]) -> None:
    saga = Saga().pass_time(NOON + age).take(wallet_call())
    assert (saga.ids(), saga.counts) == (expected, [] if expected else ["calls-too-old"])


def test_a_call_is_known_for_as_long_as_it_would_be_taken() -> None:
    saga = Saga(wallet_call()).pass_time(NOON + 7 * DAY).take(wallet_call())
    assert saga.counts == ["calls-repeated"]
    assert saga.pass_time(NOON + 7 * DAY + 1).take(wallet_call()).counts == ["calls-repeated", "calls-too-old"]


def test_age_is_told_before_origin_and_form() -> None:
    saga = Saga(rules=Rules()).pass_time(NOON + 8 * DAY)
    saga.take(wallet_call(), Invalid("111222333", NOON, "call", "amount is negative"))
    assert (saga.refusals, saga.counts) == ([], ["calls-too-old", "calls-too-old"])


@pytest.mark.parametrize(
    ("of", "retention", "counted"),
    [("call", 7 * DAY, "calls-too-old"), ("bonus", 7 * DAY, "bonuses-too-old"), ("order", 180 * DAY, "orders-too-old")],
)
def test_an_invalid_record_is_refused_until_it_is_too_old(of: Any, retention: int, counted: str) -> None:
    fact = Invalid("111222333", NOON, of, "amount is negative")
    saga = Saga().pass_time(NOON + retention).take(fact)
    assert (saga.refused(), saga.counts) == ([("invalid", "amount is negative")], [])
    saga.pass_time(NOON + retention + 1).take(fact)
    assert (len(saga.refusals), saga.counts) == (1, [counted])


def test_a_plain_bet_leaves_one_row() -> None:
    assert list(Saga(wallet_call(is_round_end=True)).window.living()) == [("bet", "2322")]


def test_other_players_games_with_odd_names_keep_their_rounds_apart() -> None:
    saga = Saga(
        wallet_call(call_id="1", game_id="1/1", round_id="2", is_free_spin=True, bonus_ref="fs"),
        wallet_call(NOON + SECOND, call_id="2", game_id="1", round_id="1/2", is_free_spin=True, bonus_ref="fs"),
        rules=RULES,
    )
    assert len([key for key in saga.window.living() if key[0] == "round"]) == 2
