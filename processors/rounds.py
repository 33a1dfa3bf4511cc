"""Game rounds, as far as a bonus or free spins are concerned: a round of real money has no row."""

from typing import Final, NamedTuple

from processors.ages import last_reading
from processors.facts import WalletCall
from processors.replacing import quickly_replaced
from processors.rows import Rows
from processors.rules import Rules

ROUND: Final = "round"


@quickly_replaced
class Round(NamedTuple):
    """What the calls of a round have said so far."""

    bonuses: list[str]
    """Those its bets were attributed to, in that order."""
    waiting: list[list[str]]
    """[named bonus or "", id of the last bet that waits for it]."""
    is_free_spin: bool = False
    spins_of: str | None = None
    """The bonus that its free spins name: an instance, or a name nobody has explained yet."""
    is_ended: bool = False
    won: int = 0
    """By free spins, minor units."""


NEW: Final = Round([], [])


def round_id(call: WalletCall) -> str:
    """Return the row id of a call's round; a game's id may hold any character."""
    game = call.game_id or ""
    return f"{len(game)}/{game}/{call.round_id}"


def load(rows: Rows, call: WalletCall) -> Round | None:
    """Return the round of a call, or None when nothing of a bonus is known about it."""
    row = rows.get(ROUND, round_id(call))
    return row if row is None or type(row) is Round else Round._make(row)


def put(rows: Rows, call: WalletCall, after: Round, rules: Rules) -> None:
    """Remember a round by its last call."""
    rows.put(ROUND, round_id(call), after, last_reading(call.at, rules.state_retention))
