"""What follows at once when a bonus has moved: its deposit's Rollback, its expiry, and what waited for it."""

from processors import bonus_row, free_spins, lifecycle, payment_rows, play
from processors.bonus_row import Bonus, Standing
from processors.payment_rows import PaymentRow
from processors.rows import Rows
from processors.turn import Moment, Turn


def settle(turn: Turn, user_bonus_id: str, was: Standing, moment: Moment) -> None:
    """Do what was due as soon as the bonus had its new standing."""
    bonus = bonus_row.load(turn.rows, user_bonus_id)
    if bonus is None:
        return
    if bonus.is_active and was != "active":
        bonus = _roll_back(turn, bonus, moment)
    due = bonus.expiry_due
    if due is not None and due <= turn.rows.now:
        bonus = _expire(turn, bonus, Moment(moment.cause, due))
    if bonus.is_active and was != "active":
        play.release(turn, bonus)
    elif bonus.standing == "ended" and was == "pending":
        play.give_up_unnamed(turn)


def expiry(turn: Turn, user_bonus_id: str, moment: Moment) -> None:
    """Let a bonus expire whose expires_at is now."""
    bonus = bonus_row.load(turn.rows, user_bonus_id)
    if bonus is not None and bonus.expiry_due == moment.at:
        after = _expire(turn, bonus, moment)
        settle(turn, after.user_bonus_id, bonus.standing, moment)


def spins_played(turn: Turn, user_bonus_id: str, moment: Moment) -> None:
    """Send the Created that waited for the last of the granted spins."""
    bonus = bonus_row.load(turn.rows, user_bonus_id)
    after = None if bonus is None else free_spins.over(turn, bonus)
    if bonus is None or after is None or after is bonus:
        return
    if after.status == "Created":
        after = free_spins.claim(turn, after, moment)
    lifecycle.store(turn, bonus, after)
    free_spins.forget(turn, bonus, after)
    settle(turn, user_bonus_id, bonus.standing, moment)


def payment_of(rows: Rows, bonus: Bonus) -> PaymentRow | None:
    """Return the deposit that decided about a bonus; while none has, the latest of its OrderID."""
    if bonus.order_id is None:
        return None
    if bonus.payment_id is not None:
        known = payment_rows.alive(rows, bonus.order_id)
        return next((one for one in known if one.payment_id == bonus.payment_id), None)
    latest = payment_rows.latest(rows, bonus.order_id)
    return latest if latest is not None and latest.kind == "deposit" else None


def rolled_back(turn: Turn, bonus: Bonus, moment: Moment) -> None:
    """Let the Rollback of a deposit forfeit a bonus that is active; one that has ended has nothing left to forfeit."""
    if bonus.is_active:
        _roll_back(turn, bonus, moment)
    elif bonus.standing == "ended":
        deposit = payment_of(turn.rows, bonus)
        if deposit is not None:
            lifecycle.store(turn, bonus, bonus._replace(rollbacks=deposit.rollbacks))


def forfeit(turn: Turn, bonus: Bonus, moment: Moment) -> Bonus:
    """Send Forfeited for a deposit that failed, and remember it."""
    after = lifecycle.tell(turn, bonus, "Forfeited", moment)
    lifecycle.store(turn, bonus, after)
    turn.counts.append("bonuses-forfeited-with-deposit")
    return after


def _roll_back(turn: Turn, bonus: Bonus, moment: Moment) -> Bonus:
    """Forfeit once for all Rollbacks that were not dealt with yet."""
    deposit = payment_of(turn.rows, bonus)
    if deposit is None or deposit.rollbacks <= bonus.rollbacks or not turn.rules.forfeit_on_deposit_rollback:
        return bonus
    dealt_with = bonus._replace(rollbacks=deposit.rollbacks)
    return forfeit(turn, dealt_with, moment.not_before(deposit.sent_at))


def _expire(turn: Turn, bonus: Bonus, moment: Moment) -> Bonus:
    """Free spins that have won something are not expired but over; of others nothing else was ever sent."""
    if bonus.is_silent and free_spins.won(turn.rows, bonus):
        after = bonus._replace(spins_over_at=moment.at)
        if after.status == "Created":
            after = free_spins.claim(turn, after, moment)
    else:
        after = lifecycle.tell(turn, bonus, "Expired", moment)
        turn.counts.append("bonuses-expired")
    lifecycle.store(turn, bonus, after)
    free_spins.forget(turn, bonus, after)
    return after
