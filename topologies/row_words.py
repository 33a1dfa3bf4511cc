"""The rows of the topology `player` as people read them: fields by name, and what of them tells a story."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from processors.bonus_row import Bonus
from processors.casino import Bet
from processors.facts import WalletCall
from processors.free_spins import Spins
from processors.money import EXPONENTS, SCALES
from processors.order_links import Link
from processors.payment_rows import PaymentRow
from processors.roster import Roster
from processors.rounds import Round
from processors.rows import Row
from processors.waiting import Item

Told = Mapping[str, str]
"""What a row says, in words; what is as usual is left out."""

PERCENT = 100


def named(kind: str, row: Row) -> Any:  # noqa: ANN401  a JSON value
    """Return a row with its fields by name; one of an unknown shape as it is."""
    if kind == "payment":
        return [_fields(PaymentRow._fields, each) for each in row]
    found = _fields(FIELDS.get(kind, ()), row)
    if kind == "waiting" and isinstance(found, Mapping):
        return {**found, "call": _fields(WalletCall._fields, found["call"])}
    return found


def told(kind: str, row: Row) -> Told:
    """Return what of a row people want to know."""
    words = WORDS.get(kind)
    return {} if words is None else {name: text for name, text in words(row).items() if text}


def money(amount: int, currency: str) -> str:
    """Minor units as people write them: `45.00 EUR`."""
    return f"{amount / SCALES[currency]:.{EXPONENTS[currency]}f} {currency}"


def _fields(names: tuple[str, ...], row: Row) -> Any:  # noqa: ANN401  a JSON value
    if isinstance(row, list) and len(row) == len(names):
        return dict(zip(names, row, strict=True))
    return row


def _bonus(row: Row) -> Told:
    bonus = Bonus._make(row)
    return {
        "status": bonus.status or "not yet active",
        "wagered": money(bonus.wagered // PERCENT, bonus.currency) if bonus.wagered else "",
        "deposit": "" if bonus.payment == "undecided" else bonus.payment,
        "forfeited by": bonus.forfeited_by or "",
        "reversals": str(bonus.epoch or ""),
        "records that wait for its deposit": str(bonus.held or ""),
    }


def _payment(row: Row) -> Told:
    payments = [PaymentRow._make(each) for each in row]
    rolled_back = [money(each.rolled_back, each.currency) for each in payments if each.rolled_back]
    return {
        "status": ", ".join(each.sent for each in payments if each.sent),
        "rolled back": ", ".join(rolled_back),
    }


def _bet(row: Row) -> Told:
    bet = Bet._make(row)
    return {
        "amount": money(bet.amount, bet.currency),
        "counts for bonus": bet.bonus or "",
        "wagers": money(bet.wagered // PERCENT, bet.currency) if bet.wagered else "",
        "refunded": "yes" if bet.is_refunded else "",
    }


def _round(row: Row) -> Told:
    known = Round._make(row)
    return {"bonuses": ", ".join(known.bonuses), "ended": "yes" if known.is_ended else ""}


def _spins(row: Row) -> Told:
    spins = Spins._make(row)
    won = [money(amount, currency) for currency, amount in spins.won.items() if amount]
    return {"rounds": str(spins.ended), "won": ", ".join(won)}


def _waiting(row: Row) -> Told:
    item = Item._make(row)
    return {"for": item.name or "any bonus", "call": item.wallet_call.call_id}


FIELDS: Mapping[str, tuple[str, ...]] = {
    "bet": Bet._fields,
    "bonus": Bonus._fields,
    "held": ("fact", "cause", "time"),
    "order-link": Link._fields,
    "payment-id": ("order_id", "created_at"),
    "refund-waiting": ("fact", "cause", "time"),
    "roster": Roster._fields,
    "round": Round._fields,
    "spins": Spins._fields,
    "spins-mark": Spins._fields,
    "waiting": Item._fields,
}
"""Kind → the names of its fields; a payment's row is a list of payments, and the other kinds have one value only."""

WORDS: Mapping[str, Callable[[Row], Told]] = {
    "bet": _bet,
    "bonus": _bonus,
    "payment": _payment,
    "round": _round,
    "spins": _spins,
    "waiting": _waiting,
}


class Label(NamedTuple):
    """What a kind of row is called, and whether it is only there to find others."""

    text: str
    is_index: bool = False


LABELS: Mapping[str, Label] = {
    "campaign": Label("campaign", is_index=True),
    "held": Label("record that waits for its deposit"),
    "order-link": Label("bonuses of order", is_index=True),
    "payment-id": Label("payment id", is_index=True),
    "refund": Label("refund of bet"),
    "refund-waiting": Label("refund that waits for bet"),
    "roster": Label("roster", is_index=True),
    "spins": Label("free spins of"),
    "spins-mark": Label("free spins up to a bonus", is_index=True),
    "waiting": Label("call that waits for a bonus"),
}
"""Kinds that are not called by their own name, or tell nobody anything."""
