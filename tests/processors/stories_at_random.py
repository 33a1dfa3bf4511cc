"""Stories that nobody would tell: few ids and many words, so that everything meets everything.

They expect nothing but the law.
"""

from typing import Any

from payment_words import TABLES, lines
from samples import DAY, HOUR, MINUTE, SECOND
from teller import BONUS_WORDS, ENDS, ORDER_STATUSES, RATE, RESULTS, Story, Teller

from processors.facts import BonusChange, Kind, Order

TYPES = ["WelcomeBonus", "WelcomeBonus", "FreeSpins", "WagerFree"]


def anything(tell: Teller) -> Story:
    """Two bonuses, two orders and a few rounds, and every word about them at any time."""
    bonuses, orders = _bonuses(tell), [tell.new_order(), tell.new_order(kind="withdrawal")]
    if tell.chance(50):
        orders[1] = orders[1]._replace(kind="deposit")
    bonuses = [_linked(tell, bonus, orders) for bonus in bonuses]
    refs = [None, "?", *(bonus.user_bonus_id for bonus in bonuses), bonuses[0].bonus_id]
    step = tell.random.choice([SECOND, MINUTE, 20 * MINUTE, 12 * HOUR])
    for _ in range(tell.random.randrange(2, 30)):
        tell.now += tell.random.randrange(3) * step
        what = tell.random.randrange(6)
        if what == 0:
            _any_version(tell, tell.random.choice(orders))
        elif what <= 2:
            _any_word(tell, tell.random.choice(bonuses), orders)
        else:
            _any_call(tell, tell.random.choice(refs))
    return tell.story("anything", is_settled=False, is_short=False)


def _bonuses(tell: Teller) -> list[BonusChange]:
    campaign = tell.name("c")
    return [
        tell.new_bonus(
            bonus_id=tell.random.choice([campaign, tell.name("c")]),
            type=tell.random.choice(TYPES),
            required=tell.random.choice([None, 0, tell.money(4), tell.money(400)]),
            free_spins=tell.random.choice([None, 1, 2]),
            expires_at=tell.random.choice([None, None, tell.now + tell.random.randrange(4 * HOUR)]),
        )
        for _ in range(2)
    ]


def _linked(tell: Teller, bonus: BonusChange, orders: list[Order]) -> BonusChange:
    return bonus._replace(order_id=tell.random.choice([None, orders[0].order_id, orders[1].order_id]))


def _any_version(tell: Teller, order: Order) -> None:
    at = tell.now - tell.random.choice([0, 0, 0, MINUTE])
    part = tell.random.choice([None, 0, order.amount // 4, order.amount, 2 * order.amount])
    created_at = tell.random.choice([order.created_at] * 8 + [at, tell.now - 2 * DAY])
    said = order._replace(
        at=at,
        created_at=created_at,
        status=tell.random.choice([*ORDER_STATUSES, *["completed"] * 4]),
        result=tell.random.choice(RESULTS),
        refunded_amount=part,
        purchase_amount=tell.random.choice([None, order.amount]),
        currency=order.currency if tell.random.randrange(20) else "SEK",
    )
    tell.tell(said)
    tell.again(said)


def _any_word(tell: Teller, bonus: BonusChange, orders: list[Order]) -> None:
    at = tell.now - tell.random.choice([0, 0, 0, MINUTE])
    forfeited_by = tell.random.choice([None, orders[1].order_id])
    expires_at = tell.random.choice([bonus.expires_at] * 4 + [None, tell.now + HOUR])
    word = tell.random.choice(BONUS_WORDS)
    said = bonus._replace(at=at, status=word, forfeited_by=forfeited_by, expires_at=expires_at)
    said = said._replace(currency=bonus.currency if tell.random.randrange(20) else "SEK")
    tell.tell(said)
    tell.again(said)


def _any_call(tell: Teller, ref: str | None) -> None:
    stake = tell.money(tell.random.randrange(3))
    said: dict[str, Any] = {
        "at": tell.now - tell.random.choice([0, 0, 0, MINUTE]),
        "call_id": f"t{tell.random.randrange(12)}",
        "round_id": f"r{tell.random.randrange(4)}",
        "action": tell.random.choice(["bet", "bet", "win", "refund"]),
        "original_id": f"t{tell.random.randrange(12)}",
        "amount": stake,
        "bonus_amount": tell.random.choice([0, stake]),
        "bonus_balance": tell.random.choice([0, tell.money(0.05), tell.money(5)]),
        "bonus_ref": ref,
        "is_free_spin": tell.chance(25),
        "is_round_end": tell.chance(40),
        "game_type": tell.random.choice(["slots", "table_games"]),
        "succeeded": tell.random.randrange(10) > 0,
    }
    if tell.chance(5):
        said["currency"] = said["response_currency"] = tell.random.choice([*RATE, "SEK"])
        said["amount"] = said["bonus_amount"] = 0
    if said["action"] != "refund":
        said["original_id"] = None
    call = tell.call(**said)
    tell.tell(call)
    tell.again(call)


def any_versions(tell: Teller) -> Story:
    """Orders that have come to each column of their table, and then any of its lines."""
    for _ in range(3):
        kind: Kind = tell.random.choice(["deposit", "withdrawal"])
        order = tell.new_order(kind=kind)
        for status, result in tell.random.choice([[], [("pending", "unknown")], [("completed", "approved")]]):
            tell.version(order, status, result)
            tell.later()
        for _ in range(2):
            line = tell.random.choice(list(lines(TABLES[kind])))
            tell.version(order, *tell.random.choice(line.combinations), refunded_amount=order.amount // 2)
            tell.later()
    return tell.story("any versions", is_settled=True)


def any_words(tell: Teller) -> Story:
    """The platform says one word after the other."""
    bonus = tell.new_bonus(required=tell.random.choice([None, tell.money(4)]))
    for _ in range(tell.random.randrange(4, 16)):
        tell.platform(bonus, tell.random.choice(BONUS_WORDS))
        tell.later()
    return tell.story("any words", is_settled=True)


def one_topic_ends_it(tell: Teller) -> Story:
    """One bonus, its deposit and its bets, where the words of one topic alone can end it."""
    ender = tell.random.choice(["platform", "calls", "orders", "nobody"])
    is_spins = tell.chance(30)
    order = tell.new_order()
    bonus = tell.new_bonus(
        type="FreeSpins" if is_spins else tell.random.choice(["WelcomeBonus", "WagerFree"]),
        free_spins=3 if is_spins else None,
        required=tell.money(6 if ender == "calls" else 10_000),
        order_id=order.order_id if ender == "orders" or tell.chance(40) else None,
    )
    spins_by = tell.random.choice(["calls", "platform"])
    for _ in range(tell.random.randrange(2, 25)):
        tell.now += tell.random.randrange(0, 60 * SECOND, SECOND)
        what = tell.random.randrange(4)
        if what == 0:
            _deposit_goes_on(tell, order, is_end=ender == "orders")
        elif what == 1:
            _platform_goes_on(tell, bonus, is_end=ender == "platform", is_spins_end=is_spins and spins_by == "platform")
        elif is_spins and what == 2:
            _spin_goes_on(tell, bonus, is_end=spins_by == "calls")
        else:
            _bets_go_on(tell, bonus, is_end=ender == "calls")
    return tell.story(f"ended by {ender}", is_settled=True)


def _deposit_goes_on(tell: Teller, order: Order, *, is_end: bool) -> None:
    said = [("pending", "unknown"), ("timeout", "unknown"), ("completed", "approved")]
    if is_end:
        said += [("completed", "declined"), ("never-sent", "unknown"), ("voided", "approved"), ("disputed", "approved")]
    tell.version(order, *tell.random.choice(said))


def _platform_goes_on(tell: Teller, bonus: BonusChange, *, is_end: bool, is_spins_end: bool) -> None:
    said = ["Pending", "Created", "Created"]
    if bonus.type != "FreeSpins" or is_spins_end:
        said.append("Ongoing")
    if is_end and (bonus.type != "FreeSpins" or is_spins_end):
        said += [*(end for end in ENDS if bonus.type != "FreeSpins" or end != "Expired"), "Reversed", "Reversed"]
    tell.again(tell.platform(bonus, tell.random.choice(said)))


def _spin_goes_on(tell: Teller, bonus: BonusChange, *, is_end: bool) -> None:
    stake = tell.money(1)
    spin = tell.bet(
        amount=stake, bonus_amount=stake, bonus_ref=bonus.user_bonus_id, is_free_spin=True, is_round_end=is_end
    )
    if tell.chance(50):
        tell.win(spin, amount=stake, bonus_amount=stake)


def _bets_go_on(tell: Teller, bonus: BonusChange, *, is_end: bool) -> None:
    """Bets too small to work the bonus off, unless they may end it."""
    stake = tell.money(tell.random.randrange(1, 4)) if is_end else tell.money(0.01)
    left = tell.random.choice([0, tell.money(0.05), tell.money(3)]) if is_end else tell.money(3)
    bet = tell.bet(
        amount=stake,
        bonus_amount=tell.random.choice([0, stake, stake]),
        bonus_ref=bonus.user_bonus_id,
        round_id=f"{tell.prefix}r{tell.random.randrange(5)}",
        is_round_end=tell.chance(40),
        bonus_balance=left,
    )
    tell.again(bet)
    if tell.chance(20):
        tell.refund(bet)
    if tell.chance(20):
        tell.win(bet, is_round_end=tell.chance(50))
