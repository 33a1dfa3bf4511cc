"""The bonus platform's changes → `BonusChange`."""

from typing import Any, Final

from processors.facts import BonusChange, Invalid
from topologies.graph import Entry
from topologies.intake.forms import (
    Broken,
    check_currency,
    check_id_texts,
    check_required,
    check_time,
    decimal,
    optional_decimal,
    shown,
    time_of,
    to_decimal,
)
from topologies.wire import load_json

STATUSES: Final = frozenset(
    "Pending Created Ongoing Completed AutoCompleted Forfeited Expired Lost Reversed".split()  # noqa: SIM905  one table
)
PRODUCTS: Final = frozenset(("Casino", "Sportsbook", "Lotto", "Poker"))
DEFAULT_PRODUCT: Final = "Casino"


def entry(record: dict[str, Any], time: int) -> Entry:
    """The change under its player; `Invalid` when it breaks the rules of its form."""
    player = record["player_id"] or ""
    try:
        return Entry(player, _change(record, player))
    except Broken as broken:
        return Entry(player, Invalid(player, time_of(record["updated_at"], time), "bonus", str(broken)))


def record(change: BonusChange) -> dict[str, Any]:
    """A record that `entry` makes the same change of."""
    return {
        "player_id": change.player,
        "user_bonus_id": change.user_bonus_id,
        "bonus_id": change.bonus_id,
        "bonus_code": change.bonus_code,
        "type": change.type,
        "product": change.product,
        "status": change.status,
        "amount": to_decimal(change.amount, change.currency),
        "currency": change.currency,
        "required_wagering_amount": to_decimal(change.required, change.currency),
        "locked_amount": to_decimal(change.locked, change.currency),
        "bonus_turned_real": to_decimal(change.turned_real, change.currency),
        "order_id": change.order_id,
        "forfeited_by_order_id": change.forfeited_by,
        "expires_at": change.expires_at,
        "free_spins": change.free_spins,
        "origin": change.origin,
        "meta": change.meta,
        "fasttrack_references": change.references,
        "updated_at": change.at,
    }


def _change(record: dict[str, Any], player: str) -> BonusChange:
    _check_form(record)
    currency = record["currency"]
    return BonusChange(
        player=player,
        at=record["updated_at"],
        user_bonus_id=record["user_bonus_id"],
        bonus_id=record["bonus_id"],
        type=record["type"],
        status=_one_of(STATUSES, "status", record["status"]),
        amount=decimal("amount", record["amount"], currency),
        currency=currency,
        bonus_code=record["bonus_code"] or None,
        product=_one_of(PRODUCTS, "product", record["product"] or DEFAULT_PRODUCT),
        required=optional_decimal("required_wagering_amount", record["required_wagering_amount"], currency),
        locked=optional_decimal("locked_amount", record["locked_amount"], currency),
        turned_real=optional_decimal("bonus_turned_real", record["bonus_turned_real"], currency),
        order_id=record["order_id"] or None,
        forfeited_by=record["forfeited_by_order_id"] or None,
        expires_at=record["expires_at"],
        free_spins=record["free_spins"],
        origin=record["origin"] or None,
        meta=_object("meta", record["meta"]),
        references=_object("fasttrack_references", record["fasttrack_references"]),
    )


def _check_form(record: dict[str, Any]) -> None:
    check_required(record, "player_id", "user_bonus_id", "bonus_id", "status", "amount", "currency", "updated_at")
    if record["type"] is None:
        raise Broken("type is missing")
    check_currency(record["currency"])
    check_time("updated_at", record["updated_at"])
    if record["expires_at"] is not None:
        check_time("expires_at", record["expires_at"])
    spins = record["free_spins"]
    if spins is not None and (type(spins) is not int or spins < 0):
        raise Broken(f"free_spins is not a number of rounds: {shown(spins)}")
    check_id_texts(
        f"{record['player_id']}{record['user_bonus_id']}{record['bonus_id']}"
        f"{record['order_id']}{record['forfeited_by_order_id']}"
    )


def _one_of(known: frozenset[str], field: str, word: str) -> str:
    if word not in known:
        raise Broken(f"{field} is unknown: {shown(word)}")
    return word


def _object(field: str, text: str | None) -> str | None:
    """A JSON object as text; its content is the platform's business."""
    if not text:
        return None
    try:
        is_object = isinstance(load_json(text), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise Broken(f"{field} is not a JSON object")
    return text
