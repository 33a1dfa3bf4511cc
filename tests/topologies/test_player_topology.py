"""The topology of the player: bytes in, records of the CRM's topic out."""

import json
from typing import Any

import pytest
from window import Window

from processors.facts import BonusChange
from processors.rules import Rules
from topologies import schemas
from topologies.codecs import Codec
from topologies.graph import Entry, Message, Result, Topology, Undecodable
from topologies.intake.fact_json import load_fact
from topologies.player import Topics, player_topology
from topologies.prepared import document
from topologies.rate_table import RateTable
from topologies.schemas import BONUSES, CALLS, ORDERS, RATES

AT = 1_795_168_800_000  # 2026-11-20T10:00:00Z
CODEC = Codec(schemas.ours())
RULES = Rules(origin="brand.com", origin_by_casino={"123": "other.com"})

CALL = {
    "answered_at": "2026-11-20T10:00:00Z",
    "request": {
        "player_id": "125917",
        "amount": 100,
        "currency": "GBP",
        "game_id": 1,
        "round_id": 2,
        "game_name": "ageofdavinci",
        "transaction_id": 2322,
        "game_ended": False,
    },
    "response": {"status": 1, "balance": 1200},
}
ORDER = {
    "PaymentMethod": "payment-card",
    "OrderID": "o1",
    "CasinoID": "123",
    "PlayerID": "123_125917",
    "OrderCurrency": "GBP",
    "OrderAmount": "45.00",
    "Status": "completed",
    "Result": "approved",
    "CreatedTime": "2026-11-20T10:00:00Z",
    "UpdatedTime": "2026-11-20T10:00:05Z",
}
COMPLETED = {
    "player_id": "125917",
    "user_bonus_id": "125917-77",
    "bonus_id": "13et",
    "type": "WelcomeBonus",
    "status": "Completed",
    "amount": "20.00",
    "currency": "GBP",
    "required_wagering_amount": "600.00",
    "order_id": "o1",
    "updated_at": "2026-11-20T10:00:00Z",
}


def topology(topics: Topics | None = None) -> Topology:
    return player_topology(topics or Topics(), RULES, CODEC.decode)


def rate(currency: str, rate: str, effective_from: int = 0) -> bytes:
    return CODEC.encode(RATES, {"currency": currency, "rate": rate, "effective_from": effective_from})


def rate_table(*records: tuple[bytes, bytes | None]) -> RateTable:
    [table] = topology().tables
    value = table.empty()
    table.add(value, [Message(RATES, 0, offset, AT, *record) for offset, record in enumerate(records)])
    assert isinstance(value, RateTable)
    return value


class Player:
    """One player's records, taken one after the other as the runtime would."""

    def __init__(self, topics: Topics | None = None) -> None:
        self._topology = topology(topics)
        self._window = Window()
        self._tables = {"rates": rate_table((b"GBP", rate("GBP", "1.17")))}

    def take(self, given: dict[str, Any], offset: int) -> Result:
        record = document(None, given)
        time = record.timestamp_ms or 0
        source = next(source for source in self._topology.sources if source.name == record.kind)
        value = CODEC.encode(record.kind, record.value)
        [entry] = source.decode([Message(source.topic, 3, offset, time, record.key.encode(), value)])
        assert isinstance(entry, Entry)
        assert record.key == entry.key
        self._window.now = max(self._window.now, time)
        cause = f"{source.topic}/3/{offset}"
        return self._topology.step(self._window, entry.fact, cause, time, self._tables)


def test_orders_come_before_bonuses_before_wallet_calls() -> None:
    assert [ORDERS, BONUSES, CALLS] == [source.topic for source in topology().sources]


def test_a_bet_becomes_a_record_of_the_crms_topic() -> None:
    [emit] = Player().take(CALL, 17).emits

    assert ("crm.events", b"125917", "casino/debit/2322") == (emit.topic, emit.key, emit.event_id)
    assert [
        ("type", b"CASINO"),
        ("event-id", b"casino/debit/2322"),
        ("cause", b"netgaming.debits/3/17"),
    ] == emit.headers
    assert {
        "activity_id": "2322",
        "amount": 1.0,
        "balance_after": 12.0,
        "balance_before": 13.0,
        "bonus_wager_amount": 0.0,
        "currency": "GBP",
        "exchange_rate": 1.17,
        "game_id": "1",
        "game_name": "ageofdavinci",
        "is_round_end": False,
        "locked_wager_amount": 0.0,
        "origin": "brand.com",
        "round_id": "2",
        "status": "Approved",
        "timestamp": "2026-11-20T10:00:00Z",
        "type": "Bet",
        "user_id": "125917",
        "vendor_id": "netgaming",
        "vendor_name": "NetGaming",
        "wager_amount": 1.0,
    } == json.loads(emit.value)


def test_an_origin_may_have_a_topic_of_its_own() -> None:
    player = Player(Topics(events_by_origin={"other.com": "crm.other"}))

    emits = [*player.take(CALL, 1).emits, *player.take(ORDER, 2).emits]

    assert ["crm.events", "crm.other"] == [emit.topic for emit in emits]


def test_every_topic_of_events_is_an_output_once() -> None:
    by_origin = {"a": "crm.a", "b": "crm.shared", "c": "crm.shared", "d": "crm.events"}

    outputs = topology(Topics(events_by_origin=by_origin)).outputs

    assert [("events", "crm.events"), ("events of a", "crm.a"), ("events of b, c", "crm.shared")] == [
        (output.name, output.topic) for output in outputs
    ]


def test_events_may_not_go_to_an_input() -> None:
    with pytest.raises(ValueError, match=r"uses a topic in two roles: fx\.rates"):
        topology(Topics(events=RATES))


def test_a_record_that_waited_and_is_refused_is_told_as_its_fact_and_coordinates() -> None:
    player = Player()
    held = player.take(COMPLETED, 7)

    released = player.take(ORDER, 8)

    assert ([], []) == (held.emits, list(held.dead_letters))
    assert ["payment/o1/Approved"] == [emit.event_id for emit in released.emits]
    [letter] = released.dead_letters
    assert letter.waited is not None
    assert ("illegal-transition", BONUSES, 3, 7, AT, b"125917") == (letter.kind, *letter.waited[:5])
    fact = load_fact(letter.waited.value)
    assert isinstance(fact, BonusChange)
    assert ("125917-77", "Completed", 2000) == (fact.user_bonus_id, fact.status, fact.amount)


def test_a_record_in_hand_that_is_refused_has_no_coordinates() -> None:
    [letter] = Player().take({**ORDER, "Kind": "gift"}, 1).dead_letters

    assert ("invalid", "Kind is unknown: `gift`", None) == letter


def test_bad_bytes_keep_their_place_among_the_entries() -> None:
    source = next(source for source in topology().sources if source.name == CALLS)
    good = CODEC.encode(CALLS, document(CALLS, CALL).value)

    decoded = source.decode([Message(CALLS, 0, 0, AT, b"125917", value) for value in (good, b"bad", good)])

    assert [Entry, Undecodable, Entry] == [type(each) for each in decoded]


@pytest.mark.parametrize(
    ("records", "expected", "refused"),
    [
        pytest.param([(b"a", rate("GBP", "1.17"))], "1.17", 0, id="a rate"),
        pytest.param([(b"a", rate("GBP", "1.17")), (b"b", rate("GBP", "1.18", 1))], "1.18", 0, id="a later one"),
        pytest.param([(b"a", rate("GBP", "1.17")), (b"a", rate("GBP", "1.2"))], "1.2", 0, id="a correction"),
        pytest.param(
            [(b"a", rate("GBP", "1.17")), (b"a", rate("GBP", "1.2", AT + 1))],
            None,
            0,
            id="a correction of the time: what the key has said before is gone",
        ),
        pytest.param([(b"a", rate("GBP", "1.17")), (b"a", None)], None, 0, id="taken back"),
        pytest.param([(b"a", None)], None, 0, id="taken back, never told"),
        pytest.param(
            [(b"a", rate("GBP", "1.17")), (b"a", b"bad"), (b"a", rate("GBP", "0"))],
            "1.17",
            2,
            id="bad ones are counted",
        ),
    ],
)
def test_the_table_of_rates(records: list[tuple[bytes, bytes | None]], expected: str | None, refused: int) -> None:
    table = rate_table(*records)

    assert (expected, refused) == (table.rates.at("GBP", AT), table.refused)
