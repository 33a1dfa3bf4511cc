"""Deposits and payouts as the payment provider reports them, and what the CRM hears of each version."""

from samples import DAY, HOUR
from teller import RESULTS, Story, Teller, instant

from processors.facts import Order

DEPOSITS = {
    "approved at once": "completed/approved:Approved",
    "approved": "pending/unknown:Requested sending/unknown: completed/approved:Approved",
    "approved offsite": "offsite/unknown:Requested waiting-approval/approved: completed/approved:Approved",
    "captured": "waiting-capture/unknown:Requested waiting-capture/approved: completed/approved:Approved",
    "captured at once": "waiting-capture/approved:Requested completed/approved:Approved",
    "declined": "waiting-gateway/unknown:Requested completed/declined:Rejected",
    "declined early": "suspended/declined:Rejected completed/declined:",
    "left by the player": "pending/unknown:Requested waiting-approval/abandoned:Cancelled",
    "never sent": "never-sent/unknown:Cancelled never-sent/canceled:",
    "never sent, asked for": "pending/unknown:Requested never-sent/abandoned:Cancelled",
    "refused before it was sent": "never-sent/declined:Rejected",
    "timed out, approved": "timeout/unknown:Requested timeout/approved:Approved",
    "no connection, declined": "conn-error/unknown:Requested conn-error/declined:Rejected",
    "no connection, canceled": "conn-error/canceled:Cancelled",
    "nobody knows how it ended": "completed/unknown:Requested completed/approved:Approved",
    "refunded": "completed/approved:Approved waiting-refund/approved: refunded/approved:Rollback",
    "disputed": "completed/approved:Approved disputed/approved: voided/declined:Rollback refunded/approved:",
    "disputed, never seen before": "disputed/approved:Approved voided/unknown:Rollback",
    "refunded in parts": (
        "completed/approved:Approved partially-refunded/approved/25:Rollback partially-refunded/approved/25: "
        "partially-refunded/approved/60:Rollback refunded/approved:Rollback"
    ),
    "refunded in part at once": "partially-refunded/approved/40:Approved,Rollback refunded/unknown:Rollback",
    "refunded in an unknown part": "partially-refunded/approved:Approved voided/approved:Rollback",
    "refunded in part after a request": "pending/unknown:Requested partially-refunded/approved/40:Approved,Rollback",
    "refunded before anybody asked": "refunded/approved: voided/approved:",
    "voided after a request": "pending/unknown:Requested voided/canceled:Cancelled",
    "approved after all": "completed/declined:Rejected pending/unknown: completed/approved:Approved",
    "approved after a cancellation": "never-sent/unknown:Cancelled completed/approved:Approved voided/any:Rollback",
    "refunded in part, rejected before": "completed/declined:Rejected partially-refunded/approved/50:Approved,Rollback",
    "discrepancy": "completed/approved:Approved completed/declined:Rollback pending/declined:",
    "canceled after approval": "completed/approved:Approved timeout/canceled:Rollback completed/approved:",
    "waiting-refund first": "waiting-refund/approved:Approved refunded/abandoned:Rollback",
}
"""What the provider says (status/result/refunded percent) and what the CRM hears of it."""

PAYOUTS = {
    "paid": "requested/unknown:Requested approved/unknown: paid/unknown:Approved",
    "paid at once": "completed/approved:Approved paid/approved:",
    "completed, nobody knows how": "sending/approved:Requested completed/unknown: paid/approved:Approved",
    "taken back by the player": "requested/unknown:Requested canceled/unknown:Cancelled",
    "canceled": "approved/canceled:Cancelled never-sent/abandoned:",
    "declined": "requested/unknown:Requested declined/unknown:Rejected failed/approved:",
    "failed": "timeout/unknown:Requested failed/approved:Rejected",
    "declined whatever the status": "canceled/declined:Rejected",
    "returned": "paid/unknown:Approved returned/any:Rollback paid/unknown:",
    "returned before it was paid": "conn-error/approved:Requested returned/unknown:Cancelled",
    "refunded before anybody asked": "voided/unknown:",
    "paid after all": "failed/unknown:Rejected paid/approved:Approved refunded/approved:Rollback",
}


def deposit(tell: Teller) -> Story:
    pattern = tell.random.choice(sorted(DEPOSITS))
    versions(tell, _named(tell, tell.new_order()), DEPOSITS[pattern])
    return tell.story(f"deposit {pattern}", is_settled=True)


def payout(tell: Teller) -> Story:
    pattern = tell.random.choice(sorted(PAYOUTS))
    versions(tell, _named(tell, tell.new_order(kind="withdrawal")), PAYOUTS[pattern])
    return tell.story(f"payout {pattern}", is_settled=True)


def bumped_deposit(tell: Teller) -> Story:
    """The player pays more than the order says."""
    order = tell.new_order()
    purchase = order.amount + tell.money(10)
    tell.version(order, "pending", purchase_amount=purchase)
    tell.hears_payment(order, "Requested", amount=tell.number(order.amount))
    tell.later()
    tell.version(order, "completed", "approved", purchase_amount=purchase)
    tell.hears_payment(order, "Approved", amount=tell.number(purchase))
    tell.later()
    tell.version(order, "voided", "approved", purchase_amount=purchase)
    tell.hears_payment(order, "Rollback", amount=tell.number(purchase))
    return tell.story("deposit bumped", is_settled=True)


def transaction_changes(tell: Teller) -> Story:
    """What the CRM was told first stays the payment's id."""
    order = tell.new_order(transaction_id=tell.name("x"))
    tell.version(order, "pending")
    tell.hears_payment(order, "Requested")
    for status, heard in (("completed", "Approved"), ("voided", "Rollback")):
        tell.later()
        tell.version(order, status, "approved", transaction_id=tell.random.choice([None, tell.name("x")]))
        tell.hears_payment(order, heard)
    return tell.story("deposit with another transaction", is_settled=True)


def too_old_order(tell: Teller) -> Story:
    """Half a year later nobody remembers, and what comes then is not news."""
    order = tell.new_order()
    versions(tell, order, "completed/approved:Approved")
    tell.now = order.created_at + 181 * DAY
    tell.version(order, "voided", "approved")
    tell.tell(order._replace(status="completed", result="approved"))
    tell.counted["orders-too-old"] = 2
    return tell.story("deposit too old", is_settled=False, is_short=False)


def one_transaction_for_two(tell: Teller) -> Story:
    """Two orders say the same transaction: the second payment's id tells its time."""
    first = tell.new_order(transaction_id=tell.name("x"))
    versions(tell, first, "completed/approved:Approved")
    tell.later()
    second = tell.new_order(transaction_id=first.transaction_id)
    tell.version(second, "completed", "approved")
    tell.hears_payment(second._replace(transaction_id=f"{first.transaction_id}@{instant(tell.now)}"), "Approved")
    return tell.story("deposits with one transaction", is_settled=True)


def order_id_used_again(tell: Teller) -> Story:
    """An OrderID is unique for 24 hours only: the next day it means another payment."""
    first = tell.new_order()
    versions(tell, first, "pending/unknown:Requested completed/approved:Approved")
    tell.now = first.created_at + DAY + tell.random.randrange(1, 5) * HOUR
    second = first._replace(created_at=tell.now, at=tell.now)
    tell.version(second, "completed", "declined")
    tell.hears_payment(second._replace(order_id=f"{first.order_id}@{instant(tell.now)}"), "Rejected")
    tell.later()
    tell.version(first, "refunded", "approved")
    tell.hears_payment(first, "Rollback")
    return tell.story("deposit with an id used again", is_settled=False, is_short=False)


def unresolved(tell: Teller) -> Story:
    """Nobody knows how it ended, for hours."""
    order = tell.new_order()
    versions(tell, order, "timeout/unknown:Requested")
    tell.now += 7 * HOUR
    versions(tell, order, "timeout/unknown: completed/declined:Rejected")
    tell.counted["payments-unresolved"] = 1
    return tell.story("deposit unresolved", is_settled=False, is_short=False)


def versions(tell: Teller, order: Order, pattern: str) -> None:
    """The order's versions come, some of them twice, some again when they are late."""
    said: list[Order] = []
    rollbacks = 0
    for word in pattern.split():
        spoken, _, heard = word.partition(":")
        status, result, refunded = _spoken(tell, order, spoken)
        said.append(tell.version(order, status, result, refunded_amount=refunded))
        for status in filter(None, heard.split(",")):
            rollbacks += status == "Rollback"
            tell.hears_payment(order, status, rollback=max(rollbacks, 1))
        tell.again(said[-1])
        tell.again(tell.random.choice(said), percent=10)
        if tell.chance(80):
            tell.later()


def _spoken(tell: Teller, order: Order, spoken: str) -> tuple[str, str, int | None]:
    status, result, *percent = spoken.split("/")
    if result == "any":
        result = tell.random.choice(RESULTS[:-1])
    return status, result, order.amount * int(percent[0]) // 100 if percent else None


def _named(tell: Teller, order: Order) -> Order:
    """Most payments have a transaction from the start, some never."""
    return order._replace(transaction_id=tell.name("x")) if tell.chance(60) else order
