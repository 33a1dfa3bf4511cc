"""What is remembered of one bonus, and what follows from that alone."""

from typing import Final, Literal, NamedTuple

from processors.ages import last_reading
from processors.bonus_table import ACTIVE, ENDED, NOTHING
from processors.events import bonus_type
from processors.facts import BonusChange
from processors.replacing import quickly_replaced
from processors.rows import Rows
from processors.rules import Rules

BONUS: Final = "bonus"

Standing = Literal["unseen", "pending", "active", "ended"]
Payment = Literal["undecided", "approved", "refused", "given-up"]


@quickly_replaced
class Bonus(NamedTuple):
    """One bonus instance: the platform's word, what the CRM was told, and what bets made of it."""

    user_bonus_id: str
    currency: str
    rate: str
    """To the base currency, frozen by the first record."""
    updated_at: int
    """The newest time of a platform's record."""
    seen: list[str]
    """The statuses seen with that time."""

    bonus_id: str
    type: str
    """Fast Track's word."""
    product: str
    amount: int
    """Minor units, as `required` and `locked`."""
    code: str | None
    required: int | None
    locked: int | None
    expires_at: int | None
    free_spins: int | None
    origin: str
    meta: str | None
    references: str | None
    forfeited_by: str | None = None
    """The OrderID of the payout that cost it, while Forfeited."""

    status: str = NOTHING
    """The last status that the table goes by; of free spins that go on it was not sent."""
    sent_at: int | None = None
    """Timestamp of the last event; None while nothing was sent."""
    epoch: int = 0
    activated_at: int | None = None
    """When it was Created, or first Reversed; of free spins that go on, what the platform said."""
    reversed_at: int | None = None
    ended_at: int | None = None
    """Stream time of the end."""

    wagered: int = 0
    """In hundredths of a minor unit: amounts times percents, exact."""
    step: int = 0
    """The highest progress step reported."""
    ongoing: int = 0
    """How many Ongoing the epoch has had."""

    spins_over_at: int | None = None

    order_id: str | None = None
    """The deposit that earned it, by its first word."""
    payment: Payment = "undecided"
    payment_id: str | None = None
    """The payment that decided."""
    rollbacks: int = 0
    """How many Rollbacks of it are dealt with."""
    held: int = 0
    """How many records wait for the payment."""
    held_until: int | None = None

    @property
    def is_silent(self) -> bool:
        """Free spins that go on (or whose bonus was not claimed): nothing was sent yet."""
        return self.sent_at is None and self.type == "FreeSpins"

    @property
    def standing(self) -> Standing:
        """Pending is what is not active yet: Pending, waiting for its payment, or for its free spins."""
        if self.status in ENDED:
            return "ended"
        return "active" if self.status in ACTIVE and self.sent_at is not None else "pending"

    @property
    def is_active(self) -> bool:
        """Bets count."""
        return self.status in ACTIVE and self.sent_at is not None

    @property
    def expiry_due(self) -> int | None:
        """When it expires by itself. The expires_at of free spins is the spins' own, spent when they are over."""
        if self.expires_at is None or self.status in ENDED or self.status == NOTHING:
            return None
        if self.type == "FreeSpins" and (self.sent_at is not None or self.spins_over_at is not None):
            return None
        if self.reversed_at is not None and self.expires_at <= self.reversed_at:
            return None
        return self.expires_at


def first_word(change: BonusChange, rate: str, origin: str, rules: Rules) -> Bonus:
    """Return a bonus of which this record is the first, not yet applied."""
    return Bonus(
        user_bonus_id=change.user_bonus_id,
        currency=change.currency,
        rate=rate,
        updated_at=change.at,
        seen=[],
        bonus_id=change.bonus_id,
        type=bonus_type(change.type, rules.bonus_types),
        product=change.product,
        amount=change.amount,
        code=change.bonus_code,
        required=change.required,
        locked=change.locked,
        expires_at=change.expires_at,
        free_spins=change.free_spins,
        origin=origin,
        meta=change.meta,
        references=change.references,
    )


def last_word(bonus: Bonus, change: BonusChange, origin: str, rules: Rules) -> Bonus:
    """Take over the fields of an accepted record; Fast Track's references are of the grant, said once or more."""
    return bonus._replace(
        bonus_id=change.bonus_id,
        type=bonus_type(change.type, rules.bonus_types),
        product=change.product,
        amount=change.amount,
        code=change.bonus_code,
        required=change.required,
        locked=change.locked,
        expires_at=change.expires_at,
        free_spins=change.free_spins,
        origin=origin,
        meta=change.meta,
        references=change.references or bonus.references,
        forfeited_by=change.forfeited_by if change.status == "Forfeited" else None,
    )


def load(rows: Rows, user_bonus_id: str) -> Bonus | None:
    """Return the bonus, or None when it is unknown or forgotten."""
    row = rows.get(BONUS, user_bonus_id)
    return row if row is None or type(row) is Bonus else Bonus._make(row)


def put(rows: Rows, bonus: Bonus, rules: Rules) -> None:
    """Remember a bonus: while it lives since its last change, then since its end.

    A record that came after the end may be as young as `updated_at`; until that is too old its repeat must be known.
    """
    if bonus.ended_at is None:
        expires_at = rows.now + rules.payment_retention
    else:
        expires_at = last_reading(max(bonus.ended_at, bonus.updated_at), rules.state_retention)
    rows.put(BONUS, bonus.user_bonus_id, bonus, expires_at)
