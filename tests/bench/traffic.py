"""A casino's day in small: 80 % wallet calls, the rest bonuses and orders, of many players at once."""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from topologies.codecs import Codec
from topologies.schemas import BONUSES, CALLS, ORDERS

Value = dict[str, Any]

SESSION = (
    ("order", "waiting-approval", "unknown"),
    ("bonus", "Pending"),
    ("order", "completed", "approved"),
    ("bonus", "Created"),
    *(("bet", "bonus"), ("win", "bonus")) * 3,
    ("order", "completed", "approved"),
    *(("bet", "real"), ("win", "real")) * 9,
    ("bonus", "Completed"),
)
"""What one player does, in order: 30 records, 24 of them wallet calls, a quarter of those with bonus money."""


class Sent(NamedTuple):
    """A record as a producer sends it."""

    source: str
    key: bytes
    value: bytes
    time: int


def records(codec: Codec, count: int, players: int, end_ms: int, seed: int = 1) -> Iterator[Sent]:
    """Yield `count` records whose times end at `end_ms`; each player goes through its session again and again."""
    chance = random.Random(seed)
    done = [0] * players
    start_ms = end_ms - count * 10
    for number in range(count):
        player = chance.randrange(players)
        session, place = divmod(done[player], len(SESSION))
        done[player] += 1
        yield record(codec, str(100_000 + player), session, place, start_ms + number * 10)


def record(codec: Codec, player: str, session: int, place: int, at: int) -> Sent:
    """Return one record of a session, at a place in `SESSION`."""
    kind, *words = SESSION[place]
    key = player.encode()
    if kind == "order":
        value = _order(player, f"123_{player}_{session}", words[0], words[1], at)
        return Sent(ORDERS, key, codec.encode(ORDERS, value), at)
    if kind == "bonus":
        value = _bonus(player, session, words[0], at)
        return Sent(BONUSES, key, codec.encode(BONUSES, value), at)
    value = _call(player, session, place, kind, words[0], at)
    return Sent(CALLS, key, codec.encode(CALLS, value), at)


def _order(player: str, order_id: str, status: str, result: str, at: int) -> Value:
    return {
        "PaymentMethod": "payment-card",
        "TransactionID": order_id,
        "OrderID": order_id,
        "CasinoID": "123",
        "PlayerID": f"123_{player}",
        "OrderCurrency": "EUR",
        "OrderAmount": "45.00",
        "Status": status,
        "Result": result,
        "CreatedTime": at,
        "UpdatedTime": at,
    }


def _bonus(player: str, session: int, status: str, at: int) -> Value:
    return {
        "player_id": player,
        "user_bonus_id": f"{player}-{session}",
        "bonus_id": "welcome",
        "bonus_code": "WELCOME100",
        "type": "WelcomeBonus",
        "product": "Casino",
        "status": status,
        "amount": "20.00",
        "currency": "EUR",
        "required_wagering_amount": "60.00",
        "locked_amount": "20.00",
        "order_id": f"123_{player}_{session}",
        "expires_at": at + 86_400_000,
        "updated_at": at,
    }


def _call(player: str, session: int, place: int, kind: str, money: str, at: int) -> Value:
    call_id = f"{player}-{session}-{place}"
    is_bet = kind == "bet"
    is_bonus = money == "bonus"
    return {
        "action": "debit" if is_bet else "credit",
        "answered_at": at,
        "request": {
            "player_id": player,
            "amount": 100,
            "amount_type": "real",
            "currency": "EUR",
            "channel": "desktop",
            "game_id": "1",
            "round_id": f"{session}-{place // 2 if is_bet else (place - 1) // 2}",
            "game_type": "slots",
            "game_name": "ageofdavinci",
            "transaction_id": call_id,
            "game_ended": not is_bet,
            "note": "",
            "additional_details": {"bonus_id": f"{player}-{session}"} if is_bonus and is_bet else None,
        },
        "response": {
            "status": 1,
            "player_id": player,
            "currency": "EUR",
            "bonus_amount": 2000 if is_bonus else 0,
            "balance": 1200,
            "transaction_id": f"o-{call_id}",
            "bonus_bet": 100 if is_bonus else 0,
        },
    }
