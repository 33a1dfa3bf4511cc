"""Withdrawals: a bonus that a payout cost comes back, once, when the payout fails."""

from processors import bonus_row, lifecycle, order_links, payment_rows
from processors.bonus_row import Bonus
from processors.payments import PaymentChange
from processors.settling import settle
from processors.turn import Moment, Turn

FAILED = frozenset({"Rejected", "Cancelled"})


def forfeited(turn: Turn, user_bonus_id: str, order_id: str, moment: Moment) -> None:
    """Remember that a payout cost a bonus, and give it back if the payout has failed before."""
    rows = turn.rows
    link = order_links.load(rows, order_id)
    if user_bonus_id in link.given_back:
        return
    if user_bonus_id not in link.cost:
        order_links.put(rows, order_id, link._replace(cost=[*link.cost, user_bonus_id]), turn.rules)
    payout = payment_rows.latest(rows, order_id)
    if payout is not None and payout.kind == "withdrawal" and payout.decided in FAILED:
        _give_back(turn, user_bonus_id, order_id, moment.not_before(payout.decided_at or 0))


def decided(turn: Turn, change: PaymentChange, cause: str) -> None:
    """Give back what a payout cost, now that it has failed."""
    if change.kind != "withdrawal" or change.status not in FAILED:
        return
    for user_bonus_id in order_links.load(turn.rows, change.order_id).cost:
        _give_back(turn, user_bonus_id, change.order_id, Moment(cause, change.at))


def _give_back(turn: Turn, user_bonus_id: str, order_id: str, moment: Moment) -> None:
    bonus = bonus_row.load(turn.rows, user_bonus_id)
    if bonus is None or not _is_cost_of(bonus, order_id):
        return
    after = lifecycle.tell(turn, bonus, "Reversed", moment)
    lifecycle.store(turn, bonus, after)
    order_links.give_back(turn.rows, order_id, user_bonus_id, turn.rules)
    turn.counts.append("bonuses-reversed-with-withdrawal")
    settle(turn, user_bonus_id, "ended", moment)


def _is_cost_of(bonus: Bonus, order_id: str) -> bool:
    return bonus.status == "Forfeited" and bonus.forfeited_by == order_id
