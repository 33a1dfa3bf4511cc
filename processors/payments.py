"""Payments: which CRM events does a version of an order come to?

Versions come late, twice and out of order, and an OrderID can come to mean
another payment. What an accepted one means is said in `payment_decision`.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from processors import events, payment_rows
from processors.ages import is_too_old
from processors.events import Event, PaymentStatus
from processors.facts import Kind, Order
from processors.outcome import Arrival, Due, Refused
from processors.payment_decision import Decision, Sent, decide, evolve
from processors.payment_rows import PaymentRow, latest
from processors.rates import Rates
from processors.rows import Rows
from processors.rules import Rules

__all__ = ["UNRESOLVED", "PaymentChange", "PaymentOutcome", "PaymentRow", "latest", "payment", "unresolved_due"]

UNRESOLVED = "unresolved"
"""The timer of payments whose outcome the vendor does not know either."""


class PaymentChange(NamedTuple):
    """The CRM was told that a payment is Approved, Rejected, Cancelled or (partly) rolled back."""

    order_id: str
    payment_id: str
    kind: Kind
    status: PaymentStatus
    at: int
    """The event's timestamp, ms."""


class PaymentOutcome(NamedTuple):
    """What an order, or the timer of one, comes to."""

    events: Sequence[Event] = ()
    counts: Sequence[str] = ()
    changes: Sequence[PaymentChange] = ()


def payment(
    rows: Rows, arrival: Arrival, rules: Rules, rates: Rates, bonus_code: Callable[[Order], str | None]
) -> PaymentOutcome:
    """Accept one version of an order.

    `bonus_code` names the code of the first bonus that a deposit earned, when one is known.

    Raises:
        Refused: before anything was put.
    """
    order = arrival.fact
    assert isinstance(order, Order)  # noqa: S101 (tells the type)
    payments = payment_rows.alive(rows, order.order_id)
    known = payment_rows.same(payments, order)
    if known is None and is_too_old(order.created_at, rows.now, rules.payment_retention):
        return PaymentOutcome(counts=["orders-too-old"])
    _refuse_another(known, order)
    origin = _origin(order, rules)
    if known is not None and (stale := _stale(known, order)):
        return PaymentOutcome(counts=[stale])
    before = known or _begun(order, rates)
    decision = _legal(before, order, decide(before, order, rules))
    accepted = _accepted(rows, before, order, decision)
    *_, after = history = list(accumulate(decision.sends, evolve, initial=accepted))
    payment_rows.store(rows, payments, after.expiring(rows.now, rules.payment_retention))
    _keep_timer(rows, before, after, rules)
    told = list(zip(decision.sends, history[1:], strict=True))
    code = bonus_code(order) if told and order.kind == "deposit" else None
    return PaymentOutcome(
        events=[_event(sent, row, _Told(order, arrival.cause, origin, code)) for sent, row in told],
        counts=decision.counts,
        changes=[_change(sent, row) for sent, row in told if sent.status != "Requested"],
    )


def unresolved_due(rows: Rows, due: Due) -> PaymentOutcome:
    """Count a payment that has been unresolved for too long; its outcome is never guessed."""
    found = payment_rows.by_row_id(rows, due.row_id)
    if found is None or found.unresolved_since is None:
        return PaymentOutcome()
    return PaymentOutcome(counts=["payments-unresolved"])


def _refuse_another(known: PaymentRow | None, order: Order) -> None:
    if known is None:
        return
    if known.currency != order.currency:
        raise Refused("invalid", f"currency changed from {known.currency} to {order.currency}")
    if known.kind != order.kind:
        raise Refused("invalid", f"kind changed from {known.kind} to {order.kind}")


def _origin(order: Order, rules: Rules) -> str:
    origin = rules.origin_by_casino.get(order.casino_id)
    if origin is None:
        raise Refused("unmapped-origin", f"casino has no origin: `{order.casino_id}`")
    return origin


def _version(order: Order) -> list[str | int | None]:
    return [order.status, order.result, order.refunded_amount]


def _stale(known: PaymentRow, order: Order) -> str | None:
    if order.at < known.updated_at:
        return "orders-late"
    if order.at == known.updated_at and _version(order) in known.seen:
        return "orders-repeated"
    return None


def _begun(order: Order, rates: Rates) -> PaymentRow:
    rate = rates.at(order.currency, order.at)
    if rate is None:
        raise Refused("missing-rate", f"no rate of {order.currency} at {events.timestamp(order.at)}")
    return PaymentRow(order.order_id, order.created_at, 0, order.kind, order.currency, rate, order.at, [])


def _legal(before: PaymentRow, order: Order, decision: Decision) -> Decision:
    """The vendor's times have whole seconds, so of two versions in one second an anomaly is only dropped."""
    if not decision.is_anomaly:
        return decision
    if order.at > before.updated_at:
        raise Refused("illegal-transition", f"{order.status}/{order.result} after {before.sent}")
    return Decision(counts=["orders-illegal-at-equal-time"], is_unresolved=before.unresolved_since is not None)


def _accepted(rows: Rows, before: PaymentRow, order: Order, decision: Decision) -> PaymentRow:
    """Remember the version itself; the CRM's id of a payment is chosen with its first event and stays."""
    since = order.at if before.unresolved_since is None else before.unresolved_since
    accepted = before._replace(
        updated_at=order.at,
        seen=[*(before.seen if order.at == before.updated_at else ()), _version(order)],
        unresolved_since=since if decision.is_unresolved else None,
    )
    if before.payment_id is not None or not decision.sends:
        return accepted
    suffix = f"@{events.timestamp(before.created_at)}"
    return accepted._replace(
        payment_id=payment_rows.free_id(rows, order.transaction_id or order.order_id, before, suffix)
    )


def _keep_timer(rows: Rows, before: PaymentRow, after: PaymentRow, rules: Rules) -> None:
    if before.unresolved_since == after.unresolved_since:
        return
    if before.unresolved_since is not None:
        rows.cancel(before.unresolved_since + rules.unresolved_after, UNRESOLVED, before.row_id)
    if after.unresolved_since is not None:
        rows.schedule(after.unresolved_since + rules.unresolved_after, UNRESOLVED, after.row_id)


class _Told(NamedTuple):
    """What all events of one version share."""

    order: Order
    cause: str
    origin: str
    bonus_code: str | None


def _event(sent: Sent, row: PaymentRow, told: _Told) -> Event:
    order = told.order
    return events.Payment(
        user_id=order.player,
        cause=told.cause,
        payment_id=row.payment_id or order.order_id,
        status=sent.status,
        kind=row.kind,
        at=row.sent_at,
        amount=sent.amount,
        currency=row.currency,
        rate=row.rate,
        origin=told.origin,
        vendor_id=order.gateway_account or order.alternative_method or order.payment_method,
        vendor_name=order.alternative_method or order.payment_method,
        bonus_code=told.bonus_code,
        note=order.response_message if sent.status == "Rejected" else None,
        rollback=max(row.rollbacks, 1),
    ).event()


def _change(sent: Sent, row: PaymentRow) -> PaymentChange:
    return PaymentChange(row.order_id, row.payment_id or row.order_id, row.kind, sent.status, row.sent_at)
