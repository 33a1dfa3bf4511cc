"""Play without a bonus, and play with free spins."""

from typing import Any

from samples import DAY, HOUR
from teller import Story, Teller

from processors.facts import BonusChange


def real_money(tell: Teller) -> Story:
    """Bets, wins and refunds of real money; some calls fail, some come twice."""
    for _ in range(tell.random.randrange(1, 5)):
        bet = tell.bet(amount=tell.money(tell.random.randrange(1, 9)), is_round_end=tell.chance(40))
        tell.again(bet)
        tell.later()
        if tell.chance(30):
            tell.tell(tell.call(succeeded=False, call_id=bet.call_id))
        if tell.chance(40):
            tell.again(tell.win(bet, is_round_end=True, amount=tell.money(tell.random.randrange(0, 20))))
        elif tell.chance(40):
            tell.refund(bet)
            tell.hears_rollback(bet)
            tell.refund(bet)
        tell.later()
    return tell.story("real money", is_settled=True)


def never_matched(tell: Teller) -> Story:
    """The refund of a bet that nobody has ever seen."""
    tell.refund(tell.call())
    if tell.chance(50):
        tell.now += 7 * DAY + HOUR
        tell.bet()
        tell.counted["refunds-unmatched"] = 1
        return tell.story("refund never matched", is_settled=False, is_short=False)
    return tell.story("refund not matched yet", is_settled=True)


def too_old_calls(tell: Teller) -> Story:
    """After a week calls are forgotten; that they come again is not news."""
    bet = tell.bet()
    calls = [bet, tell.win(bet), tell.refund(bet)]
    tell.hears_rollback(bet)
    tell.now += 8 * DAY
    tell.tell(tell.call(succeeded=False))
    for call in calls:
        tell.tell(call)
    tell.counted["calls-too-old"] = 3
    return tell.story("calls too old", is_settled=False, is_short=False)


def call_id_used_again(tell: Teller) -> Story:
    """A call is known by action and id while it is remembered; a win may have the id of a bet."""
    bet = tell.bet()
    tell.win(bet, call_id=bet.call_id)
    tell.later()
    tell.tell(tell.call(call_id=bet.call_id, amount=tell.money(3)))
    return tell.story("call id used again", is_settled=True)


def spins_played(tell: Teller) -> Story:
    """The free spins are over when the last of them has ended: the bonus is what they have won."""
    spins = tell.random.randrange(1, 5)
    bonus = _new_spins(tell, spins)
    ref = tell.random.choice([bonus.user_bonus_id, bonus.user_bonus_id, bonus.bonus_id])
    is_claimed_last = tell.chance(30)
    if not is_claimed_last:
        tell.platform(bonus, "Created")
    elif tell.chance(50) or ref == bonus.bonus_id:
        tell.platform(bonus, "Pending")
    won = _spin(tell, ref, spins)
    if is_claimed_last:
        tell.later()
        tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created", amount=tell.number(won))
    is_instance = ref == bonus.user_bonus_id
    if not is_instance:
        tell.later()
        tell.platform(bonus, "Completed", amount=tell.money(3))
        tell.hears_bonus(bonus, "Completed", amount=tell.number(tell.money(3)))
    return tell.story(f"free spins played, by {'instance' if is_instance else 'campaign'}", is_settled=is_instance)


def spins_ended(tell: Teller) -> Story:
    """The platform's word ends the free spins, and its amount is the bonus's."""
    end = tell.random.choice(["Completed", "Ongoing", "Lost", "AutoCompleted", "Forfeited", "Expired"])
    bonus = _new_spins(tell, tell.random.choice([None, 5]))
    tell.platform(bonus, "Created")
    won = _spin(tell, bonus.user_bonus_id, tell.random.randrange(3))
    tell.later()
    tell.platform(bonus, end, amount=tell.money(9))
    is_created = end != "Forfeited" and (end != "Expired" or won)
    if is_created:
        tell.hears_bonus(bonus, "Created", amount=tell.number(tell.money(9)))
    tell.hears_bonus(bonus, end, amount=tell.number(tell.money(9)))
    return tell.story(f"free spins ended by the platform, {end}", is_settled=end != "Expired")


def spins_expired(tell: Teller) -> Story:
    """The time for the spins is over: what they have won is the bonus, or there is none."""
    bonus = _new_spins(tell, tell.random.choice([None, 5]), expires_at=tell.now + DAY)
    tell.platform(bonus, "Created")
    won = _spin(tell, bonus.user_bonus_id, tell.random.randrange(3))
    tell.now += 2 * DAY
    if won:
        tell.hears_bonus(bonus, "Created", amount=tell.number(won))
    else:
        tell.hears_bonus(bonus, "Expired")
    tell.tell(tell.call(succeeded=False))
    return tell.story("free spins expired", is_settled=False, is_short=False)


def spins_of_nobody(tell: Teller) -> Story:
    """Free spins that name no bonus touch none."""
    bonus = _new_spins(tell, 1)
    tell.platform(bonus, "Created")
    _spin(tell, None, 2)
    return tell.story("free spins of nobody", is_settled=True)


def _new_spins(tell: Teller, spins: int | None, **said: Any) -> BonusChange:
    return tell.new_bonus(type="FreeSpins", free_spins=spins, amount=0, required=None, **said)


def _spin(tell: Teller, ref: str | None, rounds: int) -> int:
    """So many rounds are played; what they have won."""
    won = 0
    for _ in range(rounds):
        tell.later()
        stake = tell.money(1)
        is_won = tell.chance(60)
        spin = {"bonus_ref": ref, "is_free_spin": True, "game_type": "promo_freespin"}
        bet = tell.bet(amount=stake, bonus_amount=stake, is_round_end=not is_won, **spin)
        if is_won:
            prize = tell.money(tell.random.randrange(1, 5))
            tell.again(tell.win(bet, amount=prize, bonus_amount=prize, is_round_end=True))
            won += prize
    return won
