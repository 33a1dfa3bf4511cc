"""The player's index: which bonuses live, and whether anything waits.

One small row, so that a call of a player without bonuses costs one look-up
that finds nothing, and no call needs a scan.
"""

from typing import Final, NamedTuple

from processors.ages import last_reading
from processors.bonus_row import BONUS, Bonus, Standing
from processors.replacing import quickly_replaced
from processors.rows import NEVER, Rows
from processors.rules import DAY, Rules

ROSTER: Final = "roster"
CAMPAIGN: Final = "campaign"
_ID: Final = "-"


@quickly_replaced
class Roster(NamedTuple):
    """Bonuses are [user_bonus_id, bonus_id, activated_at]."""

    active: list[list[str | int]]
    """By activation, the oldest first."""
    pending: list[list[str | int]]
    """Known and not active yet; in the order in which they were first heard of."""
    items: int = 0
    """How many wallet calls wait for a bonus."""
    next_item: int = 0
    refunds: int = 0
    """How many refunds wait for their bet."""
    rounds_until: int = 0
    """Until then free spins may go on that no known bonus speaks of."""
    written_at: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing lives and nothing waits."""
        return not (self.active or self.pending or self.items or self.refunds)


EMPTY: Final = Roster([], [])


def load(rows: Rows) -> Roster | None:
    """Return the player's roster; None when there is nothing that a plain call could concern."""
    row = rows.get(ROSTER, _ID)
    return row if row is None or type(row) is Roster else Roster._make(row)


def put(rows: Rows, roster: Roster, rules: Rules) -> None:
    """Remember the roster for as long as anything in it can matter.

    What waits has a timer that takes it off again. Bonuses that live are touched at least once in
    their retention or forgotten; `touched` keeps the roster ahead of them.
    """
    if roster.items or roster.refunds:
        expires_at = NEVER
    elif roster.active or roster.pending:
        expires_at = rows.now + 2 * rules.payment_retention
    elif rows.now < roster.rounds_until:
        expires_at = roster.rounds_until
    else:
        rows.delete(ROSTER, _ID)
        return
    rows.put(ROSTER, _ID, roster._replace(written_at=rows.now), expires_at)


def touched(rows: Rows, rules: Rules) -> None:
    """Keep the roster for a bonus that lives on without changing its standing."""
    roster = load(rows)
    if roster is not None and roster.written_at + rules.payment_retention < rows.now:
        put(rows, roster, rules)


def place(rows: Rows, bonus: Bonus, before: Standing, rules: Rules) -> None:
    """Put a bonus where its standing belongs, and remember the last instance of its campaign."""
    roster = load(rows) or EMPTY
    active = [entry for entry in roster.active if _stays(rows, entry, bonus)]
    pending = [entry for entry in roster.pending if _stays(rows, entry, bonus)]
    entry: list[str | int] = [bonus.user_bonus_id, bonus.bonus_id, bonus.activated_at or 0]
    if bonus.standing == "active":
        active = sorted([*active, entry], key=_activated)
    elif bonus.standing == "pending":
        pending.append(entry)
    put(rows, roster._replace(active=active, pending=pending), rules)
    last = rows.get(CAMPAIGN, bonus.bonus_id)
    if before == "unseen" or last in (None, bonus.user_bonus_id):
        rows.put(CAMPAIGN, bonus.bonus_id, bonus.user_bonus_id, rows.now + rules.payment_retention)


def expect_rounds(rows: Rows, at: int, rules: Rules) -> None:
    """Look up rounds for as long as the row of a round with a call at `at` lives; a day longer, to write once a day."""
    roster = load(rows) or EMPTY
    until = last_reading(at, rules.state_retention)
    if roster.rounds_until < until:
        put(rows, roster._replace(rounds_until=until + DAY), rules)


def _stays(rows: Rows, entry: list[str | int], moved: Bonus) -> bool:
    return entry[0] != moved.user_bonus_id and rows.get(BONUS, str(entry[0])) is not None


def _activated(entry: list[str | int]) -> int:
    return int(entry[2])
