"""Which bonus does a bet belong to?"""

from typing import Literal

from processors import bonus_row, roster
from processors.bonus_row import Bonus
from processors.facts import WalletCall
from processors.roster import Roster
from processors.rows import Rows

UNNAMED = ""
"""In the place of a bonus's name: bonus money whose bet does not say which."""

Found = Bonus | Literal["not-yet", "none"]


def name_of(call: WalletCall) -> str | None:
    """Return the bonus a call speaks of, `UNNAMED`, or None for a bet of real money alone."""
    if call.bonus_ref is not None:
        return call.bonus_ref
    return UNNAMED if call.bonus_amount > 0 else None


def find(rows: Rows, known: Roster, name: str) -> Found:
    """Return the active bonus that a name means; `not-yet` when one can still become it."""
    if name == UNNAMED:
        return _oldest(rows, known) or ("not-yet" if known.pending else "none")
    instance = bonus_row.load(rows, name) or _of_campaign(rows, known, name)
    if instance is None:
        return "not-yet"
    if instance.is_active:
        return instance
    return "none" if instance.standing == "ended" else "not-yet"


def _oldest(rows: Rows, known: Roster) -> Bonus | None:
    for user_bonus_id, *_ in known.active:
        bonus = bonus_row.load(rows, str(user_bonus_id))
        if bonus is not None:
            return bonus
    return None


def _of_campaign(rows: Rows, known: Roster, name: str) -> Bonus | None:
    """Return the active instance of a campaign, the oldest if there are several, else its last instance."""
    for user_bonus_id, bonus_id, _ in known.active:
        if bonus_id == name:
            bonus = bonus_row.load(rows, str(user_bonus_id))
            if bonus is not None:
                return bonus
    last = rows.get(roster.CAMPAIGN, name)
    return None if last is None else bonus_row.load(rows, last)
