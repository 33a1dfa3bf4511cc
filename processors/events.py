"""What the CRM is told: PAYMENT, BONUS and CASINO events, and their ids.

Field names, required fields and enum values are Fast Track's
(https://www.fasttrack-solutions.com, integration API: payment, bonus, casino).
Money here is minor units of `currency`; `payload` turns it into JSON numbers.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

EventType = Literal["PAYMENT", "BONUS", "CASINO"]


class Event(NamedTuple):
    """One event for the CRM, complete."""

    type: EventType
    event_id: str
    """Deterministic and unique per player: the same event recomputed has the same id."""
    user_id: str
    cause: str
    """`topic/partition/offset` of the causing record, or `timer/<partition>/<due ms>`."""
    payload: Mapping[str, Any]
    """The JSON object; optional fields that are absent are left out."""
