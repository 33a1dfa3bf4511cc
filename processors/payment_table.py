"""What a Rebilly status and result mean for the CRM, by what the CRM was told before.

Statuses and results are Rebilly's (https://www.rebilly.com, orders API). A
combination that no row names is not guessed at.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from processors.facts import Kind
from processors.rules import Rules

Cell = Literal[
    "-",
    "Requested",
    "Approved",
    "Rejected",
    "Cancelled",
    "anomaly",
    "Approved, Rollback of the part",
    "Rollback of the part",
    "Rollback of the rest",
]


class Row(NamedTuple):
    """One line: what is sent when nothing, Requested or Approved was sent before."""

    nothing_sent: Cell
    requested_sent: Cell
    approved_sent: Cell
    remark: Literal["", "unresolved", "discrepancy"] = ""
    """Unresolved: the vendor does not know either. Discrepancy: a rollback of what was reported as real."""


Table = Mapping[tuple[str, str], Row]

WAITING = "pending sending waiting-approval waiting-gateway offsite suspended"
RESULTS = "unknown approved declined canceled abandoned"


def _table(*lines: tuple[str, str, Row]) -> Table:
    """Expand lines of statuses, results and cells; an earlier line wins."""
    table: dict[tuple[str, str], Row] = {}
    for statuses, results, row in lines:
        for status in statuses.split():
            for result in results.split():
                table.setdefault((status, result), row)
    return table


_REQUESTED = Row("Requested", "-", "-")
_APPROVED = Row("Approved", "Approved", "-")
_REJECTED = Row("Rejected", "Rejected", "anomaly")
_CANCELLED = Row("Cancelled", "Cancelled", "anomaly")
_REJECTED_LATER = Row("Rejected", "Rejected", "Rollback of the rest", "discrepancy")
_CANCELLED_LATER = Row("Cancelled", "Cancelled", "Rollback of the rest", "discrepancy")
_UNRESOLVED = Row("Requested", "-", "-", "unresolved")
_PART_RETURNED = Row("Approved, Rollback of the part", "Approved, Rollback of the part", "Rollback of the part")
_RETURNED = Row("-", "Cancelled", "Rollback of the rest")

DEPOSITS = _table(
    (WAITING, "unknown approved", _REQUESTED),
    (f"{WAITING} waiting-capture", "canceled abandoned", _CANCELLED),
    (f"{WAITING} waiting-capture", "declined", _REJECTED),
    ("waiting-capture", "unknown approved", _REQUESTED),
    ("timeout conn-error", "unknown", _UNRESOLVED),
    ("timeout conn-error completed", "approved", _APPROVED),
    ("timeout conn-error completed", "declined", _REJECTED_LATER),
    ("timeout conn-error completed", "canceled abandoned", _CANCELLED_LATER),
    ("never-sent", "unknown canceled abandoned", _CANCELLED),
    ("never-sent", "declined", _REJECTED),
    ("completed", "unknown", _UNRESOLVED),
    ("waiting-refund disputed", "approved", _APPROVED),
    ("partially-refunded", "approved", _PART_RETURNED),
    ("refunded voided", RESULTS, _RETURNED),
)

CAPTURE_IS_APPROVAL = _table(("waiting-capture", "approved", _APPROVED))
DISPUTE_ROLLS_BACK = _table(("disputed", "approved", Row("Approved", "Approved", "Rollback of the rest")))

_PAYOUT_UNDER_WAY = f"requested approved {WAITING} timeout conn-error"

PAYOUTS = _table(
    ("returned refunded voided", RESULTS, _RETURNED),
    (f"{_PAYOUT_UNDER_WAY} completed paid canceled never-sent", "declined", _REJECTED),
    ("declined failed", RESULTS, _REJECTED),
    (f"{_PAYOUT_UNDER_WAY} completed paid", "canceled abandoned", _CANCELLED),
    ("canceled never-sent", RESULTS, _CANCELLED),
    (_PAYOUT_UNDER_WAY, "unknown approved", _REQUESTED),
    ("completed", "unknown", _REQUESTED),
    ("completed", "approved", _APPROVED),
    ("paid", "unknown approved", _APPROVED),
)


def find(kind: Kind, status: str, result: str, rules: Rules) -> Row | None:
    """The line for a status and a result under the operator's policies; None: unknown combination."""
    said = (status, result)
    if kind == "withdrawal":
        return PAYOUTS.get(said)
    if rules.capture_is_approval and said in CAPTURE_IS_APPROVAL:
        return CAPTURE_IS_APPROVAL[said]
    if rules.dispute_rollback == "on_created" and said in DISPUTE_ROLLS_BACK:
        return DISPUTE_ROLLS_BACK[said]
    return DEPOSITS.get(said)
