"""What the CRM is told: PAYMENT, BONUS and CASINO events, and their ids.

Field names, required fields and enum values are Fast Track's
(https://www.fasttrack-solutions.com, integration API: payment, bonus, casino).
A `Payment`, a `Bonus` or a wallet call is in our words and minor units; the
`Event` of it is complete: optional fields that are None are left out, amounts
are JSON numbers, times RFC 3339.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from processors.facts import Action, Kind, WalletCall
from processors.money import SCALES, number, percent_number
from processors.rules import Rules

EventType = Literal["PAYMENT", "BONUS", "CASINO"]
PaymentStatus = Literal["Requested", "Approved", "Rejected", "Cancelled", "Rollback"]

BONUS_TYPES: Final = frozenset(
    {"NoDeposit", "WelcomeBonus", "CashbackBonus", "ReloadBonus", "WagerFree", "FreeSpins", "RiskFreeBet", "Undefined"}
)

_PAYMENT_TYPES: Final[dict[Kind, str]] = {"deposit": "Credit", "withdrawal": "Debit"}
_GAME_TYPES: Final = {"slots": "Slots", "table_games": "Table"}
_CASINO: Final[dict[Action, tuple[str, str, str]]] = {
    "bet": ("Bet", "Approved", "debit"),
    "win": ("Win", "Approved", "credit"),
    "refund": ("Bet", "Rollback", "refund"),
}
"""Type, status, and the word in the id."""
_FRACTIONS: Final = ("Z", *(f".{ms:03}Z" for ms in range(1, 1000)))


@dataclass(init=False)
class Event:
    """One event for the CRM, complete."""

    type: Final[EventType]
    event_id: Final[str]
    """Deterministic and unique per player: the same event recomputed has the same id."""
    user_id: Final[str]
    cause: Final[str]
    """`topic/partition/offset` of the causing record, or `timer/<partition>/<due ms>`."""
    payload: Final[Mapping[str, Any]]
    """The JSON object; optional fields that are absent are left out."""

    def __init__(
        self,
        type: EventType,  # noqa: A002 - the CRM's word
        event_id: str,
        user_id: str,
        cause: str,
        payload: Mapping[str, Any],
    ) -> None:
        self.type = type
        self.event_id = event_id
        self.user_id = user_id
        self.cause = cause
        self.payload = payload


class Payment(NamedTuple):
    """What a PAYMENT event says."""

    user_id: str
    cause: str
    payment_id: str
    status: PaymentStatus
    kind: Kind
    at: int
    amount: int
    currency: str
    rate: str
    origin: str
    vendor_id: str
    vendor_name: str | None = None
    bonus_code: str | None = None
    note: str | None = None
    rollback: int = 1
    """Counts the payment's Rollbacks; the first, and the other statuses, have no number in their id."""

    def event(self) -> Event:
        """Return it as the CRM wants it."""
        payload: dict[str, Any] = {
            "amount": number(self.amount, self.currency),
            "currency": self.currency,
            "exchange_rate": float(self.rate),
            "origin": self.origin,
            "payment_id": self.payment_id,
            "status": self.status,
            "timestamp": timestamp(self.at),
            "type": _PAYMENT_TYPES[self.kind],
            "user_id": self.user_id,
            "vendor_id": self.vendor_id,
        }
        _add_known(payload, bonus_code=self.bonus_code, note=self.note, vendor_name=self.vendor_name)
        event_id = f"payment/{self.payment_id}/{self.status}"
        if self.rollback > 1:
            event_id = f"{event_id}/{self.rollback}"
        return Event("PAYMENT", event_id, self.user_id, self.cause, payload)


class Bonus(NamedTuple):
    """What a BONUS event says."""

    user_id: str
    cause: str
    user_bonus_id: str
    bonus_id: str
    epoch: int
    status: str
    type: str
    product: str
    at: int
    amount: int
    currency: str
    rate: str
    origin: str
    bonus_code: str | None = None
    required: int | None = None
    locked: int | None = None
    turned_real: int | None = None
    """Sent on Completed only."""
    meta: str | None = None
    """A JSON object as text; on Ongoing the progress is added to it."""
    references: str | None = None
    """A JSON object as text."""
    ongoing: int = 0
    """Counts the epoch's Ongoing from 0."""
    wagered_percents: int = 0
    """What was wagered, in hundredths of a minor unit."""

    def event(self) -> Event:
        """Return it as the CRM wants it."""
        currency, is_ongoing = self.currency, self.status == "Ongoing"
        payload: dict[str, Any] = {
            "amount": number(self.amount, currency),
            "bonus_id": self.bonus_id,
            "currency": currency,
            "exchange_rate": float(self.rate),
            "origin": self.origin,
            "product": self.product,
            "status": self.status,
            "timestamp": timestamp(self.at),
            "type": self.type,
            "user_bonus_id": self.user_bonus_id,
            "user_id": self.user_id,
        }
        meta = _object(self.meta)
        _add_known(
            payload,
            bonus_code=self.bonus_code,
            bonus_turned_real=_optional(self.turned_real if self.status == "Completed" else None, currency),
            locked_amount=_optional(self.locked, currency),
            required_wagering_amount=_optional(self.required, currency),
            meta={**(meta or {}), **self._progress()} if is_ongoing else meta,
            fasttrack_references=_object(self.references),
        )
        event_id = f"bonus/{self.user_bonus_id}/{self.epoch}/{self.status}"
        if is_ongoing:
            event_id = f"{event_id}/{self.ongoing}"
        return Event("BONUS", event_id, self.user_id, self.cause, payload)

    def _progress(self) -> dict[str, float]:
        wagered = {"wagered_amount": percent_number(self.wagered_percents, self.currency)}
        if not self.required:
            return wagered
        open_percents = max(self.required * 100 - self.wagered_percents, 0)
        return {**wagered, "open_requirement": percent_number(open_percents, self.currency)}


def casino(call: WalletCall, cause: str, rate: str, origin: str, rules: Rules) -> Event:
    """Return the CASINO event of a wallet call; a refund's call is its bet's, but for the refund's time and balance.

    The balance is real money after the call; what was before follows from it, and is left out when that is negative.
    """
    type_, status, word = _CASINO[call.action]
    scale = SCALES[call.currency]
    wager_amount = call.amount - call.bonus_amount
    payload: dict[str, Any] = {
        "activity_id": call.call_id,
        "amount": call.amount / scale,
        "currency": call.currency,
        "exchange_rate": float(rate),
        "game_id": call.game_id or "",
        "game_name": call.game_name or "",
        "is_round_end": call.is_round_end or False,
        "origin": origin,
        "round_id": call.round_id or "",
        "status": status,
        "timestamp": timestamp(call.at),
        "type": type_,
        "user_id": call.player,
        "vendor_id": rules.casino_vendor_id,
        "wager_amount": wager_amount / scale,
        "bonus_wager_amount": call.bonus_amount / scale,
        "locked_wager_amount": 0.0,
    }
    balance = call.balance
    if balance is not None:
        payload["balance_after"] = balance / scale
        before = balance + wager_amount if call.action == "bet" else balance - wager_amount
        if before >= 0:
            payload["balance_before"] = before / scale
    if call.game_type is not None:
        payload["game_type"] = _GAME_TYPES.get(call.game_type, call.game_type)
    payload["vendor_name"] = rules.casino_vendor_name
    return Event("CASINO", f"casino/{word}/{call.call_id}", call.player, cause, payload)


def bonus_type(source: str, mapping: Mapping[str, str]) -> str:
    """Fast Track's word for a platform's bonus type, by the operator's mapping; outside their list `Undefined`."""
    mapped = mapping.get(source, source)
    return mapped if mapped in BONUS_TYPES else "Undefined"


def timestamp(at: int) -> str:
    """RFC 3339 UTC of milliseconds since 1970; milliseconds are written only when not zero."""
    return _to_the_second(at // 1000) + _FRACTIONS[at % 1000]


@lru_cache(maxsize=1024)
def _to_the_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().removesuffix("+00:00")


def _optional(minor: int | None, currency: str) -> float | None:
    return None if minor is None else number(minor, currency)


def _object(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)


def _add_known(payload: dict[str, Any], **optional: Any) -> None:  # noqa: ANN401 (JSON values)
    payload.update({name: value for name, value in optional.items() if value is not None})
