"""What the sources send: small, complete documents, and their Avro bytes."""

from typing import Any

from tests.integration.records import Outgoing
from topologies import prepared, schemas
from topologies.codecs import Codec
from topologies.units import instant, instant_text

Document = dict[str, Any]

START = "2019-08-24T14:00:00Z"
DAY_S = 24 * 3600

CODEC = Codec(schemas.ours())


def at(seconds: float) -> str:
    """A time, counted from `START`."""
    return instant_text(at_ms(seconds))


def at_ms(seconds: float) -> int:
    return instant(START) + round(seconds * 1000)


def bet(player: str, call_id: str, seconds: float, **request: Any) -> Document:
    """A bet of 1 EUR that was answered at a time; `bonus_bet` and `action` go where they belong."""
    response = {"status": 1, "balance": 10_000, "bonus_amount": 0, "bonus_bet": request.pop("bonus_bet", 0)}
    return {
        "action": request.pop("action", "debit"),
        "answered_at": at(seconds),
        "request": {
            "player_id": player,
            "amount": 100,
            "currency": "EUR",
            "game_id": 1,
            "round_id": f"round of {call_id}",
            "game_type": "slots",
            "game_name": "ageofdavinci",
            "transaction_id": call_id,
            "game_ended": False,
            **request,
        },
        "response": response,
    }


def order(player: str, order_id: str, seconds: float, **fields: Any) -> Document:
    """A deposit of 45 EUR in casino 123, approved at once."""
    return {
        "OrderID": order_id,
        "CasinoID": "123",
        "PlayerID": f"123_{player}",
        "PaymentMethod": "payment-card",
        "OrderCurrency": "EUR",
        "OrderAmount": "45.00",
        "Status": "completed",
        "Result": "approved",
        "CreatedTime": at(seconds),
        "UpdatedTime": at(seconds),
        **fields,
    }


def change(player: str, user_bonus_id: str, seconds: float, **fields: Any) -> Document:
    """A bonus of 20 EUR, Created."""
    return {
        "player_id": player,
        "user_bonus_id": user_bonus_id,
        "bonus_id": "welcome",
        "type": "WelcomeBonus",
        "status": "Created",
        "amount": "20.00",
        "currency": "EUR",
        "required_wagering_amount": "600.00",
        "updated_at": at(seconds),
        **fields,
    }


def rate(currency: str, value: str, effective_from: str) -> Document:
    return {"currency": currency, "rate": value, "effective_from": effective_from}


def sent(document: Document, later_s: float = 0) -> Outgoing:
    """A document as its source sends it, all its times moved."""
    record = prepared.shifted(prepared.document(None, document), round(later_s * 1000))
    return Outgoing(record.kind, record.key, CODEC.encode(record.kind, record.value), record.timestamp_ms or 0)


def avro(document: Document) -> bytes:
    """A document as bytes."""
    return sent(document).value or b""
