"""Wallet calls that wait for their bonus to become active: bets, and the refunds and round ends that belong to them.

Only what they mean for the bonus waits; their CASINO events are sent.
"""

from typing import Literal, NamedTuple

from processors import roster
from processors.facts import WalletCall
from processors.outcome import Arrival
from processors.roster import Roster
from processors.turn import Turn

WAITING = "waiting"
LIMIT = "wait-for-bonus"
"""The timer of each of them."""

Role = Literal["bet", "refund", "end"]

_COUNTS: dict[Role, str] = {"bet": "bets-waiting", "refund": "refunds-waiting", "end": "ends-waiting"}


class Item(NamedTuple):
    """One waiting call; ids grow in the order of arrival, and may be used again once nothing waits any more."""

    name: str
    """The bonus it names, or "" for any."""
    role: Role
    due: int
    """Until when it waits, stream time."""
    call: list[str | int | bool | None]
    cause: str

    @property
    def wallet_call(self) -> WalletCall:
        """The call itself."""
        return WalletCall._make(self.call)


def add(turn: Turn, name: str, role: Role, arrival: Arrival) -> str:
    """Let a call wait; return the item's id."""
    rows, rules = turn.rows, turn.rules
    known = roster.load(rows) or roster.EMPTY
    item_id = f"{known.next_item:012d}"
    due = rows.now + rules.wait_for_bonus
    rows.put(WAITING, item_id, list(Item(name, role, due, list(arrival.fact), arrival.cause)), due + 1)
    rows.schedule(due, LIMIT, item_id)
    _count_items(turn, known, 1)
    turn.counts.append(_COUNTS[role])
    return item_id


def get(turn: Turn, item_id: str) -> Item | None:
    """Return an item that still waits."""
    row = turn.rows.get(WAITING, item_id)
    return None if row is None else Item._make(row)


def items(turn: Turn) -> list[tuple[str, Item]]:
    """Return all that waits, in order of arrival."""
    known = roster.load(turn.rows)
    if known is None or not known.items:
        return []
    return [(item_id, Item._make(row)) for item_id, row in turn.rows.scan(WAITING)]


def remove(turn: Turn, item_id: str, item: Item) -> None:
    """Let an item wait no longer."""
    turn.rows.delete(WAITING, item_id)
    turn.rows.cancel(item.due, LIMIT, item_id)
    _count_items(turn, roster.load(turn.rows) or roster.EMPTY, -1)


def give_up(turn: Turn, item_id: str, item: Item) -> None:
    """Remove an item that no bonus will take; a bet is counted as unattributed."""
    remove(turn, item_id, item)
    if item.role == "bet":
        turn.counts.append("bets-unattributed")


def limit(turn: Turn, item_id: str) -> None:
    """Give up an item whose time is over."""
    item = get(turn, item_id)
    if item is not None:
        give_up(turn, item_id, item)


def _count_items(turn: Turn, known: Roster, more: int) -> None:
    after = known._replace(items=known.items + more, next_item=known.next_item + max(more, 0))
    roster.put(turn.rows, after, turn.rules)
