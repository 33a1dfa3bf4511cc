"""What is remembered of a player's payments: a row per OrderID, and a row per payment_id.

An OrderID is unique for 24 hours only, so its row lists every payment that had it.
"""

from typing import Final, NamedTuple, Self

from processors.ages import last_reading
from processors.facts import Kind, Order
from processors.replacing import quickly_replaced
from processors.rows import Row, Rows
from processors.rules import DAY

PAYMENTS: Final = "payment"
PAYMENT_IDS: Final = "payment-id"


@quickly_replaced
class PaymentRow(NamedTuple):
    """One payment: its first word, its newest version, and what the CRM was told."""

    order_id: str
    created_at: int
    """CreatedTime of the first version; with `order_id` the identity."""
    expires_at: int
    kind: Kind
    currency: str
    rate: str
    """To the base currency, frozen by the first version."""
    updated_at: int
    """UpdatedTime of the newest accepted version."""
    seen: list[list[str | int | None]]
    """[status, result, refunded amount] of every version seen with that UpdatedTime."""
    unresolved_since: int | None = None
    payment_id: str | None = None
    """None until something was sent."""
    sent: str | None = None
    """The last of Requested, Approved, Rejected, Cancelled."""
    sent_at: int = 0
    """Timestamp of the last event; once something was rolled back, that of the last Rollback."""
    decided: str | None = None
    """The first of Approved, Rejected, Cancelled that was sent; what a bonus goes by."""
    decided_at: int | None = None
    approved: int = 0
    """The amount that was sent with Approved, minor units."""
    rolled_back: int = 0
    """Of `approved`, minor units."""
    rollbacks: int = 0
    """How many Rollbacks were sent."""

    @property
    def is_finished(self) -> bool:
        """Something other than Requested was sent."""
        return self.decided is not None

    @property
    def is_undone(self) -> bool:
        """The whole approved amount was rolled back."""
        return self.rollbacks > 0 and self.rolled_back >= self.approved

    @property
    def row_id(self) -> str:
        """What a timer remembers."""
        return f"{self.created_at}@{self.order_id}"

    def expiring(self, now: int, retention: int) -> Self:
        """Finished payments age by their CreatedTime, others since their last change."""
        return self._replace(expires_at=last_reading(self.created_at if self.is_finished else now, retention))


def alive(rows: Rows, order_id: str) -> list[PaymentRow]:
    """All payments that have had this OrderID and are still remembered, oldest first."""
    row: Row = rows.get(PAYMENTS, order_id)
    if row is None:
        return []
    payments = [one if type(one) is PaymentRow else PaymentRow._make(one) for one in row]
    return [payment for payment in payments if rows.now < payment.expires_at]


def latest(rows: Rows, order_id: str) -> PaymentRow | None:
    """The payment that a bonus means by this OrderID."""
    return max(alive(rows, order_id), key=lambda payment: payment.created_at, default=None)


def same(payments: list[PaymentRow], order: Order) -> PaymentRow | None:
    """The payment this is a version of: within 24 hours, the nearest, of two the older."""
    near = [(abs(payment.created_at - order.created_at), payment.created_at, payment) for payment in payments]
    distance, _, nearest = min(near, default=(DAY + 1, 0, None))
    return nearest if distance <= DAY else None


def by_row_id(rows: Rows, row_id: str) -> PaymentRow | None:
    """The payment a timer remembers."""
    created_at, _, order_id = row_id.partition("@")
    return next((payment for payment in alive(rows, order_id) if payment.created_at == int(created_at)), None)


def store(rows: Rows, before: list[PaymentRow], payment: PaymentRow) -> None:
    """Put the payment in the place of its former self among those of its OrderID that are alive."""
    after = [other for other in before if other.created_at != payment.created_at]
    after.append(payment)
    after.sort(key=_created)
    rows.put(PAYMENTS, payment.order_id, after, max([one.expires_at for one in after]))
    if payment.payment_id is not None:
        rows.put(PAYMENT_IDS, payment.payment_id, [payment.order_id, payment.created_at], payment.expires_at)


def free_id(rows: Rows, wanted: str, payment: PaymentRow, suffix: str) -> str:
    """`wanted`, with the suffix appended until no other payment of the player has it."""
    taken_by = rows.get(PAYMENT_IDS, wanted)
    if taken_by is None or taken_by == [payment.order_id, payment.created_at]:
        return wanted
    return free_id(rows, wanted + suffix, payment, suffix)


def _created(payment: PaymentRow) -> int:
    return payment.created_at
