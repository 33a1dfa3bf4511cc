"""Bonuses that hang on orders: the deposits that earn them and the payouts that cost them."""

from samples import HOUR, MINUTE
from stories_payments import versions
from teller import Story, Teller, instant

DECIDED = {
    "approved": ("completed/approved:Approved", True),
    "approved late": ("pending/unknown:Requested timeout/unknown: completed/approved:Approved", True),
    "declined": ("pending/unknown:Requested completed/declined:Rejected", False),
    "canceled": ("pending/unknown:Requested never-sent/canceled:Cancelled", False),
}


def deposit_bonus(tell: Teller) -> Story:
    """A bonus that a deposit earns waits for the money; whatever becomes of it is its own record's word."""
    pattern = tell.random.choice(sorted(DECIDED))
    decision, is_approved = DECIDED[pattern]
    order = tell.new_order()
    bonus = tell.new_bonus(order_id=order.order_id)
    is_pending, is_early = tell.chance(50), tell.chance(60)
    if is_pending:
        tell.platform(bonus, "Pending")
        tell.hears_bonus(bonus, "Pending")
        tell.later()
    waits = [tell.platform(bonus, word) for word in ("Created", "Ongoing")[: tell.random.randrange(1, 3)] if is_early]
    tell.later()
    versions(tell, order, decision)
    if is_approved:
        for word in waits:
            tell.hears_bonus(bonus, word.status, because=word)
    elif waits:
        tell.hears_bonus(bonus, "Forfeited", because=waits[0])
    elif is_pending:
        tell.hears_bonus(bonus, "Forfeited")
    tell.later()
    if not is_early:
        tell.platform(bonus, "Created")
        if is_approved or not is_pending:
            tell.hears_bonus(bonus, "Created" if is_approved else "Forfeited")
    if is_approved and tell.chance(50):
        tell.later()
        end = tell.random.choice(["Completed", "Forfeited", "Expired"])
        tell.platform(bonus, end)
        tell.hears_bonus(bonus, end)
    return tell.story(f"bonus of a deposit, {pattern}", is_settled=True)


def refused_when_released(tell: Teller) -> Story:
    """What waited for the deposit can turn out to be impossible: that is its own dead letter."""
    order = tell.new_order()
    bonus = tell.new_bonus(order_id=order.order_id)
    tell.platform(bonus, "Created")
    tell.later()
    tell.refused.append(tell.platform(bonus, "Reversed"))
    tell.later()
    versions(tell, order, "completed/approved:Approved")
    tell.hears_bonus(bonus, "Created")
    return tell.story("bonus of a deposit, refused when released", is_settled=True)


def approved_after_all(tell: Teller) -> Story:
    """The first decision about the deposit is the bonus's, though the money came in the end."""
    order = tell.new_order()
    bonus = tell.new_bonus(order_id=order.order_id)
    is_early = tell.chance(50)
    if is_early:
        tell.platform(bonus, "Created")
        tell.later()
    versions(tell, order, "completed/declined:Rejected")
    if is_early:
        tell.hears_bonus(bonus, "Forfeited")
    tell.later()
    versions(tell, order, "completed/approved:Approved")
    if not is_early:
        tell.later()
        tell.platform(bonus, "Created")
        tell.hears_bonus(bonus, "Forfeited")
    return tell.story("bonus of a deposit, approved after all", is_settled=True)


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


def forfeited_twice_for_a_payout(tell: Teller) -> Story:
    """It comes back once; if the platform takes it for the same payout again, that is that."""
    order = tell.new_order(kind="withdrawal")
    bonus = tell.new_bonus()
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    tell.later()
    versions(tell, order, "canceled/unknown:Cancelled")
    for epoch in range(2):
        tell.later()
        tell.platform(bonus, "Forfeited", forfeited_by=order.order_id)
        tell.hears_bonus(bonus, "Forfeited", epoch=epoch)
        if epoch == 0:
            tell.hears_bonus(bonus, "Reversed", epoch=1)
    return tell.story("bonus forfeited twice for a payout", is_settled=False)


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
