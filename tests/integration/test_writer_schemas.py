"""Writers older and newer than our schemas, all in one micro-batch, in both framings, up to the CRM's events."""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.integration.installation import Installation
from tests.integration.records import Outgoing
from tests.integration.sources import Document, at_ms, bet, change, order
from tests.integration.writers import Schema, Writer, add, drop, field, ours, registered
from topologies import prepared
from topologies.schemas import BONUSES, CALLS, ORDERS

UNKNOWN_ID = 2_000_000_000
SETTINGS = {"CROUPIER_ORIGIN_BY_CASINO": "123=www.brand.com", "CROUPIER_ORIGIN": "www.brand.com"}

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
ADDED = {"Risk": 0.5, "Legs": [{"acquirer": "x"}], "ExtraData": {"a": "b"}}


class Version(NamedTuple):
    """What a writer has made of our schema, and of a value that ours could write."""

    change_schema: Callable[[Schema], None]
    change_value: Callable[[dict[str, Any]], dict[str, Any]] = dict


def _same(_schema: Schema) -> None:
    """Our own."""


def _older_order(schema: Schema) -> None:
    drop(schema, "Kind", "RefundedAmount", "GSID", "ResponseMessage", "PurchaseCurrency", "PurchaseAmount")


def _newer_order(schema: Schema) -> None:
    leg = {"type": "record", "name": "Leg", "fields": [{"name": "acquirer", "type": "string"}]}
    add(schema, Risk="double", Legs={"type": "array", "items": leg}, ExtraData={"type": "map", "values": "string"})
    schema["fields"].append({"name": "Wallet", "type": ["null", "string"], "default": None})


def _reversed(schema: Schema) -> None:
    schema["fields"].reverse()


def _typed(record: Schema, **types: Any) -> None:
    """Fields of other types, without defaults."""
    for name, avro_type in types.items():
        field(record, name).pop("default", None)
        field(record, name)["type"] = avro_type


def _order_with_enums(schema: Schema) -> None:
    statuses = {"type": "enum", "name": "OrderStatus", "symbols": ["teleporting", "completed", "pending"]}
    results = {"type": "enum", "name": "OrderResult", "symbols": ["approved", "new"]}
    _typed(schema, Status=statuses, Result=["null", results])


def _order_with_other_types(schema: Schema) -> None:
    _typed(schema, OrderAmount=DECIMAL, UpdatedTime=MICROS, CasinoID="int", OrderID=["null", "string"])


def _order_of_other_types(value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "OrderAmount": Decimal("45.00"), "UpdatedTime": value["UpdatedTime"] * 1000, "CasinoID": 123}


def _bonus_with_enums(schema: Schema) -> None:
    statuses = {"type": "enum", "name": "BonusStatus", "symbols": ["Suspended", "Created"], "default": "Created"}
    _typed(schema, status=statuses)


def _older_bonus(schema: Schema) -> None:
    drop(schema, "product", "meta", "fasttrack_references", "origin", "free_spins", "bonus_turned_real")


def _newer_bonus(schema: Schema) -> None:
    add(schema, tier="int", player_name="string", tags={"type": "array", "items": "string"})


def _older_call(schema: Schema) -> None:
    drop(schema, "action")
    drop(field(schema, "request")["type"], "original_transaction_id", "note", "channel")
    drop(field(schema, "response")["type"], "transaction_id", "player_id")


def _newer_call(schema: Schema) -> None:
    session = {"token": "string"}
    add(schema, trace={"type": "fixed", "name": "Trace", "size": 4})
    add(field(schema, "request")["type"], **session, device="string")
    add(field(schema, "response")["type"], **session)


def _newer_call_value(value: dict[str, Any]) -> dict[str, Any]:
    request, response = {**value["request"], "token": "t", "device": "d"}, {**value["response"], "token": "t"}
    return {**value, "trace": b"abcd", "request": request, "response": response}


def _call_with_other_types(schema: Schema) -> None:
    request, response = field(schema, "request")["type"], field(schema, "response")["type"]
    request["name"] = "DebitRequest"
    _reversed(request)
    _typed(request, transaction_id="long", game_id="int", amount="int")
    _typed(response, bonus_bet=["null", DECIMAL], status="int")


def _call_of_other_types(value: dict[str, Any]) -> dict[str, Any]:
    request = {**value["request"], "transaction_id": 7, "game_id": 1}
    return {**value, "request": request, "response": {**value["response"], "bonus_bet": Decimal(0)}}


VERSIONS: Mapping[str, Mapping[str, Version]] = {
    ORDERS: {
        "ours": Version(_same),
        "an older one": Version(_older_order),
        "a newer one": Version(_newer_order, lambda value: {**value, **ADDED}),
        "fields in another order": Version(_reversed),
        "enums, with symbols that we don't know": Version(_order_with_enums),
        "other types": Version(_order_with_other_types, _order_of_other_types),
    },
    BONUSES: {
        "ours": Version(_same),
        "an older one": Version(_older_bonus),
        "a newer one": Version(_newer_bonus, lambda value: {**value, "tier": 1, "player_name": "x", "tags": ["a"]}),
        "an enum, with symbols that we don't know": Version(_bonus_with_enums),
    },
    CALLS: {
        "ours": Version(_same),
        "an older one": Version(_older_call),
        "a newer one": Version(_newer_call, _newer_call_value),
        "other types": Version(_call_with_other_types, _call_of_other_types),
    },
}

DOCUMENTS: Mapping[str, Callable[[str], Document]] = {
    ORDERS: lambda player: order(player, "o1", 0),
    BONUSES: lambda player: change(player, "b1", 1),
    CALLS: lambda player: bet(player, "7", 2, round_id="r1"),
}

EXPECTED: Mapping[str, Document] = {
    ORDERS: {
        "amount": 45.0,
        "currency": "EUR",
        "exchange_rate": 1,
        "origin": "www.brand.com",
        "payment_id": "o1",
        "status": "Approved",
        "timestamp": "2019-08-24T14:00:00Z",
        "type": "Credit",
        "vendor_id": "payment-card",
        "vendor_name": "payment-card",
    },
    BONUSES: {
        "amount": 20.0,
        "bonus_id": "welcome",
        "currency": "EUR",
        "exchange_rate": 1,
        "origin": "www.brand.com",
        "product": "Casino",
        "required_wagering_amount": 600.0,
        "status": "Created",
        "timestamp": "2019-08-24T14:00:01Z",
        "type": "WelcomeBonus",
        "user_bonus_id": "b1",
    },
    CALLS: {
        "activity_id": "7",
        "amount": 1.0,
        "balance_after": 100.0,
        "balance_before": 101.0,
        "bonus_wager_amount": 0.0,
        "currency": "EUR",
        "exchange_rate": 1,
        "game_id": "1",
        "game_name": "ageofdavinci",
        "game_type": "Slots",
        "is_round_end": False,
        "locked_wager_amount": 0.0,
        "origin": "www.brand.com",
        "round_id": "r1",
        "status": "Approved",
        "timestamp": "2019-08-24T14:00:02Z",
        "type": "Bet",
        "vendor_id": "netgaming",
        "vendor_name": "NetGaming",
        "wager_amount": 1.0,
    },
}
"""What the CRM is to hear of each of them, but for the player."""

CASES = [(source, name) for source, versions in VERSIONS.items() for name in versions]


def written(source: str, name: str, player: str) -> tuple[Writer, Mapping[str, Any]]:
    """A writer, and the value that it writes for a player."""
    version, schema = VERSIONS[source][name], ours(source)
    version.change_schema(schema)
    return Writer(schema), version.change_value(prepared.document(None, DOCUMENTS[source](player)).value)


def sent_as(encode: Callable[[Writer, Mapping[str, Any]], bytes], prefix: str) -> list[Outgoing]:
    """A record of every writer, each for a player of its own."""
    outgoing = []
    for number, (source, name) in enumerate(CASES):
        player = f"{prefix}{number}"
        writer, value = written(source, name, player)
        outgoing.append(Outgoing(source, player, encode(writer, value), at_ms(list(VERSIONS).index(source))))
    return outgoing


def told(installation: Installation) -> dict[str, Document]:
    """What the CRM is told of each player; one event each."""
    events = installation.events()
    assert len(events) == len({event["key"] for event in events})
    payloads = {event["key"]: event["value"] for event in events}
    assert {player: player for player in payloads} == {
        player: value.pop("user_id") for player, value in payloads.items()
    }
    return payloads


def expected(*prefixes: str) -> dict[str, Document]:
    return {f"{prefix}{number}": EXPECTED[source] for prefix in prefixes for number, (source, _) in enumerate(CASES)}


def values(installation: Installation, prefix: bytes) -> list[bytes]:
    """What lies on the inputs under keys that begin so."""
    records = [record for source in VERSIONS for record in installation.read(installation.topic(source))]
    return [record.value or b"?" for record in records if (record.key or b"").startswith(prefix)]


@pytest.fixture
def schema_dir(tmp_path: Path) -> Path:
    """The writers' schemas as files."""
    directory = tmp_path / "schemas"
    directory.mkdir()
    for number, (source, name) in enumerate(CASES):
        (directory / f"{number}.avsc").write_text(written(source, name, "anybody")[0].text)
    return directory


def test_every_writer_whose_schema_is_in_the_directory_is_read(
    bootstrap_servers: str, app: str, tmp_path: Path, schema_dir: Path
) -> None:
    settings = {**SETTINGS, "CROUPIER_SCHEMA_DIR": str(schema_dir)}
    installation = Installation(bootstrap_servers, app, tmp_path, settings)
    installation.create_topics()
    installation.send(sent_as(Writer.single_object, "w"))

    counts = installation.drain()

    assert expected("w") == told(installation)
    assert {"records": len(CASES), "events": len(CASES)}.items() <= counts.items()


def test_every_writer_whose_schema_is_registered_is_read_in_either_framing(
    bootstrap_servers: str, schema_registry_url: str, app: str, tmp_path: Path, schema_dir: Path
) -> None:
    settings = {
        **SETTINGS,
        "CROUPIER_SCHEMA_DIR": str(schema_dir),
        "CROUPIER_SCHEMA_REGISTRY_URL": schema_registry_url,
    }
    installation = Installation(bootstrap_servers, app, tmp_path, settings)
    installation.create_topics()

    def confluent(writer: Writer, value: Mapping[str, Any]) -> bytes:
        return writer.confluent(registered(schema_registry_url, app, writer), value)

    installation.send([*sent_as(Writer.single_object, "w"), *sent_as(confluent, "c")])
    installation.send([Outgoing(CALLS, "nobody", b"\0" + UNKNOWN_ID.to_bytes(4) + b"x", at_ms(2))])
    loaded = [document("loaded-" + source) for source, document in DOCUMENTS.items()]
    installation.must("load", "-", stdin="\n".join(map(json.dumps, loaded)))

    counts = installation.drain()

    by_load = {"loaded-" + source: payload for source, payload in EXPECTED.items()}
    assert {**expected("w", "c"), **by_load} == told(installation)
    assert {"records": 2 * len(CASES) + 4, "dead-letter-unknown-schema": 1}.items() <= counts.items()
    [letter] = installation.read(installation.dead_letter_topic)
    assert b"the schema registry does not know the id 2000000000" == letter.headers["dead-letter.reason"]
    assert {0} == {value[0] for value in values(installation, b"loaded-")}


def test_a_symbol_that_we_do_not_know_is_a_word_like_any_other(
    bootstrap_servers: str, app: str, tmp_path: Path, schema_dir: Path
) -> None:
    settings = {**SETTINGS, "CROUPIER_SCHEMA_DIR": str(schema_dir)}
    installation = Installation(bootstrap_servers, app, tmp_path, settings)
    installation.create_topics()
    of_order, order_value = written(ORDERS, "enums, with symbols that we don't know", "player")
    of_bonus, bonus_value = written(BONUSES, "an enum, with symbols that we don't know", "player")
    strange: Sequence[tuple[str, bytes]] = [
        (ORDERS, of_order.single_object({**order_value, "Status": "teleporting"})),
        (BONUSES, of_bonus.single_object({**bonus_value, "status": "Suspended"})),
    ]

    installation.send([Outgoing(source, "player", value, at_ms(0)) for source, value in strange])
    installation.drain()

    letters = installation.read(installation.dead_letter_topic)
    assert [
        (b"unknown-combination", b"unknown combination: deposit teleporting/approved"),
        (b"invalid", b"status is unknown: `Suspended`"),
    ] == [(letter.headers["dead-letter.class"], letter.headers["dead-letter.reason"]) for letter in letters]
