"""Reading what any writer wrote, in both framings; writing what every reader understands."""

import json
from decimal import Decimal
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from topologies import schemas
from topologies.codecs import Codec
from topologies.graph import Message, Undecodable
from topologies.schemas import BONUSES, CALLS, ORDERS, RATES, BadSchema, Written

AT = 1_795_168_800_000
TOKEN = "cc918a3e4dea45ef5c31d6e3b9dce4afed3c02eb"  # noqa: S105  the example of the vendor's page

CALL: dict[str, Any] = {
    "action": "debit",
    "answered_at": AT,
    "request": {
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
    },
    "response": {
        "status": 1,
        "player_id": "125917",
        "currency": "GBP",
        "bonus_amount": 100,
        "balance": 1200,
        "transaction_id": "1222445",
        "bonus_bet": 0,
    },
}
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
    "locked_amount": None,
    "bonus_turned_real": None,
    "order_id": "123_4567899",
    "forfeited_by_order_id": None,
    "expires_at": AT + 1,
    "free_spins": 10,
    "origin": None,
    "meta": '{"a":1}',
    "fasttrack_references": None,
    "updated_at": AT,
}
ORDER: dict[str, Any] = {
    "OrderID": "123_4567899",
    "TransactionID": None,
    "CasinoID": "123",
    "GSID": "22",
    "PlayerID": "123_111222333",
    "PaymentMethod": "alternative",
    "AlternativeMethod": "Alipay",
    "OrderCurrency": "GBP",
    "OrderAmount": "45.00",
    "PurchaseCurrency": None,
    "PurchaseAmount": None,
    "Status": "completed",
    "Result": "approved",
    "GatewayAccountID": None,
    "ResponseMessage": None,
    "CreatedTime": AT - 1,
    "UpdatedTime": AT,
    "Kind": None,
    "RefundedAmount": None,
}
RATE: dict[str, Any] = {"currency": "GBP", "rate": "1.17", "effective_from": AT}

VALUES = {CALLS: CALL, BONUSES: BONUS, ORDERS: ORDER, RATES: RATE}

# Records of version 1 as they lie on topics: they stay readable for good.
V1 = {
    CALLS: (
        "c301b2f55a1a1890d3070a646562697480b4b086bf680c31323539313702c80102087265616c06474250020e6465736b"
        "746f70020231020c313938393039020a736c6f747302186167656f66646176696e63690832333232000200020a646562"
        "69740202083133657402020c313235393137020647425002c80102e012020e313232323434350200"
    ),
    BONUSES: (
        "c301266de9342617a0ea0c313235393137123132353931372d37370831336574021457454c434f4d453130301857656c"
        "636f6d65426f6e7573000e437265617465640a32302e303006474250020c3630302e3030000002163132335f34353637"
        "383939000282b4b086bf68021400020e7b2261223a317d0080b4b086bf68"
    ),
    ORDERS: (
        "c301461cc2242d5a2dd3163132335f343536373839390006313233020432321a3132335f31313132323233333316616c"
        "7465726e6174697665020c416c69706179064742500a34352e3030000012636f6d706c657465640210617070726f7665"
        "640000feb3b086bf6880b4b086bf680000"
    ),
    RATES: ("c301c6fb2a8386ceda320647425008312e313780b4b086bf68"),
}


def message(value: bytes | None) -> Message:
    return Message("topic", 0, 0, AT, b"125917", value)


def latest(source: str) -> Any:
    return json.loads([schema for schema in schemas.ours() if schema.source == source][-1].text)


def written(schema: Any, value: dict[str, Any]) -> bytes:
    parsed = fastavro.parse_schema(schema)
    canonical = fastavro.schema.to_parsing_canonical_form(parsed)
    out = BytesIO()
    out.write(b"\xc3\x01" + bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")))
    fastavro.schemaless_writer(out, parsed, value)
    return out.getvalue()


def codec(*writers: Any) -> Codec:
    return Codec(schemas.ours(), [Written(f"{n}.avsc", json.dumps(writer)) for n, writer in enumerate(writers)])


def read(source: str, schema: Any, value: dict[str, Any]) -> Any:
    [decoded] = codec(schema).decode(source, [message(written(schema, value))])
    return decoded


def rate_with(**types: Any) -> dict[str, Any]:
    """A writer's schema of rates whose fields have these types."""
    plain = {"currency": "string", "rate": "string", "effective_from": "long"}
    fields = [{"name": name, "type": type_} for name, type_ in {**plain, **types}.items()]
    return {"type": "record", "name": "Rate", "namespace": "bank", "fields": fields}


@pytest.mark.parametrize("source", VALUES)
def test_what_is_encoded_is_decoded(source: str) -> None:
    encoded = codec().encode(source, VALUES[source])

    assert [VALUES[source]] == codec().decode(source, [message(encoded)])


@pytest.mark.parametrize("source", V1)
def test_records_of_the_first_version_stay_readable(source: str) -> None:
    [decoded] = codec().decode(source, [message(bytes.fromhex(V1[source]))])

    assert isinstance(decoded, dict)
    assert VALUES[source] == {field: decoded[field] for field in VALUES[source]}


def test_fingerprints_are_those_of_the_avro_specification() -> None:
    """`"int"` has 0x7275d51a3f395c8f in Avro's own tests, little-endian on the wire."""
    assert bytes.fromhex("c301 8f5c393f1ad57572") == written("int", 7)[:10]  # type: ignore[arg-type]


def wider_call() -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema and a record of a source that also sends tokens, in an order of its own."""
    schema = latest(CALLS)
    token = {"name": "token", "type": "string"}
    for body in (field["type"] for field in schema["fields"] if field["name"] in ("request", "response")):
        body["fields"] = [token, *reversed(body["fields"])]
    schema["fields"].insert(0, {"name": "trace", "type": {"type": "map", "values": "string"}, "default": {}})
    tokens = {"token": TOKEN}
    value = {**CALL, "request": {**CALL["request"], **tokens}, "response": {**CALL["response"], **tokens}}
    return schema, {**value, "trace": {"session": TOKEN}}


def test_a_session_token_in_the_source_does_not_reach_the_fact() -> None:
    assert CALL == read(CALLS, *wider_call())


def test_personal_fields_of_an_order_do_not_reach_the_fact() -> None:
    personal = {"FirstName": "Arnold", "Email": "user@example.com", "DOB": "2019-08-24"}
    schema = latest(ORDERS)
    schema["fields"] += [{"name": name, "type": "string"} for name in personal]
    schema["fields"].append({"name": "ExtraData", "type": {"type": "map", "values": "string"}})

    assert ORDER == read(ORDERS, schema, {**ORDER, **personal, "ExtraData": {"CPF": "123456789"}})


def test_an_older_writer_gets_our_defaults_for_what_it_lacks() -> None:
    schema = latest(BONUSES)
    schema["fields"] = [field for field in schema["fields"] if field["name"] not in ("free_spins", "meta", "origin")]

    assert {**BONUS, "free_spins": None, "meta": None} == read(BONUSES, schema, BONUS)


def test_an_older_writer_without_actions_wrote_debits() -> None:
    schema = latest(CALLS)
    schema["fields"] = schema["fields"][1:]

    assert CALL == read(CALLS, schema, CALL)


def test_a_writers_enum_is_text_whatever_symbols_it_gains() -> None:
    status = {"type": "enum", "name": "Status", "symbols": ["Created", "Sleeping"]}
    schema = latest(BONUSES)
    for field in schema["fields"]:
        if field["name"] in ("status", "bonus_code"):
            field["type"] = status if field["name"] == "status" else ["null", "platform.Status"]
    schema["fields"].sort(key=lambda field: field["name"] != "status")  # defined where it is met first

    value = {**BONUS, "status": "Sleeping", "bonus_code": "Created"}

    assert value == read(BONUSES, schema, value)


@pytest.mark.parametrize(
    ("types", "value", "expected"),
    [
        pytest.param({"rate": "bytes"}, {"rate": b"1.17"}, {}, id="bytes are text"),
        pytest.param(
            {"rate": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {"rate": Decimal("1.17")},
            {},
            id="a decimal is a decimal string",
        ),
        pytest.param(
            {"effective_from": {"type": "long", "logicalType": "timestamp-micros"}},
            {"effective_from": AT * 1000 + 999},
            {},
            id="microseconds are milliseconds, rounded down",
        ),
        pytest.param(
            {"currency": ["null", "long", "string"]}, {"currency": 7}, {"currency": "7"}, id="a number is an id"
        ),
        pytest.param({"currency": ["null", "string"]}, {"currency": None}, {"currency": None}, id="null of a required"),
    ],
)
def test_a_writers_type_is_read_as_ours(types: dict[str, Any], value: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {**RATE, **expected} == read(RATES, rate_with(**types), {**RATE, **value})


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        pytest.param("int", 10, 10, id="int"),
        pytest.param("double", 10.0, 10, id="whole double"),
        pytest.param("double", 10.5, 10.5, id="a fraction is left for the form to refuse"),
        pytest.param(
            {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
            Decimal("10.00"),
            10,
            id="whole decimal",
        ),
    ],
)
def test_bonus_bet_may_be_the_vendors_decimal(type_: Any, value: Any, expected: Any) -> None:
    schema = latest(CALLS)
    response = next(field["type"] for field in schema["fields"] if field["name"] == "response")
    next(field for field in response["fields"] if field["name"] == "bonus_bet")["type"] = ["null", type_]
    given = {**CALL, "response": {**CALL["response"], "bonus_bet": value}}

    decoded = read(CALLS, schema, given)

    assert (expected, type(expected)) == (decoded["response"]["bonus_bet"], type(decoded["response"]["bonus_bet"]))


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        pytest.param(
            rate_with(rate="double"), {"rate": 1.17}, "rate is double, which cannot be read as string", id="float"
        ),
        pytest.param(
            {**rate_with(), "fields": rate_with()["fields"][:2]}, {}, "effective_from is missing", id="missing"
        ),
        pytest.param({"type": "map", "values": "string"}, {}, "the value is not a record", id="no record"),
    ],
)
def test_a_writer_whose_schema_cannot_give_ours_is_undecodable(schema: Any, value: dict[str, Any], reason: str) -> None:
    record = {**RATE, **value} if schema["type"] == "record" else value

    decoded = read(RATES, schema, record)

    assert Undecodable("undecodable", f"the writer's schema does not fit: {reason}") == decoded


def test_writers_of_all_kinds_are_read_in_one_micro_batch_in_order() -> None:
    schema, value = wider_call()
    batch = [written(schema, value), codec().encode(CALLS, CALL), b"", written(schema, value)]

    decoded = codec(schema).decode(CALLS, [message(value) for value in batch])

    assert [CALL, CALL, Undecodable("undecodable", "the record has no value"), CALL] == decoded


VALID = codec().encode(CALLS, CALL)
HEAD = VALID[:10]
TOO_SHORT = "the value ends too early, or is of another schema"
NO_FRAMING = "the value does not begin with a schema id or a fingerprint"


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        pytest.param(None, "undecodable", "the record has no value", id="tombstone"),
        pytest.param(b"", "undecodable", "the record has no value", id="no bytes"),
        pytest.param(b"\x00\x00\x01", "undecodable", NO_FRAMING, id="half a schema id"),
        pytest.param(b"\xc3\x01abc", "undecodable", NO_FRAMING, id="half a fingerprint"),
        pytest.param(b'{"request": {}}', "undecodable", NO_FRAMING, id="JSON"),
        pytest.param(HEAD, "undecodable", TOO_SHORT, id="fingerprint alone"),
        pytest.param(VALID[:-1], "undecodable", TOO_SHORT, id="last byte lost"),
        pytest.param(VALID + b"\x00", "undecodable", "bytes are left over after the value", id="trailing byte"),
        pytest.param(HEAD + b"\x04\xff\xfe", "undecodable", "a text of the value is not UTF-8", id="bad UTF-8"),
        pytest.param(HEAD + b"\xff" * 9 + b"\x7f", "undecodable", TOO_SHORT, id="text of negative length"),
        pytest.param(
            b"\xc3\x01abcdefgh", "unknown-schema", "no schema has the fingerprint 6162636465666768", id="fingerprint"
        ),
        pytest.param(b"\x00\x00\x00\x00\x07a", "unknown-schema", "schema id 7, but no schema registry is set", id="id"),
    ],
)
def test_bad_bytes_are_undecodable_with_a_reason(value: bytes | None, kind: str, reason: str) -> None:
    assert [Undecodable(kind, reason)] == codec().decode(CALLS, [message(value)])


@pytest.mark.parametrize("source", VALUES)
def test_no_beginning_of_a_record_is_a_record(source: str) -> None:
    whole = codec().encode(source, VALUES[source])
    beginnings = [message(whole[:end]) for end in range(len(whole))]

    assert {Undecodable} == {type(decoded) for decoded in codec().decode(source, beginnings)}


CODEC = codec(wider_call()[0])


@given(value=st.binary(max_size=200), framed=st.sampled_from([b"", HEAD, written(*wider_call())[:10]]))
@example(value=b"\x00" * 20, framed=b"")
def test_no_bytes_make_decode_raise(value: bytes, framed: bytes) -> None:
    [decoded] = CODEC.decode(CALLS, [message(framed + value)])

    assert isinstance(decoded, dict | Undecodable)


def test_reasons_do_not_repeat_what_the_bytes_say() -> None:
    reasons = [str(decoded) for decoded in codec().decode(CALLS, [message(VALID[:-1] + b"125917"), message(b"125917")])]

    assert [] == [reason for reason in reasons if "125917" in reason]


def test_a_value_that_does_not_fit_is_not_encoded() -> None:
    with pytest.raises(ValueError, match=r"^value does not fit the schema of fx\.rates"):
        codec().encode(RATES, {**RATE, "rate": 1})


def test_a_broken_schema_file_is_named() -> None:
    with pytest.raises(BadSchema, match=r"^vendor\.avsc is not an Avro schema: "):
        Codec(schemas.ours(), [Written("vendor.avsc", '{"type": "nonsense"}')])
