"""What could be sent to the CRM so that it forgets an event that it has heard in error. Nothing is sent by itself."""

from collections.abc import Mapping
from typing import Any, NamedTuple

WHAT = frozenset({"changed", "vanished"})
TYPES = frozenset({"PAYMENT", "CASINO"})
APPROVED, ROLLBACK = "Approved", "Rollback"


class Heard(NamedTuple):
    """An event as the CRM has heard it: its header `type`, and its value."""

    type: str
    value: Mapping[str, Any]


def correction(what: str, heard: Heard | None) -> Mapping[str, Any] | None:
    """Return the event that takes one back, as key, headers and value; None where there is no such event.

    The rule: an Approved PAYMENT or CASINO event that has vanished, or has another content now, can be rolled back: the
    CRM knows the status Rollback of just these. The Rollback is what was heard, whole, with that status: the CRM finds
    it by its payment_id or activity_id, and the amount comes to zero. Of a changed one the new content would have to be
    sent behind it. Other statuses have moved no money, a Rollback cannot be taken back, and of a BONUS the CRM takes
    the next status as it comes.
    """
    if what not in WHAT or heard is None or heard.type not in TYPES or heard.value.get("status") != APPROVED:
        return None
    value = {**heard.value, "status": ROLLBACK}
    return {"key": value.get("user_id"), "headers": {"type": heard.type}, "value": value}
