"""Where vendors' records become facts: one module for each, validated on the way in.

`entry(record, time)` takes a decoded record and its Kafka timestamp, and never
raises for what a vendor has said: a record that breaks the rules of its form is
an `Invalid` fact, because only the state can say whether it is too old to matter.
"""

from collections.abc import Callable
from typing import Any

from processors.facts import BonusChange, Order, WalletCall
from topologies.graph import Entry
from topologies.intake import netgaming, platform, rebilly
from topologies.schemas import BONUSES, CALLS, ORDERS

ENTRIES: dict[str, Callable[[dict[str, Any], int], Entry]] = {
    ORDERS: rebilly.entry,
    BONUSES: platform.entry,
    CALLS: netgaming.entry,
}


def record_of(fact: WalletCall | BonusChange | Order) -> tuple[str, dict[str, Any]]:
    """The source of a fact, and a record that becomes this fact again."""
    match fact:
        case WalletCall():
            return CALLS, netgaming.record(fact)
        case BonusChange():
            return BONUSES, platform.record(fact)
        case Order():
            return ORDERS, rebilly.record(fact)
