"""Wagering: what a bet counts, when progress is told, and what the end of a round decides."""

from decimal import Decimal
from functools import lru_cache

from processors import lifecycle
from processors.bonus_row import Bonus
from processors.facts import WalletCall
from processors.lifecycle import progress_step
from processors.money import SCALES
from processors.rules import Rules
from processors.turn import Moment, Turn


def counted(bonus: Bonus, call: WalletCall, rules: Rules) -> int:
    """Return what a bet counts towards wagering, in hundredths of a minor unit."""
    if call.is_free_spin or call.currency != bonus.currency:
        return 0
    amount = call.amount if rules.wagering_counts == "amount" else call.bonus_amount
    return amount * rules.wagering_contribution.get(call.game_type or "", 100)


def bet(turn: Turn, bonus: Bonus, wagered: int, moment: Moment) -> None:
    """Count a bet of an active bonus: the first starts wagering, later ones tell progress, one event at most."""
    if not wagered:
        return
    after = bonus._replace(wagered=bonus.wagered + wagered)
    if after.status != "Ongoing" or progress_step(after, turn.rules.progress_step) > after.step:
        after = lifecycle.tell(turn, after, "Ongoing", moment)
    lifecycle.store(turn, bonus, after)


def take_back(turn: Turn, bonus: Bonus, wagered: int) -> None:
    """Take a refunded bet out of the wagering. Steps that were told stay told; an ended bonus stays ended."""
    lifecycle.store(turn, bonus, bonus._replace(wagered=bonus.wagered - wagered))


def round_end(turn: Turn, bonus: Bonus, call: WalletCall, moment: Moment) -> None:
    """Decide, when a round of an active bonus has ended, whether the bonus has."""
    balance = call.bonus_balance if (call.response_currency or call.currency) == bonus.currency else None
    status = _end(bonus, balance, turn.rules)
    if status is None:
        return
    after = bonus
    if status == "Completed" and not after.ongoing:
        after = lifecycle.tell(turn, after, "Ongoing", moment)
    after = lifecycle.tell(turn, after, status, moment, turned_real=balance)
    lifecycle.store(turn, bonus, after)
    turn.counts.append("bonuses-ended-by-round")


def _end(bonus: Bonus, balance: int | None, rules: Rules) -> str | None:
    """Without a balance in the bonus's currency nothing but the requirement can be judged."""
    if bonus.required and bonus.wagered >= bonus.required * 100:
        return "Completed"
    if balance == 0:
        return "Lost" if bonus.required else None
    if balance is not None and balance < _threshold(rules.autocomplete_below, bonus.currency):
        return "AutoCompleted"
    return None


@lru_cache(maxsize=256)
def _threshold(amount: str, currency: str) -> Decimal:
    """Return minor units; a fraction where the currency has no cents."""
    return Decimal(amount) * SCALES[currency]
