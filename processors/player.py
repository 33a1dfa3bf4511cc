"""One player's records, in order: the join of payments, bonuses and wallet calls.

`step` takes a record, `fire` a timer that is due. Both are functions of the
player's rows: the same rows and the same record give the same events and the
same rows. A record is refused by an exception, and whoever keeps the rows
forgets what the step has put.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from processors import (
    casino,
    deposits,
    free_spins,
    order_links,
    payments,
    play,
    refunds,
    roster,
    rounds,
    waiting,
    withdrawals,
)
from processors.ages import is_too_old
from processors.facts import BonusChange, Invalid, Order, WalletCall
from processors.lifecycle import EXPIRY
from processors.outcome import Arrival, Due, Outcome, Refusal, Refused
from processors.payments import UNRESOLVED
from processors.rates import Rates
from processors.refunds import UNMATCHED
from processors.roster import Roster
from processors.rows import Row, Rows
from processors.rules import Rules
from processors.settling import expiry, spins_played
from processors.turn import Moment, Turn

ROW_KINDS = (
    "bet",
    "bonus",
    "campaign",
    "held",
    "order-link",
    "payment",
    "payment-id",
    "refund",
    "refund-waiting",
    "roster",
    "round",
    "spins",
    "spins-mark",
    "waiting",
    "win",
)
ROW_VERSION = 1

TIMERS = (EXPIRY, UNRESOLVED, waiting.LIMIT, deposits.LIMIT, UNMATCHED)
WALL_CLOCK_TIMERS = (EXPIRY,)


def upgrade(kind: str, version: int, row: Row) -> Row:
    """Return a row of an older version as today's.

    Raises:
        ValueError: there is no such version.
    """
    if version != ROW_VERSION:
        raise ValueError(f"row of kind {kind} has a version that never was: {version}")
    return row


def step(rows: Rows, arrival: Arrival, rules: Rules, rates: Rates) -> Outcome:
    """Say what one record means. Of a refused record all puts are to be forgotten."""
    fact = arrival.fact
    turn = Turn(rows, fact.player, rules, rates)
    try:
        if isinstance(fact, WalletCall):
            _wallet_call(turn, arrival, fact)
        elif isinstance(fact, BonusChange):
            deposits.bonus_change(turn, arrival, fact)
        elif isinstance(fact, Order):
            _order(turn, arrival)
        else:
            _invalid(turn, fact)
    except Refused as refused:
        return Outcome(refusals=[Refusal(refused.kind, refused.reason)])
    return turn.outcome()


def fire(rows: Rows, due: Due, rules: Rules, rates: Rates) -> Outcome:
    """Say what a timer means, at `rows.now` = its due time."""
    turn = Turn(rows, due.player, rules, rates)
    _FIRE[due.timer](turn, due)
    return turn.outcome()


def _wallet_call(turn: Turn, arrival: Arrival, call: WalletCall) -> None:
    if casino.skip(turn, call):
        return
    if call.action == "refund":
        undone = refunds.refund(turn, arrival, call)
        if undone is not None:
            play.refund(turn, arrival, undone)
        return
    known = roster.load(turn.rows)
    is_news = _bet(turn, arrival, call, known) if call.action == "bet" else casino.new_win(turn, call, arrival.cause)
    if is_news and (call.is_free_spin or known is not None):
        _round(turn, arrival, call)


def _bet(turn: Turn, arrival: Arrival, call: WalletCall, known: Roster | None) -> bool:
    bet = casino.new_bet(turn, call, arrival.cause)
    if bet is None:
        return False
    if known is not None and known.refunds and refunds.take_waiting(turn, call.call_id, bet):
        bet = bet._replace(is_refunded=True)
    else:
        bet = play.bet(turn, arrival, call, bet, known or roster.EMPTY)
    casino.put_bet(turn.rows, call.call_id, bet, turn.rules)
    return True


def _round(turn: Turn, arrival: Arrival, call: WalletCall) -> None:
    known = rounds.load(turn.rows, call)
    if call.is_free_spin or (known is not None and known.is_free_spin):
        user_bonus_id = free_spins.call(turn, call, known)
        if user_bonus_id is not None:
            spins_played(turn, user_bonus_id, Moment(arrival.cause, call.at))
    elif known is not None:
        play.round_call(turn, arrival, call, known)


def _order(turn: Turn, arrival: Arrival) -> None:
    rows = turn.rows
    paid = payments.payment(
        rows, arrival, turn.rules, turn.rates, lambda order: order_links.code_of(rows, order.order_id)
    )
    turn.events.extend(paid.events)
    turn.counts.extend(paid.counts)
    for change in paid.changes:
        deposits.payment_decided(turn, change, arrival.cause)
        withdrawals.decided(turn, change, arrival.cause)


def _invalid(turn: Turn, fact: Invalid) -> None:
    retention = turn.rules.payment_retention if fact.of == "order" else turn.rules.state_retention
    if not is_too_old(fact.at, turn.rows.now, retention):
        raise Refused("invalid", fact.reason)
    turn.counts.append(_TOO_OLD[fact.of])


_TOO_OLD = {"call": "calls-too-old", "bonus": "bonuses-too-old", "order": "orders-too-old"}


def _unresolved(turn: Turn, due: Due) -> None:
    turn.counts.extend(payments.unresolved_due(turn.rows, due).counts)


_FIRE: Mapping[str, Callable[[Turn, Due], None]] = MappingProxyType(
    {
        EXPIRY: lambda turn, due: expiry(turn, due.row_id, Moment(due.cause, due.due)),
        UNRESOLVED: _unresolved,
        waiting.LIMIT: lambda turn, due: waiting.limit(turn, due.row_id),
        deposits.LIMIT: lambda turn, due: deposits.limit(turn, due.row_id, Moment(due.cause, due.due)),
        UNMATCHED: lambda turn, due: refunds.unmatched(turn, due.row_id),
    }
)
