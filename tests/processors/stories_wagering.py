"""Bonuses that bets work off: progress, the three ends that we compute, refunds and waiting."""

from typing import Any

from book import Book
from samples import MINUTE
from stories_payments import versions
from teller import Story, Teller, instant


def wagering(tell: Teller) -> Story:
    """Rounds are played with bonus money until it is worked off, lost, or next to nothing."""
    ends = ["Completed", "Lost", "still at work", *["AutoCompleted"] * (tell.currency != "JPY")]
    end = tell.random.choice(ends)
    bonus = tell.new_bonus(required=tell.money(6 if end == "Completed" else 100))
    named = tell.random.choice(["instance", "instance", "campaign", "nobody"])
    book = Book(tell, bonus, {"instance": bonus.user_bonus_id, "campaign": bonus.bonus_id, "nobody": None}[named])
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    for _ in range(tell.random.randrange(3)):
        _round(book, left=5)
    while end == "Completed" and not book.is_done:
        _round(book, left=5, least=2)
    if end != "Completed" or book.ongoing == 0:
        _round(book, left={"Lost": 0, "AutoCompleted": 0.05}.get(end, 5))
    if end != "still at work" and tell.chance(50):
        tell.later()
        tell.bet(bonus_ref=book.ref, is_round_end=tell.chance(50))
    if named == "campaign" and end != "still at work":
        tell.later()
        tell.platform(bonus, end)
    return tell.story(f"wagering by {named}, {end}", is_settled=named == "instance")


def _round(book: Book, *, left: float, least: int = 1) -> None:
    """One round; the call that ends it says how much bonus money is left."""
    tell = book.tell
    tell.later()
    round_id = tell.name("r")
    game_type = tell.random.choice(["slots", "slots", "slots", "table_games", "live"])
    place: dict[str, Any] = {"round_id": round_id, "game_type": game_type}
    last: dict[str, Any] = {"is_round_end": True, "bonus_balance": tell.money(left)}
    is_won = tell.chance(40)
    for _ in range(tell.random.randrange(2)):
        bet = book.bet(tell.random.randrange(least, 4), **place)
        tell.again(bet)
    bet = book.bet(tell.random.randrange(least, 4), **place, **({} if is_won else last))
    if is_won:
        tell.later()
        win = tell.win(bet, **last)
        tell.again(win)
    if not left or left < 0.1 or book.is_done:
        book.hears_end(left)


def little_that_counts(tell: Teller) -> Story:
    """Real money, another currency and free spins of a bonus's bets do not work it off."""
    bonus = tell.new_bonus()
    book = Book(tell, bonus, bonus.user_bonus_id)
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    other = "EUR" if tell.currency == "GBP" else "GBP"
    little: list[dict[str, Any]] = [
        {"amount": tell.money(1), "bonus_amount": 0},
        {"currency": other, "response_currency": other, "amount": 500, "bonus_amount": 500},
    ]
    for said in tell.random.sample(little, 2):
        tell.later()
        tell.bet(**{"bonus_ref": bonus.user_bonus_id, **said})
    tell.later()
    spin = {"is_free_spin": True, "is_round_end": tell.chance(50), "bonus_balance": 0}
    tell.bet(bonus_ref=bonus.user_bonus_id, amount=500, bonus_amount=500, **spin)
    tell.later()
    book.bet(2, is_round_end=True, bonus_balance=0, response_currency=other)
    return tell.story("wagering, little that counts", is_settled=True)


def worked_off_between(tell: Teller) -> Story:
    """A bonus that comes back worked off is completed by the round's end, after the Ongoing its epoch has not had."""
    bonus = tell.new_bonus(required=tell.money(2))
    book = Book(tell, bonus, bonus.user_bonus_id)
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    bet = book.bet(2)
    tell.later()
    tell.platform(bonus, "Forfeited")
    tell.hears_bonus(bonus, "Forfeited")
    tell.later()
    tell.platform(bonus, "Reversed")
    tell.hears_bonus(bonus, "Reversed", epoch=1)
    tell.later()
    tell.win(bet, is_round_end=True, bonus_balance=0)
    tell.hears_bonus(bonus, "Ongoing", epoch=1)
    tell.hears_bonus(bonus, "Completed", epoch=1, bonus_turned_real=0)
    return tell.story("wagering, worked off between", is_settled=False)


def refunded(tell: Teller) -> Story:
    """A bet comes back, and its progress with it; what was reported is not reported again."""
    bonus = tell.new_bonus(required=tell.money(8))
    book = Book(tell, bonus, bonus.user_bonus_id)
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    tell.later()
    first, second = book.bet(1), book.bet(tell.random.randrange(2, 4))
    for bet in tell.random.sample([first, second], tell.random.randrange(1, 3)):
        tell.later()
        refund = tell.refund(bet, amount=tell.random.choice([0, bet.amount, bet.amount + tell.money(1)]))
        tell.hears_rollback(bet)
        book.take_back(bet)
        tell.again(refund)
        if tell.chance(30):
            tell.refund(bet)
        tell.again(bet)
    for _ in range(3):
        tell.later()
        book.bet(tell.random.randrange(1, 3))
    return tell.story("wagering, refunded", is_settled=True)


def overtaken(tell: Teller) -> Story:
    """The refund comes before its bet: both are told, and nothing was wagered."""
    bonus = tell.new_bonus()
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    tell.later()
    stake = tell.money(2)
    bet = tell.call(amount=stake, bonus_amount=stake, bonus_ref=bonus.user_bonus_id)
    tell.refund(bet)
    tell.later()
    tell.tell(bet._replace(at=tell.now))
    tell.hears(f"casino/debit/{bet.call_id}")
    tell.hears_rollback(bet)
    tell.refund(bet) if tell.chance(50) else None
    return tell.story("wagering, overtaken by a refund", is_settled=True)


def refunded_after_the_end(tell: Teller) -> Story:
    """A bonus that is over stays over, whatever comes back."""
    bonus = tell.new_bonus(required=tell.money(2))
    book = Book(tell, bonus, bonus.user_bonus_id)
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    bet = book.bet(2, is_round_end=True)
    book.hears_end(5)
    tell.later()
    tell.refund(bet, is_round_end=True)
    tell.hears_rollback(bet)
    return tell.story("wagering, refunded after the end", is_settled=True)


def early_bets(tell: Teller) -> Story:
    """Bets come before their bonus: it takes them in when it becomes active, unless that takes too long."""
    bonus = tell.new_bonus()
    is_named = tell.chance(50)
    book = Book(tell, bonus, bonus.user_bonus_id if is_named else None)
    if not is_named:
        tell.platform(bonus, "Pending")
        tell.hears_bonus(bonus, "Pending")
        tell.later()
    stake = tell.money(2)
    bets = [tell.bet(amount=stake, bonus_amount=stake, bonus_ref=book.ref, round_id="early") for _ in range(2)]
    is_lost = tell.chance(50)
    if is_lost:
        end = tell.win(bets[0], is_round_end=True, bonus_balance=0)
    is_too_late = tell.chance(40)
    tell.now += 61 * MINUTE if is_too_late else MINUTE
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    if not is_too_late:
        for bet in bets:
            book.count(bet)
        if is_lost:
            tell.hears_bonus(bonus, "Lost", because=end, timestamp=instant(tell.now))
    name = f"wagering, early bets by {'instance' if is_named else 'nobody'}{', too early' * is_too_late}"
    return tell.story(name, is_settled=is_named and not is_too_late, is_short=not is_too_late)


def bets_before_the_money(tell: Teller) -> Story:
    """A bet of a bonus that waits for its deposit waits with it; so does its refund."""
    order = tell.new_order()
    bonus = tell.new_bonus(order_id=order.order_id)
    book = Book(tell, bonus, bonus.user_bonus_id)
    tell.platform(bonus, "Created")
    tell.later()
    stake = tell.money(2)
    bet = tell.bet(amount=stake, bonus_amount=stake, bonus_ref=book.ref)
    tell.later()
    is_refunded = tell.chance(50)
    if is_refunded:
        tell.refund(bet)
        tell.hears_rollback(bet)
        tell.later()
    versions(tell, order, "completed/approved:Approved")
    tell.hears_bonus(bonus, "Created")
    book.count(bet)
    if is_refunded:
        book.take_back(bet)
    tell.later()
    book.bet(30)
    return tell.story("wagering before the money", is_settled=True)


def two_bonuses(tell: Teller) -> Story:
    """Bonus money that nobody names is the oldest active bonus's; a campaign's is its active instance's."""
    first = tell.new_bonus()
    second = tell.new_bonus(bonus_id=first.bonus_id)
    for bonus in (first, second):
        tell.platform(bonus, "Created")
        tell.hears_bonus(bonus, "Created")
        tell.later()
    Book(tell, first, None).bet(1)
    tell.later()
    tell.platform(first, "Forfeited")
    tell.hears_bonus(first, "Forfeited")
    tell.later()
    book = Book(tell, second, None)
    book.bet(1)
    tell.later()
    book.ref = second.bonus_id
    book.bet(tell.random.randrange(20, 30))
    return tell.story("wagering, two bonuses", is_settled=False)


def given_back_and_lost(tell: Teller) -> Story:
    """A bonus that bets ended comes back, its wagering kept; the next bets end it again."""
    bonus = tell.new_bonus(required=tell.money(4))
    book = Book(tell, bonus, bonus.user_bonus_id)
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    tell.later()
    book.bet(3, is_round_end=True, bonus_balance=0)
    tell.hears_bonus(bonus, "Lost")
    tell.later()
    tell.platform(bonus, "Reversed")
    tell.hears_bonus(bonus, "Reversed", epoch=1)
    tell.later()
    stake = tell.money(1)
    tell.bet(amount=stake, bonus_amount=stake, bonus_ref=book.ref, is_round_end=True, bonus_balance=tell.money(7))
    tell.hears_bonus(bonus, "Ongoing", epoch=1)
    tell.hears_bonus(bonus, "Completed", epoch=1, bonus_turned_real=tell.number(tell.money(7)))
    tell.later()
    tell.platform(bonus, "Completed")
    return tell.story("wagering, given back", is_settled=False)
