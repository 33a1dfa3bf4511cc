"""Which bonuses hang on an order: those a deposit earned, and those a payout cost."""

from typing import Final, NamedTuple

from processors.ages import last_reading
from processors.rows import Rows
from processors.rules import Rules

LINK: Final = "order-link"


class Link(NamedTuple):
    """The bonuses of one OrderID, by user_bonus_id."""

    code: str | None
    """The bonus code of the first that the deposit earned."""
    earned: list[str]
    cost: list[str]
    """Forfeited for a payout, and not yet Reversed for it."""
    given_back: list[str]
    """Reversed once since: not again."""


NO_LINK: Final = Link(None, [], [], [])


def load(rows: Rows, order_id: str) -> Link:
    """Return the bonuses of an order, of an unknown one none."""
    row = rows.get(LINK, order_id)
    if row is None:
        return NO_LINK
    return row if type(row) is Link else Link._make(row)


def put(rows: Rows, order_id: str, link: Link, rules: Rules) -> None:
    """Remember the bonuses of an order as long as the order itself may be remembered."""
    rows.put(LINK, order_id, link, last_reading(rows.now, rules.payment_retention))


def earn(rows: Rows, order_id: str, user_bonus_id: str, code: str | None, rules: Rules) -> None:
    """Hang a bonus on the deposit that earned it."""
    link = load(rows, order_id)
    first_code = link.code if link.earned else code
    put(rows, order_id, link._replace(code=first_code, earned=[*link.earned, user_bonus_id]), rules)


def give_back(rows: Rows, order_id: str, user_bonus_id: str, rules: Rules) -> None:
    """Remember that a bonus was Reversed after this payout had cost it."""
    link = load(rows, order_id)
    if user_bonus_id in link.cost:
        cost = [other for other in link.cost if other != user_bonus_id]
        put(rows, order_id, link._replace(cost=cost, given_back=[*link.given_back, user_bonus_id]), rules)


def code_of(rows: Rows, order_id: str) -> str | None:
    """Return the bonus code that goes with a deposit, if a bonus of it is known by now."""
    return load(rows, order_id).code
