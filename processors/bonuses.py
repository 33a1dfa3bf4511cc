"""The platform's word about a bonus: is it news, is it legal, and what does the CRM hear of it?"""

from typing import NamedTuple

from processors import bonus_row, casino, free_spins, lifecycle, order_links, withdrawals
from processors.ages import is_too_old
from processors.bonus_row import Bonus
from processors.bonus_table import judge
from processors.facts import BonusChange
from processors.outcome import Refused
from processors.settling import settle
from processors.turn import Moment, Turn


class Heard(NamedTuple):
    """A record of the platform that is taken, and the bonus it speaks of."""

    change: BonusChange
    moment: Moment
    before: Bonus | None
    """As it is stored; None: it was never heard of."""
    bonus: Bonus
    """With this record marked as seen, which is neither applied nor stored."""


def hear(turn: Turn, change: BonusChange, moment: Moment) -> Heard | None:
    """Return what a record speaks of; None when it is dropped.

    Raises:
        Refused: `invalid`, `unmapped-origin`, `missing-rate`.
    """
    if is_too_old(change.at, turn.rows.now, turn.rules.state_retention):
        turn.counts.append("bonuses-too-old")
        return None
    before = known = bonus_row.load(turn.rows, change.user_bonus_id)
    if known is not None and known.currency != change.currency:
        raise Refused("invalid", f"currency changed from {known.currency} to {change.currency}")
    origin = _origin(turn, change)
    if known is not None and (stale := _stale(known, change)):
        turn.counts.append(stale)
        return None
    if known is None:
        rate = casino.rate_of(turn, change.currency, change.at)
        known = bonus_row.first_word(change, rate, origin, turn.rules)
    seen = known.seen if known.updated_at == change.at else []
    order_id = known.order_id or _first_order_id(known, change)
    bonus = known._replace(updated_at=change.at, seen=[*seen, change.status], order_id=order_id)
    return Heard(change, moment, before, bonus)


def word(turn: Turn, heard: Heard) -> None:
    """Apply a record to a bonus that has been told it: the table says what is sent.

    Raises:
        Refused: `illegal-transition`, before anything was put.
    """
    change, moment, before, known = heard
    after = bonus_row.last_word(known, change, _origin(turn, change), turn.rules)
    cell = judge(known.status, change.status, known.epoch, is_free=_is_free(after))
    if cell == "no":
        raise Refused("illegal-transition", f"{change.status} after {known.status or 'nothing'}")
    if cell in ("dup", "late"):
        turn.counts.append("bonuses-dup" if cell == "dup" else "bonuses-late")
        lifecycle.store(turn, before, known)
        return
    if before is None:
        free_spins.adopt(turn, after)
    after = _said(turn, free_spins.over(turn, after), change, cell, moment)
    lifecycle.store(turn, before, after)
    free_spins.forget(turn, before, after)
    if change.status == "Reversed" and known.forfeited_by is not None:
        order_links.give_back(turn.rows, known.forfeited_by, known.user_bonus_id, turn.rules)
    settle(turn, known.user_bonus_id, "pending" if before is None else before.standing, moment)
    if change.status == "Forfeited" and change.forfeited_by is not None:
        withdrawals.forfeited(turn, known.user_bonus_id, change.forfeited_by, moment)


def _origin(turn: Turn, change: BonusChange) -> str:
    return change.origin or casino.origin_of(change.currency, turn.rules)


def _stale(known: Bonus, change: BonusChange) -> str | None:
    if change.at < known.updated_at:
        return "bonuses-late"
    if change.at == known.updated_at and change.status in known.seen:
        return "bonuses-repeated"
    return None


def _first_order_id(known: Bonus, change: BonusChange) -> str | None:
    """A record that is not news does not hang its bonus on an order either."""
    cell = judge(known.status, change.status, known.epoch, is_free=True)
    return None if cell in ("dup", "late") else change.order_id


def _is_free(bonus: Bonus) -> bool:
    return not bonus.required or bonus.type in ("WagerFree", "FreeSpins")


def _said(turn: Turn, bonus: Bonus, change: BonusChange, cell: str, moment: Moment) -> Bonus:
    """Send what the record comes to and return the bonus after it."""
    after, statuses = bonus, _statuses(turn, bonus, change.status, cell)
    for status in statuses:
        if status == "Created" and after.is_silent and after.spins_over_at is not None:
            after = free_spins.claim(turn, after, moment)
        else:
            after = lifecycle.tell(turn, after._replace(amount=change.amount), status, moment, change.turned_real)
    if statuses:
        return after
    return after._replace(status=change.status, activated_at=moment.at if change.status == "Created" else None)


def _statuses(turn: Turn, bonus: Bonus, status: str, cell: str) -> list[str]:
    if not bonus.is_silent:
        is_unsent = bonus.sent_at is None and bonus.status == "Created"
        return ["Created", status] if cell == "created-first" or is_unsent else [status]
    if status == "Pending" or (status == "Created" and bonus.spins_over_at is None):
        return []
    if status in ("Created", "Forfeited"):
        return [status]
    if status == "Expired" and not free_spins.won(turn.rows, bonus):
        return [status]
    return ["Created", status]
