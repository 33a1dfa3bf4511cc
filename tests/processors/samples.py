"""Facts with everything filled in, so that a test names only what matters to it."""

from typing import Any

from processors.facts import BonusChange, Fact, Order, WalletCall
from processors.outcome import Arrival
from processors.rules import DAY, HOUR, MINUTE

__all__ = ["DAY", "HOUR", "MINUTE", "NOON", "SECOND", "arrival", "bonus_change", "order", "wallet_call"]

SECOND = 1000
NOON = 1_795_176_000_000
"""2026-11-20T12:00:00Z"""


def order(at: int = NOON, **said: Any) -> Order:
    """A deposit of 45.00 GBP that the gateway works on, at its first version unless said otherwise."""
    return Order(
        **{
            "player": "111222333",
            "at": at,
            "created_at": NOON,
            "order_id": "123_4567899",
            "transaction_id": None,
            "casino_id": "123",
            "kind": "deposit",
            "status": "pending",
            "result": "unknown",
            "currency": "GBP",
            "amount": 4500,
            "purchase_amount": None,
            "refunded_amount": None,
            "gateway_account": None,
            "alternative_method": None,
            "payment_method": "payment-card",
            "response_message": None,
            **said,
        }
    )


def bonus_change(at: int = NOON, **said: Any) -> BonusChange:
    """A welcome bonus of 20.00 GBP to be wagered 30 times, Created unless said otherwise."""
    return BonusChange(
        **{
            "player": "111222333",
            "at": at,
            "user_bonus_id": "111222333-77",
            "bonus_id": "13et",
            "type": "WelcomeBonus",
            "status": "Created",
            "amount": 2000,
            "currency": "GBP",
            "bonus_code": "WELCOME100",
            "product": "Casino",
            "required": 60000,
            "locked": None,
            "turned_real": None,
            "order_id": None,
            "forfeited_by": None,
            "expires_at": None,
            "free_spins": None,
            "origin": None,
            "meta": None,
            "references": None,
            **said,
        }
    )


def wallet_call(at: int = NOON, **said: Any) -> WalletCall:
    """A bet of 1.00 GBP real money on a slot that goes on, unless said otherwise."""
    return WalletCall(
        **{
            "player": "111222333",
            "at": at,
            "action": "bet",
            "call_id": "2322",
            "original_id": None,
            "currency": "GBP",
            "amount": 100,
            "bonus_amount": 0,
            "balance": 1200,
            "bonus_balance": 2000,
            "response_currency": "GBP",
            "game_id": "1",
            "round_id": "198909",
            "game_name": "ageofdavinci",
            "game_type": "slots",
            "is_free_spin": False,
            "is_round_end": False,
            "bonus_ref": None,
            "succeeded": True,
            **said,
        }
    )


def arrival(fact: Fact, cause: str = "topic/0/1") -> Arrival:
    """The fact as it comes from its topic, stamped with its own time."""
    return Arrival(fact, cause, fact.at)
