"""Valid bytes of everything that is read, as this release writes them."""

import json
from io import BytesIO
from typing import Any, NamedTuple

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

from topologies.operations.rewind import planned
from topologies.operations.rewind.planned import Planned
from topologies.runtime.journal import marker
from topologies.runtime.journal import plan as plans
from topologies.runtime.journal.marker import Heard, Marker, Slice
from topologies.runtime.journal.plan import Plan
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import Answer, Command, Forget
from topologies.schemas import BONUSES, CALLS, ORDERS, RATES, ours
from topologies.wire import dump_json

AT = 1_795_168_800_000

VALUES: dict[str, dict[str, Any]] = {
    CALLS: {
        "action": "debit",
        "answered_at": AT,
        "request": {
            "player_id": "125917",
            "amount": 100,
            "currency": "GBP",
            "transaction_id": "2322",
            "game_ended": False,
            "additional_details": {"bonus_id": "13et"},
        },
        "response": {"status": 1, "currency": "GBP", "balance": 1200},
    },
    BONUSES: {
        "player_id": "125917",
        "user_bonus_id": "125917-77",
        "bonus_id": "13et",
        "type": "WelcomeBonus",
        "status": "Created",
        "amount": "20.00",
        "currency": "GBP",
        "expires_at": AT + 1,
        "updated_at": AT,
    },
    ORDERS: {
        "OrderID": "123_4567899",
        "CasinoID": "123",
        "PlayerID": "123_111222333",
        "PaymentMethod": "alternative",
        "OrderCurrency": "GBP",
        "OrderAmount": "45.00",
        "Status": "completed",
        "CreatedTime": AT - 1,
        "UpdatedTime": AT,
    },
    RATES: {"currency": "GBP", "rate": "1.17", "effective_from": AT},
}


class Foreign(NamedTuple):
    """A writer's own schema, and a value of it."""

    schema: str
    value: bytes


def _trailing() -> Foreign:
    """A writer of rates that has a field more than we, behind all others."""
    schema = json.loads(next(each.text for each in ours() if each.source == RATES))
    schema["fields"].append({"name": "remark", "type": "string"})
    parsed = fastavro.parse_schema(schema)
    out = BytesIO()
    fastavro.schemaless_writer(out, parsed, {**VALUES[RATES], "remark": "of the bank"})
    mark = bytes.fromhex(fingerprint(to_parsing_canonical_form(parsed), "CRC-64-AVRO"))
    return Foreign(json.dumps(schema), b"\xc3\x01" + mark + out.getvalue())


TRAILING = _trailing()

COMMAND = control.command_row(Command("c0ffee00", 7, 120, "delta", "a@b", "why", AT, AT + 1))[1] or b""
FORGET = control.command_row(Forget("c0ffee01", "ab" * 16, 130, "a@b", "", AT, AT + 1))[1] or b""
ANSWER = control.answer_row(Answer("c0ffee00", "done", "", AT, {"same": 3}))[1] or b""

_MARKER = Marker(
    8,
    {"bets": 5, "orders": 3},
    AT,
    [Slice((5, 3), AT, None, "\0timer\x00000000000000001\0t\0p\0r")],
    [Heard("p", "e1", "0011223344556677"), Heard("", "dead-letter/bets/0/4", "8899aabbccddeeff")],
    [],
    None,
    None,
    1,
)
MARKER_ROWS = [*marker.encode(_MARKER, ("bets", "orders")), *marker.encode(_MARKER, ("bets", "orders"), 1_100)]
MARKER_PARTS = [value or b"" for _, value in MARKER_ROWS]

RECORDS: list[tuple[bytes, bytes]] = [
    (b"p\0row\x001", b"\0\0\0\0\0\0\0\0[1,{}]"),
    *((key, value or b"") for key, value in MARKER_ROWS[:1]),
]

_PLAN = Plan(0, 7, 120, 8, 125, {"bets": 5}, {"bets": 3}, {"bets": 2}, 1, 1, 1, 0, 1)
PLAN = plans.to_json(_PLAN)
PLANNED = dump_json(planned.fields(Planned(_PLAN, AT - 1, AT)))

SPOKEN = b"""\
bootstrap_servers = "localhost:9092"
state_retention = "7d"
origin_by_casino = { "123" = "brand.com" }

[kafka]
"security.protocol" = "SASL_SSL"
"""
