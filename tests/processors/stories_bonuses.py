"""Bonuses as the platform reports them, with the deposits that earn them and the payouts that cost them."""

from typing import Any

from samples import DAY, HOUR, MINUTE, SECOND
from stories_payments import versions
from teller import Story, Teller, instant

from processors.facts import BonusChange

PLATFORM = {
    "claimed and completed": "Pending:Pending Created:Created Completed:Completed",
    "wagered and completed": "Created:Created Ongoing:Ongoing Ongoing:Ongoing Completed:Completed",
    "wagered before it was created": "Pending:Pending Ongoing:Created,Ongoing Completed:Completed Ongoing:",
    "ongoing at once": "Ongoing:Created,Ongoing Lost:Lost",
    "told twice": "Created:Created Created: Ongoing:Ongoing Created: Pending: Forfeited:Forfeited Forfeited:",
    "never claimed": "Pending:Pending Pending: Expired:Expired Expired:",
    "expired unseen": "Expired:Expired Created: Ongoing: Pending:",
    "forfeited unseen": "Forfeited:Forfeited Pending: Created: Ongoing:",
    "given up": "Pending:Pending Forfeited:Forfeited",
    "expired at work": "Created:Created Ongoing:Ongoing Expired:Expired",
    "expired": "Created:Created Expired:Expired",
    "lost at once": "Created:Created Lost:Lost Lost:",
    "swept up": "Created:Created AutoCompleted:AutoCompleted AutoCompleted:",
    "swept up at work": "Ongoing:Created,Ongoing AutoCompleted:AutoCompleted Ongoing:",
    "completed at once": "Created:Created Completed:Completed Completed: Created: Pending:",
    "forfeited and given back": "Created:Created Forfeited:Forfeited Reversed:Reversed Completed:Completed",
    "given back three times": (
        "Created:Created AutoCompleted:AutoCompleted Pending: Created: Ongoing: Reversed:Reversed Reversed: "
        "Ongoing:Ongoing Reversed: Forfeited:Forfeited Reversed:Reversed Lost:Lost Created: Pending: Ongoing: "
        "Reversed:Reversed Created: Pending: Expired:Expired Reversed:Reversed AutoCompleted:AutoCompleted"
    ),
    "expired and given back": "Pending:Pending Expired:Expired Reversed:Reversed Forfeited:Forfeited",
    "lost and given back": "Created:Created Ongoing:Ongoing Lost:Lost Reversed:Reversed Expired:Expired Created:",
    "lost again": "Created:Created Lost:Lost Reversed:Reversed Lost:Lost",
    "still at work": "Pending:Pending Created:Created Ongoing:Ongoing",
}
"""What the platform says and what the CRM hears of it; every Reversed begins an epoch."""

FREE = {
    "completed unseen": "Completed:Completed Created: Ongoing: Pending:",
    "completed while pending": "Pending:Pending Completed:Completed Completed:",
}
"""Nothing has to be wagered."""

DECIDED = {
    "approved": ("completed/approved:Approved", True),
    "approved late": ("pending/unknown:Requested timeout/unknown: completed/approved:Approved", True),
    "declined": ("pending/unknown:Requested completed/declined:Rejected", False),
    "canceled": ("pending/unknown:Requested never-sent/canceled:Cancelled", False),
}


def platform_bonus(tell: Teller) -> Story:
    """The platform alone decides."""
    pattern = tell.random.choice(sorted(PLATFORM))
    bonus = tell.new_bonus(type=tell.random.choice(["WelcomeBonus", "ReloadBonus", "NoDeposit", "Loyalty"]))
    said(tell, bonus, PLATFORM[pattern])
    return tell.story(f"bonus {pattern}", is_settled=True)


def free_bonus(tell: Teller) -> Story:
    """A bonus without a requirement can be completed out of nowhere."""
    pattern = tell.random.choice(sorted(FREE))
    kinds: list[dict[str, Any]] = [{"type": "WagerFree"}, {"required": None}, {"required": 0}]
    said(tell, tell.new_bonus(**tell.random.choice(kinds)), FREE[pattern])
    return tell.story(f"bonus {pattern}", is_settled=True)


def deposit_bonus(tell: Teller) -> Story:
    """A bonus that a deposit earns waits for the money."""
    pattern = tell.random.choice(sorted(DECIDED))
    decision, is_approved = DECIDED[pattern]
    order = tell.new_order()
    bonus = tell.new_bonus(order_id=order.order_id)
    is_early = tell.chance(60)
    if tell.chance(50):
        tell.platform(bonus, "Pending")
        tell.hears_bonus(bonus, "Pending")
        tell.later()
    if is_early:
        tell.platform(bonus, "Created")
        tell.platform(bonus, "Ongoing") if tell.chance(40) else None
        tell.later()
    late = len(tell.told)
    versions(tell, order, decision)
    waited = [fact.status for _, fact in tell.told[:late] if isinstance(fact, BonusChange) and fact.status != "Pending"]
    is_known = any(isinstance(told.fact, BonusChange) for told in tell.told)
    if is_approved:
        for status in waited:
            tell.hears_bonus(bonus, status)
    elif is_known:
        tell.hears_bonus(bonus, "Forfeited")
    tell.later()
    if not is_early:
        tell.platform(bonus, "Created")
        if is_approved or not is_known:
            tell.hears_bonus(bonus, "Created" if is_approved else "Forfeited")
    if is_approved and tell.chance(50):
        tell.later()
        end = tell.random.choice(["Completed", "Forfeited", "Expired"])
        tell.platform(bonus, end)
        tell.hears_bonus(bonus, end)
    return tell.story(f"bonus of a deposit, {pattern}", is_settled=True)


def deposit_rolled_back(tell: Teller) -> Story:
    """The money of the deposit goes back, and the bonus with it: once per rollback, whatever comes first."""
    order = tell.new_order()
    bonus = tell.new_bonus(order_id=order.order_id)
    is_claimed_first = tell.chance(50)
    if is_claimed_first:
        tell.platform(bonus, "Created")
        tell.later()
    versions(tell, order, "pending/unknown:Requested completed/approved:Approved")
    if is_claimed_first:
        tell.hears_bonus(bonus, "Created")
    tell.later()
    part = tell.random.choice(["partially-refunded/approved/50", "refunded/approved", "completed/declined"])
    versions(tell, order, f"{part}:Rollback")
    if not is_claimed_first:
        tell.later()
        tell.platform(bonus, "Created")
        tell.hears_bonus(bonus, "Created")
    tell.hears_bonus(bonus, "Forfeited")
    return tell.story("bonus of a deposit, rolled back", is_settled=True)


def deposit_rolled_back_again(tell: Teller) -> Story:
    """A bonus that the platform gives back is forfeited again by the next rollback."""
    order = tell.new_order(amount=tell.money(40))
    bonus = tell.new_bonus(order_id=order.order_id)
    versions(tell, order, "completed/approved:Approved")
    tell.later()
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    for epoch in range(2):
        tell.later()
        tell.version(order, "partially-refunded", "approved", refunded_amount=tell.money(10 + 20 * epoch))
        tell.hears_payment(order, "Rollback", rollback=epoch + 1)
        tell.hears_bonus(bonus, "Forfeited", epoch=epoch)
        tell.later()
        tell.platform(bonus, "Reversed")
        tell.hears_bonus(bonus, "Reversed", epoch=epoch + 1)
    return tell.story("bonus of a deposit, rolled back twice", is_settled=False)


def forfeited_for_a_payout(tell: Teller) -> Story:
    """A payout costs the bonus; when the payout comes to nothing, the bonus comes back once."""
    order = tell.new_order(kind="withdrawal")
    bonus = tell.new_bonus()
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    tell.later()
    versions(tell, order, "requested/unknown:Requested")
    is_forfeited_first = tell.chance(50)
    tell.later()
    ending, heard = tell.random.choice([("canceled", "Cancelled"), ("failed", "Rejected"), ("paid", "Approved")])
    if is_forfeited_first:
        tell.platform(bonus, "Forfeited", forfeited_by=order.order_id)
        tell.hears_bonus(bonus, "Forfeited")
        tell.later()
    versions(tell, order, f"{ending}/unknown:{heard}")
    if not is_forfeited_first:
        tell.later()
        tell.platform(bonus, "Forfeited", forfeited_by=order.order_id)
        tell.hears_bonus(bonus, "Forfeited")
    if heard != "Approved":
        tell.hears_bonus(bonus, "Reversed", epoch=1)
    return tell.story(f"bonus forfeited for a payout, {ending}", is_settled=True)


def undecided_deposit(tell: Teller) -> Story:
    """After three days a bonus no longer waits for its deposit."""
    order = tell.new_order()
    bonus = tell.new_bonus(order_id=order.order_id)
    tell.platform(bonus, "Created")
    if tell.chance(50):
        versions(tell, order, "pending/unknown:Requested")
    limit = bonus.at + 72 * HOUR
    tell.now = limit + MINUTE
    tell.hears_bonus(bonus, "Created", timestamp=instant(limit))
    tell.tell(tell.call(succeeded=False))
    tell.later()
    tell.platform(bonus, "Completed")
    tell.hears_bonus(bonus, "Completed")
    return tell.story("bonus of a deposit, undecided", is_settled=False, is_short=False)


def expiring(tell: Teller) -> Story:
    """Nobody says so, but the time is over."""
    first = tell.random.choice(["Pending", "Created", "Ongoing"])
    bonus = tell.new_bonus(expires_at=tell.now + 2 * DAY)
    tell.platform(bonus, first)
    if first == "Ongoing":
        tell.hears_bonus(bonus, "Created")
    tell.hears_bonus(bonus, first)
    tell.now += 2 * DAY - SECOND
    tell.tell(tell.call(succeeded=False))
    tell.now += tell.random.choice([SECOND, HOUR])
    tell.hears_bonus(bonus, "Expired")
    tell.tell(tell.call(succeeded=False))
    return tell.story(f"bonus expires, {first}", is_settled=False, is_short=False)


def expired_already(tell: Teller) -> Story:
    """The time was over before it began."""
    bonus = tell.new_bonus(expires_at=tell.now - HOUR)
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    tell.hears_bonus(bonus, "Expired")
    return tell.story("bonus expired already", is_settled=False)


def reversed_expires_again(tell: Teller) -> Story:
    """A bonus that came back lives until an expires_at later than that."""
    bonus = tell.new_bonus(expires_at=tell.now + HOUR)
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    tell.now += HOUR
    tell.hears_bonus(bonus, "Expired")
    tell.tell(tell.call(succeeded=False))
    tell.later()
    until = tell.now + HOUR if tell.chance(50) else bonus.expires_at
    tell.platform(bonus, "Reversed", expires_at=until)
    tell.hears_bonus(bonus, "Reversed", epoch=1)
    tell.now += 2 * HOUR
    if until != bonus.expires_at:
        tell.hears_bonus(bonus, "Expired", epoch=1)
    tell.tell(tell.call(succeeded=False))
    return tell.story("bonus expired and came back", is_settled=False, is_short=False)


def said(tell: Teller, bonus: BonusChange, pattern: str, epoch: int = 0) -> None:
    """The platform's words come, some of them twice, some again when they are late."""
    words: list[BonusChange] = []
    ongoing = 0
    for word in pattern.split():
        status, _, heard = word.partition(":")
        words.append(tell.platform(bonus, status))
        for event in filter(None, heard.split(",")):
            epoch, ongoing = (epoch + 1, 0) if event == "Reversed" else (epoch, ongoing)
            tell.hears_bonus(bonus, event, epoch=epoch, k=ongoing)
            ongoing += event == "Ongoing"
        tell.again(words[-1])
        tell.again(tell.random.choice(words), percent=10)
        tell.later()
