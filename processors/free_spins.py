"""Free spins: a bonus whose first event is sent when its rounds are over.

The rounds are counted under the name that the calls give, an instance or a
campaign, because they may come before the bonus is known.
"""

from typing import NamedTuple

from processors import bonus_row, lifecycle, roster, rounds
from processors.ages import last_reading
from processors.bonus_row import Bonus
from processors.facts import WalletCall
from processors.rounds import Round
from processors.rows import Rows
from processors.turn import Moment, Turn

SPINS = "spins"
MARK = "spins-mark"
"""What had been won at the end of a name's n-th round, while nobody had said how many are granted."""


class Spins(NamedTuple):
    """The free spins of one name so far."""

    ended: int
    """Rounds."""
    won: dict[str, int]
    """Minor units by currency: a bonus that is not known yet has none."""
    last_end_at: int = 0


def load(rows: Rows, name: str) -> Spins:
    """Return the spins played under a name, none if there were none."""
    row = rows.get(SPINS, name)
    return Spins(0, {}) if row is None else Spins._make(row)


def won(rows: Rows, bonus: Bonus) -> int:
    """Return what a bonus's spins have won so far, minor units."""
    return load(rows, bonus.user_bonus_id).won.get(bonus.currency, 0)


def adopt(turn: Turn, bonus: Bonus) -> None:
    """Give a bonus that is heard of for the first time the spins that only named its campaign."""
    rows = turn.rows
    if bonus.type != "FreeSpins" or bonus.bonus_id == bonus.user_bonus_id or rows.get(SPINS, bonus.bonus_id) is None:
        return
    own, early = load(rows, bonus.user_bonus_id), _granted(rows, bonus.bonus_id, bonus.free_spins)
    rows.delete(SPINS, bonus.bonus_id)
    sums = {currency: own.won.get(currency, 0) + more for currency, more in early.won.items()}
    both = Spins(own.ended + early.ended, {**own.won, **sums}, max(own.last_end_at, early.last_end_at))
    _put(turn, bonus.user_bonus_id, both)


def over(turn: Turn, bonus: Bonus) -> Bonus:
    """Return the bonus, its spins over if all that were granted have ended. Nothing is sent."""
    if not bonus.is_silent or bonus.spins_over_at is not None or not bonus.free_spins:
        return bonus
    spins = _granted(turn.rows, bonus.user_bonus_id, bonus.free_spins)
    if spins.ended < bonus.free_spins:
        return bonus
    _put(turn, bonus.user_bonus_id, spins)
    return bonus._replace(spins_over_at=spins.last_end_at)


def claim(turn: Turn, bonus: Bonus, moment: Moment) -> Bonus:
    """Send the Created that waited for the spins, with what they have won, at the later of the two times."""
    moment = moment.not_before(bonus.spins_over_at or 0).not_before(bonus.activated_at or 0)
    return lifecycle.tell(turn, bonus._replace(amount=won(turn.rows, bonus)), "Created", moment)


def forget(turn: Turn, before: Bonus | None, after: Bonus) -> None:
    """Drop the spins of a bonus of which the CRM has heard now."""
    if after.type == "FreeSpins" and after.sent_at is not None and (before is None or before.sent_at is None):
        turn.rows.delete(SPINS, after.user_bonus_id)


def call(turn: Turn, wallet_call: WalletCall, before: Round | None) -> str | None:
    """Count a bet or win of a free spins round; return the bonus whose spins it may have ended.

    A round belongs to the bonus that any of its free spins names; what it won before counts too.
    """
    if before is None:
        roster.expect_rounds(turn.rows, wallet_call.at, turn.rules)
        before = rounds.NEW
    after = _heard(turn, before, wallet_call)
    rounds.put(turn.rows, wallet_call, after, turn.rules)
    if after.spins_of is None:
        return None
    is_new = before.spins_of is None
    ended = after.is_ended and (is_new or not before.is_ended)
    return _count(turn, after.spins_of, wallet_call, after.won - (0 if is_new else before.won), ended=ended)


def _heard(turn: Turn, before: Round, wallet_call: WalletCall) -> Round:
    name = before.spins_of
    if wallet_call.is_free_spin and name is None and wallet_call.bonus_ref is not None:
        name = _meant(turn.rows, wallet_call.bonus_ref)
    return before._replace(
        is_free_spin=True,
        spins_of=name,
        is_ended=before.is_ended or bool(wallet_call.is_round_end),
        won=before.won + (wallet_call.amount if wallet_call.action == "win" else 0),
    )


def _meant(rows: Rows, name: str) -> str | None:
    """Return the instance whose spins go on, the name itself while nobody has explained it, or None."""
    instance = bonus_row.load(rows, name)
    if instance is not None:
        return name if _goes_on(instance) else None
    for user_bonus_id, bonus_id, _ in (roster.load(rows) or roster.EMPTY).pending:
        if bonus_id == name:
            instance = bonus_row.load(rows, str(user_bonus_id))
            if instance is not None and _goes_on(instance):
                return instance.user_bonus_id
    return name if rows.get(roster.CAMPAIGN, name) is None else None


def _goes_on(bonus: Bonus) -> bool:
    return bonus.is_silent and bonus.spins_over_at is None


def _count(turn: Turn, name: str, wallet_call: WalletCall, more: int, *, ended: bool) -> str | None:
    owner = _meant(turn.rows, name)
    if owner is None or not (more or ended):
        return None
    spins, currency = load(turn.rows, owner), wallet_call.currency
    if more:
        spins = spins._replace(won={**spins.won, currency: spins.won.get(currency, 0) + more})
    if ended:
        turn.counts.append("spins-rounds-ended")
        spins = spins._replace(ended=spins.ended + 1, last_end_at=max(spins.last_end_at, wallet_call.at))
    _put(turn, owner, spins)
    if ended and turn.rows.get(bonus_row.BONUS, owner) is None:
        expires_at = last_reading(wallet_call.at, turn.rules.state_retention)
        turn.rows.put(MARK, f"{owner}/{spins.ended}", list(spins), expires_at)
    return owner


def _granted(rows: Rows, name: str, free_spins: int | None) -> Spins:
    """Return the spins of a name without those beyond the granted ones."""
    mark = rows.get(MARK, f"{name}/{free_spins}")
    return load(rows, name) if mark is None else Spins._make(mark)


def _put(turn: Turn, name: str, spins: Spins) -> None:
    """Spins of a bonus that lives may be played for as long as it lives."""
    rows, rules = turn.rows, turn.rules
    is_known = rows.get(bonus_row.BONUS, name) is not None
    retention = rules.payment_retention if is_known else rules.state_retention
    rows.put(SPINS, name, list(spins), last_reading(rows.now, retention))
