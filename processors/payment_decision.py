"""What a version of an order means for a payment with a past: `decide` says it, `evolve` remembers it."""

from collections.abc import Sequence
from typing import NamedTuple

from processors import payment_table
from processors.events import PaymentStatus
from processors.facts import Order
from processors.outcome import Refused
from processors.payment_rows import PaymentRow
from processors.payment_table import Cell
from processors.rules import Rules


class Sent(NamedTuple):
    """A status the CRM is told, the amount that goes with it, and the cause's time."""

    status: PaymentStatus
    amount: int
    at: int


class Decision(NamedTuple):
    """What follows from a version; an anomaly sends nothing."""

    sends: Sequence[Sent] = ()
    counts: Sequence[str] = ()
    is_anomaly: bool = False
    is_unresolved: bool = False


def decide(before: PaymentRow, order: Order, rules: Rules) -> Decision:
    """Say what a version means for a payment with this past.

    Raises:
        Refused: `unknown-combination`.
    """
    row = payment_table.find(order.kind, order.status, order.result, rules)
    if row is None:
        raise Refused("unknown-combination", f"unknown combination: {order.kind} {order.status}/{order.result}")
    if before.is_undone:
        return Decision(counts=["orders-after-rollback"])
    if before.sent in ("Rejected", "Cancelled"):
        return _reopen(before, order, row.nothing_sent, rules)
    if before.sent == "Approved":
        decision = _fill(row.approved_sent, before, order)
        if row.remark != "discrepancy":
            return decision
        return decision._replace(counts=[*decision.counts, "payments-discrepancy"])
    cell = row.nothing_sent if before.sent is None else row.requested_sent
    decision = _fill(cell, before, order)
    return decision._replace(is_unresolved=True) if row.remark == "unresolved" else decision


def evolve(before: PaymentRow, sent: Sent) -> PaymentRow:
    """Remember one event. No rules here: they were applied in `decide`."""
    status, at = sent.status, max(before.sent_at, sent.at)
    if status == "Rollback":
        rolled_back = before.rolled_back + sent.amount
        return before._replace(sent_at=at, rolled_back=rolled_back, rollbacks=before.rollbacks + 1)
    approved = sent.amount if status == "Approved" else before.approved
    if status == "Requested" or before.is_finished:
        return before._replace(sent_at=at, sent=status, approved=approved)
    return before._replace(sent_at=at, sent=status, approved=approved, decided=status, decided_at=at)


def _reopen(before: PaymentRow, order: Order, cell: Cell, rules: Rules) -> Decision:
    """After Rejected or Cancelled only real money is news."""
    if cell in ("Approved", "Approved, Rollback of the part"):
        if rules.late_approval == "anomaly":
            return Decision(is_anomaly=True)
        decision = _fill(cell, before, order)
        return decision._replace(counts=[*decision.counts, "payments-approved-late"])
    if cell in ("Rejected", "Cancelled") and cell != before.sent:
        return Decision(is_anomaly=True)
    return Decision(counts=["orders-after-decision"])


def _fill(cell: Cell, before: PaymentRow, order: Order) -> Decision:
    """A cell's words with this order's amounts and times."""
    purchased = order.amount if order.purchase_amount is None else order.purchase_amount
    approved = Sent("Approved", purchased, order.at)
    match cell:
        case "anomaly":
            return Decision(is_anomaly=True)
        case "-":
            sends: list[Sent] = []
        case "Requested":
            sends = [Sent(cell, order.amount, before.created_at)]
        case "Rejected" | "Cancelled":
            sends = [Sent(cell, order.amount, order.at)]
        case "Approved":
            sends = [approved]
        case "Approved, Rollback of the part":
            sends = [approved, *_part(evolve(before, approved), order)]
        case "Rollback of the part":
            sends = _part(before, order)
        case "Rollback of the rest":
            sends = _rollback(before.approved - before.rolled_back, order)
    is_part_unknown = cell.endswith("of the part") and order.refunded_amount is None
    return Decision(sends, counts=["payments-part-unknown"] * is_part_unknown)


def _part(before: PaymentRow, order: Order) -> list[Sent]:
    return _rollback(min(order.refunded_amount or 0, before.approved) - before.rolled_back, order)


def _rollback(amount: int, order: Order) -> list[Sent]:
    return [Sent("Rollback", amount, order.at)] if amount > 0 else []
