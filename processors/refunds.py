"""Refunds: a bet is rolled back once, and a refund that overtakes its bet waits for it."""

from typing import NamedTuple

from processors import casino, roster
from processors.ages import last_reading
from processors.casino import REFUND, Bet
from processors.facts import WalletCall
from processors.outcome import Arrival
from processors.turn import Moment, Turn

WAITING = "refund-waiting"
UNMATCHED = "refund-unmatched"
"""The timer of a refund whose bet does not come."""


class RolledBack(NamedTuple):
    """A bet that this refund undoes, with what it counted before."""

    call_id: str
    bet: Bet


def refund(turn: Turn, arrival: Arrival, call: WalletCall) -> RolledBack | None:
    """Roll a bet back, or keep the refund until its bet comes; None when nothing was rolled back.

    Raises:
        Refused: `unmapped-origin`.
    """
    casino.origin_of(call.currency, turn.rules)
    rows = turn.rows
    original = call.original_id or ""
    if casino.is_repeat(turn, REFUND, call):
        return None
    bet = casino.load_bet(rows, original)
    if rows.get(WAITING, original) is not None or (bet is not None and bet.is_refunded):
        turn.counts.append("refunds-repeated")
        casino.remember(turn, REFUND, call)
        return None
    casino.count_response_currency(turn, call)
    if bet is None:
        casino.remember(turn, REFUND, call)
        _wait(turn, arrival, call.at, original)
        return None
    casino.send_rollback(turn, original, bet, call, Moment(arrival.cause, call.at))
    casino.remember(turn, REFUND, call)
    casino.put_bet(rows, original, bet._replace(is_refunded=True), turn.rules)
    return RolledBack(original, bet)


def take_waiting(turn: Turn, bet_id: str, bet: Bet) -> bool:
    """Roll back, right behind it, a bet that was overtaken by its refund."""
    row = turn.rows.get(WAITING, bet_id)
    if row is None:
        return False
    call = WalletCall._make(row[0])
    casino.send_rollback(turn, bet_id, bet, call, Moment(row[1], max(call.at, bet.at)))
    turn.rows.cancel(call.at + turn.rules.state_retention, UNMATCHED, bet_id)
    _forget(turn, bet_id)
    turn.counts.append("refunds-matched")
    return True


def unmatched(turn: Turn, bet_id: str) -> None:
    """Count a refund whose bet has not come, and would be too old by now."""
    if turn.rows.get(WAITING, bet_id) is not None:
        _forget(turn, bet_id)
        turn.counts.append("refunds-unmatched")


def _wait(turn: Turn, arrival: Arrival, at: int, bet_id: str) -> None:
    rows, retention = turn.rows, turn.rules.state_retention
    rows.put(WAITING, bet_id, [list(arrival.fact), arrival.cause, arrival.time], last_reading(at, retention))
    rows.schedule(at + retention, UNMATCHED, bet_id)
    known = roster.load(rows) or roster.EMPTY
    roster.put(rows, known._replace(refunds=known.refunds + 1), turn.rules)
    turn.counts.append("refunds-waiting")


def _forget(turn: Turn, bet_id: str) -> None:
    turn.rows.delete(WAITING, bet_id)
    known = roster.load(turn.rows) or roster.EMPTY
    roster.put(turn.rows, known._replace(refunds=known.refunds - 1), turn.rules)
