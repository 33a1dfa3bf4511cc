"""Records, events and rows in the words of people who talk to players."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from topologies import row_words
from topologies.operations.explain.changes import Change, TimerChange
from topologies.operations.explain.found import Input, Said
from topologies.operations.rendering import EVENT_IDS
from topologies.row_words import LABELS
from topologies.schemas import BONUSES, CALLS, ORDERS
from topologies.units import instant_text

CALL_WORDS = {"debit": "bet", "credit": "win", "refund": "refund", None: "bet"}
ORDER_WORDS = {"sale": "deposit", "payout": "withdrawal", None: "deposit"}
FREE_SPIN = "promo_freespin"
TIMER = "timer/"


def of_input(record: Input) -> str:
    """What a source has told."""
    if record.value is None:
        return f"a record that cannot be read: {record.problem}"
    return INPUTS[record.source](record.value)


def _call(value: Mapping[str, Any]) -> str:
    request = value["request"]
    word = CALL_WORDS.get(value["action"], str(value["action"]))
    if request.get("amount_type") == FREE_SPIN:
        word = f"free spin, {word}"
    amount = "" if request.get("amount") is None else f"{Decimal(request['amount']) / 100:.2f} {request['currency']}"
    parts = {
        "": amount,
        "of bet ": request.get("original_transaction_id"),
        "round ": request.get("round_id"),
        "bonus ": (request.get("additional_details") or {}).get("bonus_id"),
    }
    ended = ["the round ends"] if request.get("game_ended") else []
    told = [f"{name}{text}" for name, text in parts.items() if text]
    return f"{word} {request['transaction_id']}: {', '.join([*told, *ended])}"


def _bonus(value: Mapping[str, Any]) -> str:
    linked = {"earned by ": value.get("order_id"), "lost to ": value.get("forfeited_by_order_id")}
    told = [f"{value['type']} {value['amount']} {value['currency']}", *(f"{a}{b}" for a, b in linked.items() if b)]
    return f"bonus {value['user_bonus_id']} {value['status']}: {', '.join(told)}"


def _order(value: Mapping[str, Any]) -> str:
    word = ORDER_WORDS.get(value.get("Kind"), str(value.get("Kind")))
    states = dict.fromkeys(str(state) for state in (value["Status"], value.get("Result")) if state)
    refunded = value.get("RefundedAmount")
    told = f"{value['OrderAmount']} {value['OrderCurrency']}" + (f", {refunded} of it refunded" if refunded else "")
    return f"{word} {value['OrderID']} {'/'.join(states)}: {told}"


INPUTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {CALLS: _call, BONUSES: _bonus, ORDERS: _order}


def of_said(said: Said) -> str:
    """What the CRM, or the dead-letter topic, was told."""
    if said.what == "dead-letter":
        return f"dead letter, {said.value['class']}: {said.value['reason']}"
    if said.what == "replayed":
        return f"dead letter, sent again by {said.value['by']} as attempt {said.value['attempt']}"
    sent = "" if said.replay is None else f", sent by a replay ({REPLAYS.get(said.replay, said.replay)})"
    return f"CRM: {said.type} {of_event(said.value)}{sent}"


REPLAYS = {"added": "never sent before", "changed": "it was another", "again": "the same again"}


def of_event(value: Mapping[str, Any]) -> str:
    """An event in short: `o1 Credit Approved 45.00 EUR`."""
    words = [str(value[name]) for name in (*EVENT_IDS, "type", "status") if name in value]
    if isinstance(value.get("amount"), int | float):
        words.append(f"{Decimal(str(value['amount'])):.2f} {value.get('currency', '')}")
    return " ".join(words)


def of_difference(line: Mapping[str, Any], new: Mapping[str, Any] | None) -> str:
    """What a replay came to that was not sent."""
    if line["what"] == "vanished":
        return f"vanished: the CRM has heard {line['id']}, the replay did not come to it"
    now = "" if new is None else f": {of_event(new)}"
    heard = "the CRM has heard it otherwise" if line["what"] == "changed" else "as was asked"
    return f"{line['what']}, not sent, {heard}: {line['id']}{now}"


def of_change(change: Change | TimerChange) -> str:
    """What became of a row; empty when that tells nobody anything."""
    if isinstance(change, TimerChange):
        timer = change.timer
        return f"timer {timer.name} of {timer.row_id}, due {instant_text(timer.due)}: {change.became}"
    label = LABELS.get(change.kind)
    if label is not None and label.is_index:
        return ""
    became = _became(change)
    return became and f"{change.kind if label is None else label.text} {change.id}: {became}"


def _became(change: Change) -> str:
    if change.after is None:
        return "" if change.before is None else "gone"
    after = row_words.told(change.kind, change.after)
    if change.before is None:
        return ", ".join(["new", *(f"{name} {text}" for name, text in after.items())])
    before = row_words.told(change.kind, change.before)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name} {before.get(name, 'none')} → {after.get(name, 'none')}" for name in names)
