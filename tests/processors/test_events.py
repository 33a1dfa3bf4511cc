from typing import Any

import pytest

from processors import events
from processors.events import Event
from processors.facts import WalletCall
from processors.rules import Rules

PAYMENT: dict[str, Any] = {
    "user_id": "125917",
    "cause": "rebilly.orders/3/1017",
    "payment_id": "123_4567899",
    "status": "Approved",
    "kind": "deposit",
    "at": 1_795_176_000_000,
    "amount": 5500,
    "currency": "GBP",
    "rate": "1.17",
    "origin": "brand.com",
    "vendor_id": "101_WorldPay_GBP_X",
}
BONUS: dict[str, Any] = {
    "user_id": "125917",
    "cause": "platform.bonuses/3/12",
    "user_bonus_id": "125917-77",
    "bonus_id": "13et",
    "epoch": 0,
    "status": "Created",
    "type": "WelcomeBonus",
    "product": "Casino",
    "at": 1_795_176_000_000,
    "amount": 2000,
    "currency": "GBP",
    "rate": "1.17",
    "origin": "brand.com",
}
BET = WalletCall(
    player="125917",
    at=1_795_176_000_120,
    action="bet",
    call_id="2322",
    original_id=None,
    currency="GBP",
    amount=100,
    bonus_amount=30,
    balance=1200,
    bonus_balance=None,
    response_currency=None,
    game_id="1",
    round_id="198909",
    game_name="ageofdavinci",
    game_type="slots",
    is_free_spin=False,
    is_round_end=False,
    bonus_ref=None,
    succeeded=True,
)


def casino(call: WalletCall) -> Event:
    return events.casino(call, "netgaming.debits/3/8", "1.17", "brand.com", Rules())


def test_a_payment_has_what_the_contract_requires_and_no_nulls() -> None:
    expected = {
        "amount": 55.0,
        "currency": "GBP",
        "exchange_rate": 1.17,
        "origin": "brand.com",
        "payment_id": "123_4567899",
        "status": "Approved",
        "timestamp": "2026-11-20T12:00:00Z",
        "type": "Credit",
        "user_id": "125917",
        "vendor_id": "101_WorldPay_GBP_X",
    }

    assert (
        Event("PAYMENT", "payment/123_4567899/Approved", "125917", "rebilly.orders/3/1017", expected)
        == events.Payment(**PAYMENT).event()
    )


def test_a_payment_says_what_else_is_known() -> None:
    payload = events.Payment(**PAYMENT, bonus_code="W", note="insufficient_funds", vendor_name="Alipay").event().payload

    assert {"bonus_code": "W", "note": "insufficient_funds", "vendor_name": "Alipay"}.items() <= payload.items()


@pytest.mark.parametrize(("kind", "word"), [("deposit", "Credit"), ("withdrawal", "Debit")])
def test_a_deposit_is_credit_and_a_withdrawal_debit(kind: str, word: str | None) -> None:
    assert word == events.Payment(**{**PAYMENT, "kind": kind}).event().payload["type"]


@pytest.mark.parametrize(
    ("rollback", "event_id"),
    [(1, "payment/123_4567899/Rollback"), (2, "payment/123_4567899/Rollback/2")],
)
def test_a_second_rollback_is_numbered(rollback: int, event_id: str) -> None:
    rolled_back = events.Payment(**{**PAYMENT, "status": "Rollback"}, rollback=rollback).event()

    assert event_id == rolled_back.event_id


def test_a_bonus_has_what_the_contract_requires_and_no_nulls() -> None:
    expected = {
        "amount": 20.0,
        "bonus_id": "13et",
        "currency": "GBP",
        "exchange_rate": 1.17,
        "origin": "brand.com",
        "product": "Casino",
        "status": "Created",
        "timestamp": "2026-11-20T12:00:00Z",
        "type": "WelcomeBonus",
        "user_bonus_id": "125917-77",
        "user_id": "125917",
    }

    assert (
        Event("BONUS", "bonus/125917-77/0/Created", "125917", "platform.bonuses/3/12", expected)
        == events.Bonus(**BONUS).event()
    )


def test_a_bonus_says_what_else_is_known() -> None:
    payload = (
        events.Bonus(
            **BONUS, bonus_code="W", required=60000, locked=0, meta='{"a": 1}', references='{"id": "7"}', turned_real=5
        )
        .event()
        .payload
    )

    assert {
        "bonus_code": "W",
        "required_wagering_amount": 600.0,
        "locked_amount": 0.0,
        "meta": {"a": 1},
        "fasttrack_references": {"id": "7"},
    } == {name: payload[name] for name in payload if name not in events.Bonus(**BONUS).event().payload}


def test_what_turned_real_is_said_on_completed_only() -> None:
    assert events.Bonus(**{**BONUS, "status": "Completed"}, turned_real=5).event().payload["bonus_turned_real"] == 0.05


@pytest.mark.parametrize(
    ("wagered_percents", "required", "meta"),
    [
        pytest.param(10050, 60000, {"a": 1, "wagered_amount": 1.005, "open_requirement": 598.995}, id="on the way"),
        pytest.param(7000000, 60000, {"a": 1, "wagered_amount": 700.0, "open_requirement": 0.0}, id="beyond"),
        pytest.param(5000, None, {"a": 1, "wagered_amount": 0.5}, id="nothing required"),
        pytest.param(5000, 0, {"a": 1, "wagered_amount": 0.5}, id="zero required"),
    ],
)
def test_ongoing_carries_its_progress(wagered_percents: int, required: int | None, meta: dict[str, Any]) -> None:
    ongoing = events.Bonus(
        **{**BONUS, "status": "Ongoing", "epoch": 1},
        ongoing=2,
        wagered_percents=wagered_percents,
        required=required,
        meta='{"a": 1}',
    ).event()

    assert ("bonus/125917-77/1/Ongoing/2", meta) == (ongoing.event_id, ongoing.payload["meta"])


def test_a_bet_has_what_the_contract_requires() -> None:
    expected = {
        "activity_id": "2322",
        "amount": 1.0,
        "currency": "GBP",
        "exchange_rate": 1.17,
        "game_id": "1",
        "game_name": "ageofdavinci",
        "is_round_end": False,
        "origin": "brand.com",
        "round_id": "198909",
        "status": "Approved",
        "timestamp": "2026-11-20T12:00:00.120Z",
        "type": "Bet",
        "user_id": "125917",
        "vendor_id": "netgaming",
        "wager_amount": 0.7,
        "bonus_wager_amount": 0.3,
        "locked_wager_amount": 0.0,
        "balance_after": 12.0,
        "balance_before": 12.7,
        "game_type": "Slots",
        "vendor_name": "NetGaming",
    }

    assert Event("CASINO", "casino/debit/2322", "125917", "netgaming.debits/3/8", expected) == casino(BET)


@pytest.mark.parametrize(
    ("said", "event_id", "balance_before"),
    [
        pytest.param({}, "casino/debit/2322", 12.7, id="a bet took real money"),
        pytest.param({"action": "win"}, "casino/credit/2322", 11.3, id="a win gave it"),
        pytest.param({"action": "refund"}, "casino/refund/2322", 11.3, id="a refund gave it back"),
        pytest.param({"action": "win", "balance": 69}, "casino/credit/2322", None, id="never negative"),
        pytest.param({"action": "win", "balance": 70}, "casino/credit/2322", 0.0, id="zero is said"),
        pytest.param({"balance": None}, "casino/debit/2322", None, id="unknown without a balance"),
    ],
)
def test_the_balance_before_follows_from_the_real_money(
    said: dict[str, Any], event_id: str, balance_before: float | None
) -> None:
    event = casino(BET._replace(**said))

    assert (event_id, balance_before) == (event.event_id, event.payload.get("balance_before"))


@pytest.mark.parametrize(
    ("game_type", "word"),
    [("slots", "Slots"), ("table_games", "Table"), ("promo_freespin", "promo_freespin"), (None, None)],
)
def test_game_types_in_the_contracts_words(game_type: str | None, word: str | None) -> None:
    assert word == casino(BET._replace(game_type=game_type)).payload.get("game_type")


@pytest.mark.parametrize(
    ("source", "word"),
    [
        pytest.param("FreeSpins", "FreeSpins", id="in the list"),
        pytest.param("welcome", "WelcomeBonus", id="mapped"),
        pytest.param("Loyalty", "Undefined", id="outside the list"),
        pytest.param("odd", "Undefined", id="mapped to a word outside the list"),
        pytest.param("CashbackBonus", "ReloadBonus", id="the operator's mapping comes first"),
    ],
)
def test_bonus_types_in_the_contracts_words(source: str, word: str | None) -> None:
    mapping = {"welcome": "WelcomeBonus", "odd": "Strange", "CashbackBonus": "ReloadBonus"}

    assert word == events.bonus_type(source, mapping)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        pytest.param(1_795_176_000_000, "2026-11-20T12:00:00Z", id="whole seconds"),
        pytest.param(1_795_176_000_007, "2026-11-20T12:00:00.007Z", id="milliseconds have three digits"),
        pytest.param(1_772_323_199_999, "2026-02-28T23:59:59.999Z", id="the last of a month"),
        pytest.param(1_709_164_801_000, "2024-02-29T00:00:01Z", id="a leap day"),
        pytest.param(0, "1970-01-01T00:00:00Z", id="the epoch"),
    ],
)
def test_times_are_rfc_3339_in_utc(at: int, text: str) -> None:
    assert text == events.timestamp(at)
