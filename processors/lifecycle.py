"""A bonus moves: the CRM is told a status, and the bonus remembers it.

Nothing is decided here. Whoever calls has asked the table, or knows why the
status follows.
"""

from processors import bonus_row, events, roster
from processors.bonus_row import Bonus
from processors.bonus_table import ENDED
from processors.turn import Moment, Turn

EXPIRY = "bonus-expiry"
"""The timer of `expires_at`; the one that also fires by the wall clock."""


def tell(turn: Turn, bonus: Bonus, status: str, moment: Moment, turned_real: int | None = None) -> Bonus:
    """Send a status and return the bonus that has it; the caller stores it.

    Its time is the cause's own, but not before the bonus's last event.
    """
    after = _evolve(turn, bonus, status, moment.at)
    turn.events.append(
        events.Bonus(
            user_id=turn.player,
            cause=moment.cause,
            user_bonus_id=after.user_bonus_id,
            bonus_id=after.bonus_id,
            epoch=after.epoch,
            status=status,
            type=after.type,
            product=after.product,
            at=after.sent_at or moment.at,
            amount=after.amount,
            currency=after.currency,
            rate=after.rate,
            origin=after.origin,
            bonus_code=after.code,
            required=after.required,
            locked=after.locked,
            turned_real=turned_real,
            meta=after.meta,
            references=after.references,
            ongoing=bonus.ongoing,
            wagered_percents=after.wagered,
        ).event()
    )
    return after


def _evolve(turn: Turn, bonus: Bonus, status: str, at: int) -> Bonus:
    sent_at = max(at, bonus.sent_at or 0)
    if status == "Ongoing":
        step = max(bonus.step, progress_step(bonus, turn.rules.progress_step))
        return bonus._replace(status=status, sent_at=sent_at, ongoing=bonus.ongoing + 1, step=step)
    if status in ENDED:
        return bonus._replace(status=status, sent_at=sent_at, ended_at=turn.rows.now)
    if status == "Reversed":
        return bonus._replace(
            status=status,
            sent_at=sent_at,
            epoch=bonus.epoch + 1,
            ongoing=0,
            activated_at=bonus.activated_at if bonus.activated_at is not None else sent_at,
            reversed_at=sent_at,
            ended_at=None,
            forfeited_by=None,
        )
    if status == "Created":
        return bonus._replace(status=status, sent_at=sent_at, activated_at=sent_at)
    return bonus._replace(status=status, sent_at=sent_at)


def progress_step(bonus: Bonus, step_percent: int) -> int:
    """Return how many whole progress steps of the requirement are wagered, up to and including 100 %."""
    if not bonus.required or not step_percent:
        return 0
    return min(bonus.wagered // (bonus.required * step_percent), 100 // step_percent)


def store(turn: Turn, before: Bonus | None, after: Bonus) -> None:
    """Remember a bonus, its place in the roster and its expiry timer."""
    rows = turn.rows
    bonus_row.put(rows, after, turn.rules)
    standing = "unseen" if before is None else before.standing
    if before is None or standing != after.standing or before.bonus_id != after.bonus_id:
        roster.place(rows, after, standing, turn.rules)
    elif standing != "ended":
        roster.touched(rows, turn.rules)
    due_before = None if before is None else before.expiry_due
    due_after = after.expiry_due
    if due_before == due_after:
        return
    if due_before is not None:
        rows.cancel(due_before, EXPIRY, after.user_bonus_id)
    if due_after is not None and due_after > rows.now:
        rows.schedule(due_after, EXPIRY, after.user_bonus_id)
