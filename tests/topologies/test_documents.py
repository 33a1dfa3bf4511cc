"""What `load` makes of the documents of vendors' pages and of the bonus platform."""

from typing import Any

import pytest

from topologies import schemas
from topologies.codecs import Codec
from topologies.documents import BET_FIELDS, BadDocument, Problem
from topologies.graph import Message
from topologies.prepared import Prepared, document, shifted
from topologies.schemas import BONUSES, CALLS, ORDERS, RATES

AT = 1_795_168_800_000  # 2026-11-20T10:00:00Z

REQUEST = {
    "token": "cc918a3e4dea45ef5c31d6e3b9dce4afed3c02eb",
    "player_id": "125917",
    "amount": 100,
    "amount_type": "real",
    "currency": "GBP",
    "channel": "desktop",
    "game_id": 1,
    "round_id": 198909,
    "game_type": "slots",
    "game_name": "ageofdavinci",
    "transaction_id": 2322,
    "game_ended": False,
    "note": "debit",
    "additional_details": {"bonus_id": "13et"},
}
RESPONSE = {
    "status": 1,
    "player_id": "125917",
    "token": "3c2ef39d02581e2db3ddf6c713e83e05",
    "currency": "USD",
    "bonus_amount": 100,
    "balance": 1200,
    "transaction_id": "1222445",
    "bonus_bet": 0,
}
CALL = {"answered_at": "2026-11-20T10:00:00.120Z", "request": REQUEST, "response": RESPONSE}
BONUS = {
    "player_id": "125917",
    "user_bonus_id": "125917-77",
    "bonus_id": "13et",
    "bonus_code": "WELCOME100",
    "type": "WelcomeBonus",
    "product": "Casino",
    "status": "Created",
    "amount": "20.00",
    "currency": "GBP",
    "required_wagering_amount": "600.00",
    "locked_amount": "20.00",
    "order_id": "123_4567899",
    "forfeited_by_order_id": None,
    "expires_at": "2026-11-27T10:00:00Z",
    "free_spins": None,
    "origin": None,
    "meta": None,
    "fasttrack_references": None,
    "updated_at": "2026-11-20T10:00:00Z",
}
PERSONAL = {
    "DOB": "2019-08-24",
    "IpAddress": "127.0.0.1",
    "Email": "user@example.com",
    "FirstName": "Arnold",
    "LastName": "Schwartzenegger",
    "Address": "31 Guild Street",
    "Address2": "Apartment 2",
    "City": "London",
    "PostalCode": "E8 6XD",
    "PhoneNumber": "077 8826 0192",
    "UserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
    "ExtraData": {"DeviceFingerprint": "23932819301914985", "CPF": "123456789"},
}
ORDER = {
    "PaymentMethod": "alternative",
    "TransactionID": "123_4567899",
    "OrderID": "123_4567899",
    "CasinoID": "123",
    "GSID": "22",
    "PlayerID": "123_111222333",
    "OrderCurrency": "GBP",
    "OrderAmount": "45.00",
    "PurchaseCurrency": "GBP",
    "PurchaseAmount": "55.00",
    "BillingCurrency": "GBP",
    "BillingAmount": "45.00",
    **PERSONAL,
    "Status": "completed",
    "Result": "approved",
    "GatewayAccountID": "101_WorldPay_GBP_X",
    "ResponseMessage": "Successful approval",
    "CreatedTime": "2026-11-20T09:00:00+00:00",
    "UpdatedTime": "2026-11-20T10:00:00Z",
    "_links": [{"rel": "self", "href": "string"}],
    "AlternativeMethod": "Alipay",
}
RATE = {"currency": "GBP", "rate": "1.17", "effective_from": "2026-11-01T00:00:00Z"}

DOCUMENTS = {CALLS: CALL, BONUSES: BONUS, ORDERS: ORDER, RATES: RATE}


def without(document: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in fields}


def call(**request: Any) -> dict[str, Any]:
    return {**CALL, "request": {**REQUEST, **request}}


@pytest.mark.parametrize(
    ("given", "kind", "key", "timestamp_ms"),
    [
        pytest.param(CALL, CALLS, "125917", AT + 120, id="wallet call"),
        pytest.param(call(player_id=125917), CALLS, "125917", AT + 120, id="ids may be numbers"),
        pytest.param(BONUS, BONUSES, "125917", AT, id="bonus"),
        pytest.param(ORDER, ORDERS, "111222333", AT, id="order: the casino's prefix is not the player"),
        pytest.param({**ORDER, "CasinoID": "9"}, ORDERS, "123_111222333", AT, id="order: prefix of another casino"),
        pytest.param(RATE, RATES, "GBP@2026-11-01T00:00:00Z", None, id="rate"),
        pytest.param(
            {**RATE, "effective_from": "2026-11-01T02:00:00.7+02:00"},
            RATES,
            "GBP@2026-11-01T00:00:00Z",
            None,
            id="rate: UTC and whole seconds in the key",
        ),
    ],
)
def test_a_document_tells_its_kind_and_has_a_key_and_a_time(
    given: dict[str, Any], kind: str, key: str, timestamp_ms: int | None
) -> None:
    prepared = document(None, given)

    assert (kind, key, timestamp_ms) == prepared[:3]
    assert prepared == document(kind, given)


def test_a_wallet_call_becomes_the_avro_value_of_its_topic() -> None:
    prepared = document(None, call(additional_details=None))

    assert {
        "action": "debit",
        "answered_at": AT + 120,
        "request": {
            **without(REQUEST, "token"),
            "game_id": "1",
            "round_id": "198909",
            "transaction_id": "2322",
            "original_transaction_id": None,
            "additional_details": None,
        },
        "response": without(RESPONSE, "token"),
    } == prepared.value


def test_objects_of_a_bonus_travel_as_text() -> None:
    prepared = document(None, {**BONUS, "meta": {"a": [1, "é"]}, "fasttrack_references": {"id": 7}})

    assert ('{"a":[1,"é"]}', '{"id":7}') == (prepared.value["meta"], prepared.value["fasttrack_references"])


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        pytest.param([], [("", "should be a JSON object")], id="no object"),
        pytest.param(
            {"player_id": "1"},
            [("", "has none of the fields that tell its kind: request, user_bonus_id, OrderID, rate")],
            id="of no kind",
        ),
        pytest.param(
            REQUEST,
            [("", "is a bare request of the wallet API; its envelope is missing: answered_at, request, response")],
            id="the vendor's request without its envelope",
        ),
        pytest.param(
            without(CALL, "answered_at"), [("answered_at", "is missing")], id="call: not said when it was answered"
        ),
        pytest.param(
            {**CALL, "request": without(REQUEST, "player_id", "currency")},
            [("request.player_id", "is missing"), ("request.currency", "is missing")],
            id="call: all missing fields are named",
        ),
        pytest.param(
            {**CALL, "action": "credit", "request": without(REQUEST, "amount", "game_ended")},
            [("request.amount", "is missing"), ("request.game_ended", "is missing")],
            id="win: needs what only a refund may leave out",
        ),
        pytest.param(
            {**CALL, "action": "refund"},
            [("request.original_transaction_id", "is missing")],
            id="refund: must say of which bet",
        ),
        pytest.param(
            {**CALL, "response": {**RESPONSE, "bonus_bet": 0.5}},
            [("response.bonus_bet", "should be a whole number of cents")],
            id="call: half a cent",
        ),
        pytest.param(call(amount="100"), [("request.amount", "should be a valid integer")], id="call: amount as text"),
        pytest.param(call(amount=True), [("request.amount", "should be a valid integer")], id="call: amount as truth"),
        pytest.param(call(round_id=1.5), [("request.round_id", "should be a valid string")], id="call: odd id"),
        pytest.param(
            {**CALL, "answered_at": "2026-11-20 10:00"},
            [("answered_at", "should be an RFC 3339 time such as 2026-11-20T10:00:00Z")],
            id="time without offset",
        ),
        pytest.param(
            {**BONUS, "updated_at": 1795168800},
            [("updated_at", "should be an RFC 3339 time such as 2026-11-20T10:00:00Z")],
            id="time as number",
        ),
        pytest.param({**BONUS, "amount": 20.0}, [("amount", "should be a valid string")], id="bonus: float amount"),
        pytest.param({**BONUS, "meta": "{}"}, [("meta", "should be a JSON object")], id="bonus: meta as text"),
        pytest.param(
            without(ORDER, "Status", "UpdatedTime"),
            [("Status", "is missing"), ("UpdatedTime", "is missing")],
            id="order: required fields",
        ),
        pytest.param({**ORDER, "PaymentMethod": None}, [("PaymentMethod", "should be a valid string")], id="null"),
    ],
)
def test_a_bad_document_names_field_and_problem(given: Any, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(BadDocument) as raised:
        document(None, given)

    assert [Problem(*problem) for problem in problems] == list(raised.value.problems)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(call(amount=-1), id="negative amount"),
        pytest.param({**CALL, "action": "dance"}, id="unknown action"),
        pytest.param({**BONUS, "status": "Sleeping", "amount": "ten"}, id="unknown status and amount"),
        pytest.param({**ORDER, "Status": "", "OrderID": ""}, id="empty words"),
        pytest.param({**CALL, "response": {**RESPONSE, "bonus_bet": 10.0}}, id="ten cents as 10.0"),
        pytest.param(
            {
                **CALL,
                "action": "refund",
                "request": {**without(REQUEST, *BET_FIELDS), "original_transaction_id": 1},
            },
            id="refund that leaves the rest to its bet",
        ),
    ],
)
def test_what_makes_no_sense_can_still_be_loaded(given: dict[str, Any]) -> None:
    prepared = document(None, given)

    codec = Codec(schemas.ours())
    message = Message("topic", 0, 0, 0, b"key", codec.encode(prepared.kind, prepared.value))

    assert [prepared.value] == codec.decode(prepared.kind, [message])


def test_personal_fields_of_the_vendors_examples_are_gone() -> None:
    texts = [str(document(None, given).value) for given in DOCUMENTS.values()]

    words = [*map(str, PERSONAL.values()), str(REQUEST["token"]), str(RESPONSE["token"])]

    assert [] == [word for word in words if any(word in text for text in texts)]


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_all_times_are_shifted_together(kind: str) -> None:
    hour = 3_600_000
    before = document(None, DOCUMENTS[kind])

    moved = shifted(before, hour)

    times = {name: value for name, value in before.value.items() if isinstance(value, int) and name != "free_spins"}
    assert times
    assert {**before.value, **{name: time + hour for name, time in times.items()}} == moved.value
    assert (None if before.timestamp_ms is None else before.timestamp_ms + hour) == moved.timestamp_ms
    assert before == shifted(moved, -hour)


def test_a_shifted_rate_has_the_key_of_its_new_time() -> None:
    assert "GBP@2026-11-01T01:00:00Z" == shifted(document(None, RATE), 3_600_000).key


def test_times_that_are_absent_stay_so() -> None:
    prepared: Prepared = shifted(document(None, without(BONUS, "expires_at")), 1)

    assert prepared.value["expires_at"] is None
