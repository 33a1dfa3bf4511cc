"""Deposit bonuses: the platform's records wait until the payment that earned the bonus is decided."""

from processors import bonus_row, bonuses, lifecycle, order_links, settling
from processors.bonus_row import Bonus
from processors.bonus_table import ENDED
from processors.bonuses import Heard
from processors.facts import BonusChange
from processors.outcome import Arrival, Refusal, Refused
from processors.payment_rows import PaymentRow
from processors.payments import PaymentChange
from processors.turn import Moment, Turn

HELD = "held"
LIMIT = "wait-for-payment"
"""The timer of a bonus whose records wait, from the first of them on."""


def bonus_change(turn: Turn, arrival: Arrival, change: BonusChange) -> None:
    """Take a record of the platform: drop it, apply it, or let it wait for its payment.

    Raises:
        Refused: any class but `unknown-combination`.
    """
    heard = bonuses.hear(turn, change, Moment(arrival.cause, change.at))
    if heard is None:
        return
    known = heard.bonus
    _link(turn, heard.before, known)
    deposit = _decisive(turn, known)
    if deposit is not None:
        _decided(turn, heard._replace(bonus=_by(known, deposit)), deposit)
    elif known.order_id is None or known.payment != "undecided" or (change.status == "Pending" and not known.held):
        bonuses.word(turn, heard)
    else:
        _hold(turn, heard, arrival)


def payment_decided(turn: Turn, change: PaymentChange, cause: str) -> None:
    """Let a deposit's Approved, Rejected, Cancelled or Rollback reach the bonuses that it earned."""
    if change.kind != "deposit":
        return
    for user_bonus_id in order_links.load(turn.rows, change.order_id).earned:
        bonus = bonus_row.load(turn.rows, user_bonus_id)
        if bonus is None:
            continue
        deposit = settling.payment_of(turn.rows, bonus)
        if deposit is None or deposit.payment_id != change.payment_id:
            continue
        moment = Moment(cause, change.at)
        if change.status == "Rollback":
            settling.rolled_back(turn, bonus, moment)
        elif bonus.payment == "undecided":
            _release(turn, bonus, _by(bonus, deposit), moment)


def limit(turn: Turn, user_bonus_id: str, moment: Moment) -> None:
    """Give up waiting for the payment: the records are applied as those of a bonus without an order."""
    bonus = bonus_row.load(turn.rows, user_bonus_id)
    if bonus is not None and bonus.held_until == moment.at:
        turn.counts.append("bonuses-without-payment")
        _release(turn, bonus, bonus._replace(payment="given-up"), moment)


def _link(turn: Turn, before: Bonus | None, known: Bonus) -> None:
    if known.order_id is not None and (before is None or before.order_id is None):
        order_links.earn(turn.rows, known.order_id, known.user_bonus_id, known.code, turn.rules)


def _decisive(turn: Turn, known: Bonus) -> PaymentRow | None:
    """Return the payment if it is decided and the bonus does not know yet."""
    if known.order_id is None or known.payment != "undecided":
        return None
    deposit = settling.payment_of(turn.rows, known)
    return deposit if deposit is not None and deposit.decided is not None else None


def _by(bonus: Bonus, deposit: PaymentRow) -> Bonus:
    """The first final status of the payment decides, and binds the bonus to this payment."""
    is_approved = deposit.decided == "Approved"
    return bonus._replace(payment="approved" if is_approved else "refused", payment_id=deposit.payment_id)


def _decided(turn: Turn, heard: Heard, deposit: PaymentRow) -> None:
    """Apply a record that finds its payment decided, as it would be if it had waited."""
    if heard.bonus.payment == "approved":
        bonuses.word(turn, heard)
    elif heard.change.status == "Pending":
        bonuses.word(turn, heard)
        _forfeit_pending(turn, heard.bonus.user_bonus_id, heard.moment.not_before(deposit.decided_at or 0))
    else:
        _forfeit_in_place(turn, heard)


def _forfeit_pending(turn: Turn, user_bonus_id: str, moment: Moment) -> None:
    bonus = bonus_row.load(turn.rows, user_bonus_id)
    if bonus is not None and bonus.status == "Pending":
        settling.forfeit(turn, bonus, moment)
        settling.settle(turn, user_bonus_id, bonus.standing, moment)


def _forfeit_in_place(turn: Turn, heard: Heard) -> None:
    """Say Forfeited instead of what the record says; a bonus that has ended otherwise keeps its end."""
    if heard.bonus.status in ENDED:
        turn.counts.append("bonuses-late")
        lifecycle.store(turn, heard.before, heard.bonus)
        return
    forfeited = heard.change._replace(status="Forfeited", forfeited_by=None)
    bonuses.word(turn, heard._replace(change=forfeited))
    turn.counts.append("bonuses-forfeited-with-deposit")


def _hold(turn: Turn, heard: Heard, arrival: Arrival) -> None:
    rows, known, uid = turn.rows, heard.bonus, heard.bonus.user_bonus_id
    until = known.held_until
    if until is None:
        until = rows.now + turn.rules.wait_for_payment
        rows.schedule(until, LIMIT, uid)
    rows.put(HELD, f"{uid}/{known.held}", [list(arrival.fact), arrival.cause, arrival.time], until + 1)
    lifecycle.store(turn, heard.before, known._replace(held=known.held + 1, held_until=until))
    turn.counts.append("bonuses-waiting")


def _release(turn: Turn, bonus: Bonus, decided: Bonus, moment: Moment) -> None:
    """Apply what waited, in order; of a failed payment the first says Forfeited."""
    uid = bonus.user_bonus_id
    if bonus.held_until is not None:
        turn.rows.cancel(bonus.held_until, LIMIT, uid)
    lifecycle.store(turn, bonus, decided._replace(held=0, held_until=None))
    if decided.payment == "refused" and not bonus.held:
        _forfeit_pending(turn, uid, moment)
    for number in range(bonus.held):
        row = turn.rows.get(HELD, f"{uid}/{number}")
        if row is not None:
            turn.rows.delete(HELD, f"{uid}/{number}")
            is_forfeited = decided.payment == "refused" and number == 0
            fact, cause, time = row
            _apply_released(turn, BonusChange._make(fact), (cause, time), moment.at, is_forfeited=is_forfeited)


def _apply_released(
    turn: Turn, change: BonusChange, coordinates: tuple[str, int], released_at: int, *, is_forfeited: bool
) -> None:
    known = bonus_row.load(turn.rows, change.user_bonus_id)
    if known is None:
        return
    apply = _forfeit_in_place if is_forfeited else bonuses.word
    cause, time = coordinates
    try:
        apply(turn, Heard(change, Moment(cause, max(change.at, released_at)), known, known))
    except Refused as refused:
        turn.refusals.append(Refusal(refused.kind, refused.reason, waited=Arrival(change, cause, time)))
