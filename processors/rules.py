"""The policies of the domain as one value; every field is a setting with its default.

Durations are milliseconds, percentages whole numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

NO_MAPPING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator of a casino may decide; defaults as documented in the settings table."""

    base_currency: str = "EUR"
    origin: str | None = None
    origin_by_casino: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    origin_by_currency: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    bonus_types: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    """The platform's bonus types → Fast Track's."""
    casino_vendor_id: str = "netgaming"
    casino_vendor_name: str = "NetGaming"
    casino_events: bool = True
    wagering_contribution: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({"slots": 100, "table_games": 10})
    )
    """Percent by game type; others 100."""
    wagering_counts: Literal["bonus_bet", "amount"] = "bonus_bet"
    progress_step: int = 25
    """Percent of the requirement between two Ongoing events."""
    autocomplete_below: str = "0.10"
    """Of the bonus's currency, decimal; 0 = off."""
    capture_is_approval: bool = False
    dispute_rollback: Literal["none", "on_created"] = "none"
    late_approval: Literal["emit", "anomaly"] = "emit"
    forfeit_on_deposit_rollback: bool = True
    wait_for_bonus: int = HOUR
    wait_for_payment: int = 72 * HOUR
    unresolved_after: int = 6 * HOUR
    state_retention: int = 7 * DAY
    payment_retention: int = 180 * DAY
