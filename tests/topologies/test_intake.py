"""Vendors' records → facts: every rule of a form."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.facts import BonusChange, Invalid, Order, Rate, WalletCall
from processors.money import EXPONENTS, LARGEST
from topologies.graph import Entry
from topologies.intake import ENTRIES, fx, record_of
from topologies.intake.fact_json import dump_fact, load_fact
from topologies.intake.forms import Broken
from topologies.schemas import BONUSES, CALLS, ORDERS

AT = 1_795_168_800_000
ARRIVED = AT + 5
YEAR_10000 = 253_402_300_800_000

REQUEST: dict[str, Any] = {
    "player_id": "125917",
    "amount": 100,
    "amount_type": "real",
    "currency": "GBP",
    "channel": "desktop",
    "game_id": "1",
    "round_id": "198909",
    "game_type": "slots",
    "game_name": "ageofdavinci",
    "transaction_id": "2322",
    "original_transaction_id": None,
    "game_ended": False,
    "note": "debit",
    "additional_details": {"bonus_id": "13et"},
}
RESPONSE: dict[str, Any] = {
    "status": 1,
    "player_id": "125917",
    "currency": "GBP",
    "bonus_amount": 100,
    "balance": 1200,
    "transaction_id": "1222445",
    "bonus_bet": 40,
}
BET = WalletCall(
    player="125917",
    at=AT,
    action="bet",
    call_id="2322",
    original_id=None,
    currency="GBP",
    amount=100,
    bonus_amount=40,
    balance=1200,
    bonus_balance=100,
    response_currency="GBP",
    game_id="1",
    round_id="198909",
    game_name="ageofdavinci",
    game_type="slots",
    is_free_spin=False,
    is_round_end=False,
    bonus_ref="13et",
    succeeded=True,
)
BONUS: dict[str, Any] = {
    "player_id": "125917",
    "user_bonus_id": "125917-77",
    "bonus_id": "13et",
    "bonus_code": "WELCOME100",
    "type": "WelcomeBonus",
    "product": None,
    "status": "Created",
    "amount": "20.00",
    "currency": "GBP",
    "required_wagering_amount": "600.00",
    "locked_amount": "20",
    "bonus_turned_real": None,
    "order_id": "123_4567899",
    "forfeited_by_order_id": "",
    "expires_at": AT + 1,
    "free_spins": None,
    "origin": "",
    "meta": '{"a":1}',
    "fasttrack_references": None,
    "updated_at": AT,
}
CHANGE = BonusChange(
    player="125917",
    at=AT,
    user_bonus_id="125917-77",
    bonus_id="13et",
    type="WelcomeBonus",
    status="Created",
    amount=2000,
    currency="GBP",
    bonus_code="WELCOME100",
    product="Casino",
    required=60_000,
    locked=2000,
    turned_real=None,
    order_id="123_4567899",
    forfeited_by=None,
    expires_at=AT + 1,
    free_spins=None,
    origin=None,
    meta='{"a":1}',
    references=None,
)
ORDER_RECORD: dict[str, Any] = {
    "OrderID": "123_4567899",
    "TransactionID": "T1",
    "CasinoID": "123",
    "GSID": "22",
    "PlayerID": "123_111222333",
    "PaymentMethod": "alternative",
    "AlternativeMethod": "Alipay",
    "OrderCurrency": "GBP",
    "OrderAmount": "45.00",
    "PurchaseCurrency": "GBP",
    "PurchaseAmount": "55.00",
    "Status": "completed",
    "Result": "approved",
    "GatewayAccountID": "101_WorldPay_GBP_X",
    "ResponseMessage": "Successful approval",
    "CreatedTime": AT - 1000,
    "UpdatedTime": AT,
    "Kind": None,
    "RefundedAmount": None,
}
ORDER = Order(
    player="111222333",
    at=AT,
    created_at=AT - 1000,
    order_id="123_4567899",
    transaction_id="T1",
    casino_id="123",
    kind="deposit",
    status="completed",
    result="approved",
    currency="GBP",
    amount=4500,
    purchase_amount=5500,
    refunded_amount=None,
    gateway_account="101_WorldPay_GBP_X",
    alternative_method="Alipay",
    payment_method="alternative",
    response_message="Successful approval",
)


def call(response: dict[str, Any] | None = None, action: str = "debit", at: Any = AT, **request: Any) -> dict[str, Any]:
    return {
        "action": action,
        "answered_at": at,
        "request": {**REQUEST, **request},
        "response": {**RESPONSE, **(response or {})},
    }


def fact(source: str, record: dict[str, Any]) -> Any:
    return ENTRIES[source](record, ARRIVED).fact


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(call(), BET, id="bet"),
        pytest.param(call(action="credit"), BET._replace(action="win"), id="win"),
        pytest.param(
            call(action="refund", original_transaction_id="2321"),
            BET._replace(action="refund", original_id="2321"),
            id="refund that repeats the bet",
        ),
        pytest.param(
            call(
                {"bonus_bet": None, "balance": None, "bonus_amount": None, "currency": None},
                "refund",
                original_transaction_id="2321",
                **dict.fromkeys(("amount", "game_id", "round_id", "game_name", "game_type", "game_ended")),
                additional_details=None,
            ),
            BET._replace(
                action="refund",
                original_id="2321",
                amount=0,
                bonus_amount=0,
                balance=None,
                bonus_balance=None,
                response_currency=None,
                game_id=None,
                round_id=None,
                game_name=None,
                game_type=None,
                is_round_end=None,
                bonus_ref=None,
            ),
            id="refund that says nothing but whose and of what",
        ),
        pytest.param(call(original_transaction_id="9"), BET, id="a bet has no original"),
        pytest.param(call({"bonus_bet": None}), BET._replace(bonus_amount=0), id="absent bonus_bet is 0"),
        pytest.param(
            call(amount_type="promo_freespin"),
            BET._replace(is_free_spin=True, bonus_amount=100),
            id="free spin by amount_type: all is bonus money",
        ),
        pytest.param(
            call({"bonus_bet": 0}, game_type="promo_freespin"),
            BET._replace(is_free_spin=True, bonus_amount=100, game_type="promo_freespin"),
            id="free spin by game_type: all is bonus money",
        ),
        pytest.param(call(additional_details={"bonus_id": ""}), BET._replace(bonus_ref=None), id="empty bonus_id"),
        pytest.param(call(additional_details={"bonus_id": None}), BET._replace(bonus_ref=None), id="null bonus_id"),
        pytest.param(
            call({"status": 0, "balance": -1, "bonus_bet": 500}),
            BET._replace(succeeded=False, bonus_amount=0, balance=None, bonus_balance=None),
            id="failed: its answer is not looked at",
        ),
        pytest.param(
            call({"currency": "JPY", "bonus_amount": 1000}),
            BET._replace(response_currency="JPY", bonus_balance=10),
            id="answer in another currency: its bonus balance",
        ),
        pytest.param(
            call({"currency": "???", "bonus_amount": 1000}),
            BET._replace(response_currency="???", bonus_balance=None),
            id="answer in no currency",
        ),
        pytest.param(
            call({"bonus_bet": 0, "currency": "JPY"}, amount=15_000, currency="JPY"),
            BET._replace(
                currency="JPY", response_currency="JPY", amount=150, bonus_amount=0, balance=12, bonus_balance=1
            ),
            id="hundredths of JPY are whole yen",
        ),
        pytest.param(
            call({"currency": "KWD"}, currency="KWD"),
            BET._replace(
                currency="KWD",
                response_currency="KWD",
                amount=1000,
                bonus_amount=400,
                balance=12_000,
                bonus_balance=1000,
            ),
            id="hundredths of KWD are ten fils",
        ),
    ],
)
def test_wallet_calls(record: dict[str, Any], expected: WalletCall) -> None:
    assert Entry("125917", expected) == ENTRIES[CALLS](record, ARRIVED)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param(call(action="dance"), "action is unknown: `dance`", id="action"),
        pytest.param(call(transaction_id=""), "transaction_id is missing", id="no transaction_id"),
        pytest.param(call(currency=None), "currency is missing", id="no currency"),
        pytest.param(call(currency="XXX"), "currency is not in ISO 4217: `XXX`", id="currency"),
        pytest.param(call(currency="gbp"), "currency is not in ISO 4217: `gbp`", id="small letters"),
        pytest.param(call(game_id=""), "game_id is missing", id="no game"),
        pytest.param(call(action="credit", round_id=None), "round_id is missing", id="no round"),
        pytest.param(call(amount=None), "amount is missing", id="no amount"),
        pytest.param(call(game_name=None), "game_name is missing", id="no game name"),
        pytest.param(call(game_ended=None), "game_ended is missing", id="not said whether the round is over"),
        pytest.param(call(action="refund"), "original_transaction_id is missing", id="refund of nothing"),
        pytest.param(call(round_id="1\0002"), "an id holds U+0000", id="U+0000"),
        pytest.param(call(additional_details={"bonus_id": "\0"}), "an id holds U+0000", id="U+0000 in an optional id"),
        pytest.param(call(amount=-1), "amount: amount is negative: -1 hundredths GBP", id="negative"),
        pytest.param(call({"balance": -1}), "balance: amount is negative: -1 hundredths GBP", id="negative balance"),
        pytest.param(
            call(amount=150, currency="JPY"),
            "amount: amount is not a whole number of minor units: 150 hundredths JPY",
            id="150 hundredths of a yen",
        ),
        pytest.param(
            call({"bonus_bet": 101}), "bonus_bet is larger than amount: 101 hundredths GBP", id="more than all"
        ),
        pytest.param(
            call({"bonus_bet": 0.5}), "bonus_bet is not a whole number of hundredths: `0.5`", id="half a cent"
        ),
        pytest.param(call(at=None), "answered_at is missing", id="no time"),
        pytest.param(call(at=-1), "answered_at is not between the years 1970 and 9999", id="before 1970"),
        pytest.param(call(at=YEAR_10000), "answered_at is not between the years 1970 and 9999", id="year 10000"),
    ],
)
def test_broken_wallet_calls(record: dict[str, Any], reason: str) -> None:
    at = AT if record["answered_at"] == AT else ARRIVED

    assert Entry("125917", Invalid("125917", at, "call", reason)) == ENTRIES[CALLS](record, ARRIVED)


def test_a_call_without_player_has_an_empty_key() -> None:
    assert Entry("", Invalid("", AT, "call", "player_id is missing")) == ENTRIES[CALLS](call(player_id=""), ARRIVED)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, {}, id="as it is"),
        pytest.param({"product": "Poker"}, {"product": "Poker"}, id="product"),
        pytest.param({"product": ""}, {}, id="an empty product is an absent one"),
        pytest.param({"type": "Birthday"}, {"type": "Birthday"}, id="the platform's own type"),
        pytest.param({"type": ""}, {"type": ""}, id="an empty type is one outside the list"),
        pytest.param({"bonus_code": ""}, {"bonus_code": None}, id="no code"),
        pytest.param({"required_wagering_amount": None}, {"required": None}, id="no requirement"),
        pytest.param({"meta": "", "free_spins": 0}, {"meta": None, "free_spins": 0}, id="no meta"),
        pytest.param(
            {"fasttrack_references": '{"id":7}'}, {"references": '{"id":7}'}, id="references travel as they are"
        ),
    ],
)
def test_bonus_changes(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    assert CHANGE._replace(**expected) == fact(BONUSES, {**BONUS, **changed})


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        *(
            pytest.param({name: None}, f"{name} is missing", id=f"no {name}")
            for name in ("user_bonus_id", "bonus_id", "type", "status", "amount", "currency", "updated_at")
        ),
        pytest.param({"bonus_id": ""}, "bonus_id is missing", id="empty id"),
        pytest.param({"status": "created"}, "status is unknown: `created`", id="status"),
        pytest.param({"product": "Bingo"}, "product is unknown: `Bingo`", id="product"),
        pytest.param({"order_id": "1\0"}, "an id holds U+0000", id="U+0000 in an optional id"),
        pytest.param(
            {"amount": "10.005"},
            "amount: amount is not a whole number of minor units: `10.005` GBP",
            id="half a penny",
        ),
        pytest.param({"locked_amount": "-1"}, "locked_amount: amount is negative: `-1`", id="negative"),
        pytest.param({"meta": "[]"}, "meta is not a JSON object", id="meta is a list"),
        pytest.param({"fasttrack_references": "{"}, "fasttrack_references is not a JSON object", id="not JSON"),
        pytest.param({"free_spins": -1}, "free_spins is not a number of rounds: `-1`", id="negative spins"),
        pytest.param({"expires_at": -1}, "expires_at is not between the years 1970 and 9999", id="expiry"),
    ],
)
def test_broken_bonus_changes(changed: dict[str, Any], reason: str) -> None:
    at = ARRIVED if "updated_at" in changed else AT

    assert Invalid("125917", at, "bonus", reason) == fact(BONUSES, {**BONUS, **changed})


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, {}, id="as it is"),
        pytest.param({"Kind": "payout"}, {"kind": "withdrawal"}, id="payout"),
        pytest.param({"Kind": "sale"}, {}, id="sale"),
        pytest.param({"Kind": ""}, {}, id="an empty kind is an absent one"),
        pytest.param({"Result": None}, {"result": "unknown"}, id="no result"),
        pytest.param({"Result": ""}, {"result": "unknown"}, id="empty result"),
        pytest.param({"Result": "cancelled"}, {"result": "canceled"}, id="cancelled"),
        pytest.param({"Status": "cancelled"}, {"status": "canceled"}, id="status cancelled"),
        pytest.param({"Status": "conn-err"}, {"status": "conn-error"}, id="conn-err"),
        pytest.param({"Status": "connection-error"}, {"status": "conn-error"}, id="connection-error"),
        pytest.param({"Status": "new-word"}, {"status": "new-word"}, id="an unknown word is kept"),
        pytest.param(
            {"TransactionID": "", "GatewayAccountID": "", "AlternativeMethod": ""},
            {"transaction_id": None, "gateway_account": None, "alternative_method": None},
            id="empty optional ids are absent",
        ),
        pytest.param({"PurchaseCurrency": ""}, {}, id="no purchase currency"),
        pytest.param(
            {"OrderCurrency": "JPY", "PurchaseCurrency": "JPY", "PurchaseAmount": None},
            {"currency": "JPY", "amount": 45, "purchase_amount": None},
            id="45.00 yen are 45",
        ),
        pytest.param({"RefundedAmount": "10"}, {"refunded_amount": 1000}, id="refunded"),
        pytest.param({"PlayerID": "111222333"}, {}, id="player without the casino's prefix"),
        pytest.param({"CasinoID": "12"}, {"casino_id": "12", "player": "123_111222333"}, id="prefix of another casino"),
        pytest.param({"PlayerID": "123_123_7"}, {"player": "123_7"}, id="the prefix comes off once"),
    ],
)
def test_orders(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    order = ORDER._replace(**expected)

    assert Entry(order.player, order) == ENTRIES[ORDERS]({**ORDER_RECORD, **changed}, ARRIVED)


REQUIRED = ("OrderID", "PaymentMethod", "OrderCurrency", "OrderAmount", "Status", "CreatedTime", "UpdatedTime")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        *(pytest.param({name: None}, f"{name} is missing", id=f"no {name}") for name in REQUIRED),
        pytest.param({"OrderID": ""}, "OrderID is missing", id="empty id"),
        pytest.param({"Kind": "credit"}, "Kind is unknown: `credit`", id="kind"),
        pytest.param({"OrderCurrency": "EURO"}, "currency is not in ISO 4217: `EURO`", id="currency"),
        pytest.param({"PurchaseCurrency": "EUR"}, "PurchaseCurrency is not OrderCurrency: `EUR`", id="two currencies"),
        pytest.param(
            {"OrderAmount": "45,00"}, "OrderAmount: amount is not a decimal number: `45,00`", id="decimal comma"
        ),
        pytest.param({"TransactionID": "\0"}, "an id holds U+0000", id="U+0000 in an optional id"),
    ],
)
def test_broken_orders(changed: dict[str, Any], reason: str) -> None:
    at = AT if "CreatedTime" in changed else AT - 1000

    assert Invalid("111222333", at, "order", reason) == fact(ORDERS, {**ORDER_RECORD, **changed})


@pytest.mark.parametrize(
    "player_id", [pytest.param("", id="none"), pytest.param("123_", id="only the casino's prefix")]
)
def test_an_order_without_player_is_invalid(player_id: str) -> None:
    entry = ENTRIES[ORDERS]({**ORDER_RECORD, "PlayerID": player_id}, ARRIVED)

    assert ("", "Invalid") == (entry.key, type(entry.fact).__name__)


def test_a_rate_is_kept_as_it_was_said() -> None:
    record = {"currency": "GBP", "rate": "1.170", "effective_from": AT}

    assert Rate("GBP", "1.170", AT) == fx.rate(record)


@pytest.mark.parametrize(
    "changed",
    [
        *(
            pytest.param({"rate": rate}, id=f"rate {rate[:9]}")
            for rate in ("0", "0.00", "-1", "1e3", "nan", ".", "1,5")
        ),
        pytest.param({"rate": "9" * 400}, id="a rate beyond JSON's numbers"),
        pytest.param({"currency": "XXX"}, id="currency"),
        pytest.param({"effective_from": None}, id="no time"),
    ],
)
def test_broken_rates(changed: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        fx.rate({"currency": "GBP", "rate": "1.17", "effective_from": AT, **changed})


def test_the_key_of_a_rate_is_in_utc_and_whole_seconds() -> None:
    assert "GBP@2026-11-20T10:00:00Z" == fx.key("GBP", AT + 999)


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=5)
amounts = st.integers(0, LARGEST)
currencies = st.sampled_from(sorted(EXPONENTS))


@given(currency=currencies, minor=amounts, required=st.none() | amounts, player=texts, order=st.none() | texts)
def test_a_waiting_bonus_change_survives_json_and_avros_words(
    currency: str, minor: int, required: int | None, player: str, order: str | None
) -> None:
    given_fact = CHANGE._replace(currency=currency, amount=minor, required=required, player=player, order_id=order)

    source, record = record_of(load_fact(dump_fact(given_fact)))

    assert (BONUSES, Entry(player, given_fact)) == (source, ENTRIES[source](record, ARRIVED))


@given(amount=st.integers(0, 10**9), bonus=st.integers(0, 10**9), ended=st.booleans(), succeeded=st.booleans())
@pytest.mark.parametrize("currency", ["JPY", "GBP", "KWD"])
def test_a_waiting_call_survives_json_and_avros_words(
    *, currency: str, amount: int, bonus: int, ended: bool, succeeded: bool
) -> None:
    amount, bonus = amount * 10, min(bonus, amount) * 10  # NetGaming's hundredths of KWD are ten fils
    answered = {"bonus_amount": bonus, "balance": bonus} if succeeded else {"bonus_amount": 0, "balance": None}
    given_fact = BET._replace(
        currency=currency,
        response_currency=currency,
        amount=amount,
        bonus_balance=bonus if succeeded else None,
        is_round_end=ended,
        succeeded=succeeded,
        **answered,
    )

    source, record = record_of(load_fact(dump_fact(given_fact)))

    assert (CALLS, Entry("125917", given_fact)) == (source, ENTRIES[source](record, ARRIVED))


def test_an_order_survives_json_and_the_vendors_words() -> None:
    source, record = record_of(load_fact(dump_fact(ORDER)))

    assert (ORDERS, Entry("111222333", ORDER)) == (source, ENTRIES[source](record, ARRIVED))


@pytest.mark.parametrize("text", [b"[]", b'{"fact":"Rate"}', b"{", b"null"])
def test_what_is_no_fact_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  any of them
        load_fact(text)
