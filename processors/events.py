"""What the CRM is told: PAYMENT, BONUS and CASINO events, and their ids.

Field names, required fields and enum values are Fast Track's
(https://www.fasttrack-solutions.com, integration API: payment, bonus, casino).
The builders take our words and minor units and give a complete event: optional
fields that are None are left out, amounts become JSON numbers, times RFC 3339.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from processors.facts import Kind
from processors.money import SCALES, number, percent_number

EventType = Literal["PAYMENT", "BONUS", "CASINO"]
PaymentStatus = Literal["Requested", "Approved", "Rejected", "Cancelled", "Rollback"]
CasinoType = Literal["Bet", "Win"]
CasinoStatus = Literal["Approved", "Rollback"]

BONUS_TYPES = frozenset(
    {"NoDeposit", "WelcomeBonus", "CashbackBonus", "ReloadBonus", "WagerFree", "FreeSpins", "RiskFreeBet", "Undefined"}
)

_PAYMENT_TYPES: dict[Kind, str] = {"deposit": "Credit", "withdrawal": "Debit"}
_GAME_TYPES = {"slots": "Slots", "table_games": "Table"}
_ACTIONS: dict[CasinoType, str] = {"Bet": "debit", "Win": "credit"}
_SECONDS = tuple(f"{second:02}" for second in range(60))


class Event(NamedTuple):
    """One event for the CRM, complete."""

    type: EventType
    event_id: str
    """Deterministic and unique per player: the same event recomputed has the same id."""
    user_id: str
    cause: str
    """`topic/partition/offset` of the causing record, or `timer/<partition>/<due ms>`."""
    payload: Mapping[str, Any]
    """The JSON object; optional fields that are absent are left out."""


def payment(
    *,
    user_id: str,
    cause: str,
    payment_id: str,
    status: PaymentStatus,
    kind: Kind,
    at: int,
    amount: int,
    currency: str,
    rate: str,
    origin: str,
    vendor_id: str,
    vendor_name: str | None = None,
    bonus_code: str | None = None,
    note: str | None = None,
    rollback: int = 1,
) -> Event:
    """A PAYMENT event; `rollback` counts the payment's Rollbacks from 1, the others have no number."""
    payload: dict[str, Any] = {
        "amount": number(amount, currency),
        "currency": currency,
        "exchange_rate": float(rate),
        "origin": origin,
        "payment_id": payment_id,
        "status": status,
        "timestamp": timestamp(at),
        "type": _PAYMENT_TYPES[kind],
        "user_id": user_id,
        "vendor_id": vendor_id,
    }
    _add_known(payload, bonus_code=bonus_code, note=note, vendor_name=vendor_name)
    event_id = f"payment/{payment_id}/{status}"
    return Event("PAYMENT", event_id if rollback == 1 else f"{event_id}/{rollback}", user_id, cause, payload)


def bonus(
    *,
    user_id: str,
    cause: str,
    user_bonus_id: str,
    bonus_id: str,
    epoch: int,
    status: str,
    type: str,  # noqa: A002 (the contract's name)
    product: str,
    at: int,
    amount: int,
    currency: str,
    rate: str,
    origin: str,
    bonus_code: str | None = None,
    required: int | None = None,
    locked: int | None = None,
    turned_real: int | None = None,
    meta: str | None = None,
    references: str | None = None,
    ongoing: int = 0,
    wagered_percents: int = 0,
) -> Event:
    """A BONUS event. `meta` and `references` are JSON objects as text.

    `turned_real` is sent on Completed only. On Ongoing `ongoing` counts the epoch's from 0, and
    `wagered_percents`, what was wagered in hundredths of a minor unit, goes into `meta`.
    """
    payload: dict[str, Any] = {
        "amount": number(amount, currency),
        "bonus_id": bonus_id,
        "currency": currency,
        "exchange_rate": float(rate),
        "origin": origin,
        "product": product,
        "status": status,
        "timestamp": timestamp(at),
        "type": type,
        "user_bonus_id": user_bonus_id,
        "user_id": user_id,
    }
    described = _object(meta)
    event_id = f"bonus/{user_bonus_id}/{epoch}/{status}"
    if status == "Ongoing":
        described = {**(described or {}), **_progress(wagered_percents, required, currency)}
        event_id = f"{event_id}/{ongoing}"
    _add_known(
        payload,
        bonus_code=bonus_code,
        bonus_turned_real=_optional(turned_real if status == "Completed" else None, currency),
        locked_amount=_optional(locked, currency),
        required_wagering_amount=_optional(required, currency),
        meta=described,
        fasttrack_references=_object(references),
    )
    return Event("BONUS", event_id, user_id, cause, payload)


def casino(
    *,
    user_id: str,
    cause: str,
    call_id: str,
    type: CasinoType,  # noqa: A002 (the contract's name)
    status: CasinoStatus,
    at: int,
    amount: int,
    bonus_amount: int,
    currency: str,
    rate: str,
    origin: str,
    game_id: str,
    game_name: str,
    game_type: str | None,
    round_id: str,
    is_round_end: bool,
    balance_after: int | None,
    vendor_id: str,
    vendor_name: str | None,
) -> Event:
    """A CASINO event of the bet or win `call_id`; a Rollback is of that bet, with the refund's time and balance.

    The balance before follows from the real money that moved, and is left out when that makes it negative.
    """
    wager_amount = amount - bonus_amount
    scale = SCALES[currency]
    payload: dict[str, Any] = {
        "activity_id": call_id,
        "amount": amount / scale,
        "currency": currency,
        "exchange_rate": float(rate),
        "game_id": game_id,
        "game_name": game_name,
        "is_round_end": is_round_end,
        "origin": origin,
        "round_id": round_id,
        "status": status,
        "timestamp": timestamp(at),
        "type": type,
        "user_id": user_id,
        "vendor_id": vendor_id,
        "wager_amount": wager_amount / scale,
        "bonus_wager_amount": bonus_amount / scale,
        "locked_wager_amount": 0.0,
    }
    is_paid_out = type == "Win" or status == "Rollback"
    if balance_after is not None:
        payload["balance_after"] = balance_after / scale
        balance_before = balance_after - wager_amount if is_paid_out else balance_after + wager_amount
        if balance_before >= 0:
            payload["balance_before"] = balance_before / scale
    if game_type is not None:
        payload["game_type"] = _GAME_TYPES.get(game_type, game_type)
    if vendor_name is not None:
        payload["vendor_name"] = vendor_name
    action = "refund" if status == "Rollback" else _ACTIONS[type]
    return Event("CASINO", f"casino/{action}/{call_id}", user_id, cause, payload)


def bonus_type(source: str, mapping: Mapping[str, str]) -> str:
    """Fast Track's word for a platform's bonus type, by the operator's mapping; outside their list `Undefined`."""
    mapped = mapping.get(source, source)
    return mapped if mapped in BONUS_TYPES else "Undefined"


def timestamp(at: int) -> str:
    """RFC 3339 UTC of milliseconds since 1970; milliseconds are written only when not zero."""
    minute, ms = divmod(at, 60_000)
    second, ms = divmod(ms, 1000)
    if ms:
        return f"{_to_the_minute(minute)}:{_SECONDS[second]}.{ms:03}Z"
    return f"{_to_the_minute(minute)}:{_SECONDS[second]}Z"


@lru_cache(maxsize=1024)
def _to_the_minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).isoformat(timespec="minutes").removesuffix("+00:00")


def _progress(wagered_percents: int, required: int | None, currency: str) -> dict[str, float]:
    wagered = {"wagered_amount": percent_number(wagered_percents, currency)}
    if not required:
        return wagered
    return {**wagered, "open_requirement": percent_number(max(required * 100 - wagered_percents, 0), currency)}


def _optional(minor: int | None, currency: str) -> float | None:
    return None if minor is None else number(minor, currency)


def _object(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)


def _add_known(payload: dict[str, Any], **optional: Any) -> None:  # noqa: ANN401 (JSON values)
    payload.update({name: value for name, value in optional.items() if value is not None})
