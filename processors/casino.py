"""Wallet calls: which CASINO events does a bet, a win or the refund of a bet come to?

A call that succeeded is known by its action and transaction id. A bet's row
also keeps what its refund will have to say.
"""

from typing import Final, NamedTuple

from processors import events
from processors.ages import is_too_old, last_reading
from processors.facts import WalletCall
from processors.outcome import Refused
from processors.replacing import quickly_replaced
from processors.rows import Rows
from processors.rules import Rules
from processors.turn import Moment, Turn

BET: Final = "bet"
WIN: Final = "win"
REFUND: Final = "refund"


@quickly_replaced
class Bet(NamedTuple):
    """A bet as its refund needs it."""

    at: int
    """The latest time it was told with."""
    currency: str
    amount: int
    bonus_amount: int
    rate: str
    """To the base currency, frozen by the bet."""
    game_id: str
    game_name: str
    game_type: str | None
    round_id: str
    is_round_end: bool
    is_refunded: bool = False
    bonus: str | None = None
    """The bonus it was attributed to."""
    wagered: int = 0
    """What it counted towards wagering, in hundredths of a minor unit."""
    item: str | None = None
    """Under which id it waits, or waited, for a bonus."""


def load_bet(rows: Rows, call_id: str) -> Bet | None:
    """Return a bet, or None when it was never seen or is forgotten."""
    row = rows.get(BET, call_id)
    return row if row is None or type(row) is Bet else Bet._make(row)


def put_bet(rows: Rows, call_id: str, bet: Bet, rules: Rules) -> None:
    """Remember a bet by its own time."""
    rows.put(BET, call_id, bet, last_reading(bet.at, rules.state_retention))


def skip(turn: Turn, call: WalletCall) -> bool:
    """Count a call that changes nothing whatever it says: failed, or too old to be told from a repeat."""
    if not call.succeeded:
        turn.counts.append("calls-failed")
    elif is_too_old(call.at, turn.rows.now, turn.rules.state_retention):
        turn.counts.append("calls-too-old")
    else:
        return False
    return True


def origin_of(currency: str, rules: Rules) -> str:
    """Return the origin that goes by the currency of a call (or of a bonus that has none of its own).

    Raises:
        Refused: `unmapped-origin`.
    """
    origin = rules.origin_by_currency.get(currency) or rules.origin
    if origin is None:
        raise Refused("unmapped-origin", f"currency has no origin: `{currency}`")
    return origin


def rate_of(turn: Turn, currency: str, at: int) -> str:
    """Return the rate to the base currency that was effective at a time.

    Raises:
        Refused: `missing-rate`.
    """
    rate = turn.rates.at(currency, at)
    if rate is None:
        raise Refused("missing-rate", f"no rate of {currency} at {events.timestamp(at)}")
    return rate


def new_bet(turn: Turn, call: WalletCall, cause: str) -> Bet | None:
    """Send a bet and return it, not yet stored; None when it is a repeat.

    Raises:
        Refused: `unmapped-origin`, `missing-rate`.
    """
    origin = origin_of(call.currency, turn.rules)
    known = load_bet(turn.rows, call.call_id)
    if known is not None:
        turn.counts.append("calls-repeated")
        if call.at > known.at:
            put_bet(turn.rows, call.call_id, known._replace(at=call.at), turn.rules)
        return None
    rate = rate_of(turn, call.currency, call.at)
    bet = Bet(
        call.at,
        call.currency,
        call.amount,
        call.bonus_amount,
        rate,
        call.game_id or "",
        call.game_name or "",
        call.game_type,
        call.round_id or "",
        call.is_round_end or False,
    )
    _send(turn, call, cause, rate, origin)
    return bet


def new_win(turn: Turn, call: WalletCall, cause: str) -> bool:
    """Send a win and remember it; False when it is a repeat.

    Raises:
        Refused: `unmapped-origin`, `missing-rate`.
    """
    origin = origin_of(call.currency, turn.rules)
    if is_repeat(turn, WIN, call):
        return False
    _send(turn, call, cause, rate_of(turn, call.currency, call.at), origin)
    remember(turn, WIN, call)
    return True


def is_repeat(turn: Turn, kind: str, call: WalletCall) -> bool:
    """Count a call that is known; it stays known until its repeat too is too old to be taken."""
    told_at = turn.rows.get(kind, call.call_id)
    if told_at is None:
        return False
    turn.counts.append("calls-repeated")
    if call.at > told_at:
        remember(turn, kind, call)
    return True


def remember(turn: Turn, kind: str, call: WalletCall) -> None:
    """Know a win or a refund by its own time."""
    turn.rows.put(kind, call.call_id, call.at, last_reading(call.at, turn.rules.state_retention))


def count_response_currency(turn: Turn, call: WalletCall) -> None:
    """Count an answer in another currency than the request's; the request's goes."""
    if call.response_currency is not None and call.response_currency != call.currency:
        turn.counts.append("calls-response-currency-differs")


def _send(turn: Turn, call: WalletCall, cause: str, rate: str, origin: str) -> None:
    count_response_currency(turn, call)
    if turn.rules.casino_events:
        turn.events.append(events.casino(call, cause, rate, origin, turn.rules))


def send_rollback(turn: Turn, call_id: str, bet: Bet, refund: WalletCall, moment: Moment) -> None:
    """Send the Rollback of a bet: all of the bet's, but the refund's time and balance.

    Raises:
        Refused: `unmapped-origin`.
    """
    rules = turn.rules
    origin = origin_of(bet.currency, rules)
    if (refund.amount and refund.amount != bet.amount) or refund.currency != bet.currency:
        turn.counts.append("refunds-amount-differs")
    if not rules.casino_events:
        return
    bet_again = refund._replace(
        at=moment.at,
        call_id=call_id,
        currency=bet.currency,
        amount=bet.amount,
        bonus_amount=bet.bonus_amount,
        game_id=bet.game_id,
        round_id=bet.round_id,
        game_name=bet.game_name,
        game_type=bet.game_type,
        is_round_end=bet.is_round_end if refund.is_round_end is None else refund.is_round_end,
    )
    turn.events.append(events.casino(bet_again, moment.cause, bet.rate, origin, rules))
