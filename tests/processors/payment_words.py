"""The two tables of the payments as a product owner reads them: what the CRM is told, by what it was told before."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from processors.facts import Kind

WAITING = "pending, sending, waiting-approval, waiting-gateway, offsite, suspended"
GROUPS = {"waiting": WAITING, "under-way": f"requested, approved, {WAITING}, timeout, conn-error"}
RESULTS = ("unknown", "approved", "declined", "canceled", "abandoned")

DEPOSITS = """
| Status                   | Result              | nothing sent yet      | Requested sent        | Approved sent |
| waiting                  | unknown, approved   | Requested             | -                     | -             |
| waiting, waiting-capture | canceled, abandoned | Cancelled             | Cancelled             | anomaly       |
| waiting, waiting-capture | declined            | Rejected              | Rejected              | anomaly       |
| waiting-capture          | unknown             | Requested             | -                     | -             |
| waiting-capture          | approved            | Requested             | -                     | -             |
| timeout, conn-error      | unknown             | Requested             | -                     | -             |
| timeout, conn-error      | approved            | Approved              | Approved              | -             |
| timeout, conn-error      | declined            | Rejected              | Rejected              | Rollback 40   |
| timeout, conn-error      | canceled, abandoned | Cancelled             | Cancelled             | Rollback 40   |
| never-sent               | unknown             | Cancelled             | Cancelled             | anomaly       |
| never-sent               | canceled, abandoned | Cancelled             | Cancelled             | anomaly       |
| never-sent               | declined            | Rejected              | Rejected              | anomaly       |
| completed                | approved            | Approved              | Approved              | -             |
| completed                | declined            | Rejected              | Rejected              | Rollback 40   |
| completed                | canceled, abandoned | Cancelled             | Cancelled             | Rollback 40   |
| completed                | unknown             | Requested             | -                     | -             |
| waiting-refund, disputed | approved            | Approved              | Approved              | -             |
| partially-refunded       | approved            | Approved, Rollback 10 | Approved, Rollback 10 | Rollback 10   |
| refunded, voided         | any                 | -                     | Cancelled             | Rollback 40   |
"""

PAYOUTS = """
| Status                     | Result              | nothing sent yet | Requested sent | Approved sent |
| under-way                  | unknown, approved   | Requested        | -              | -             |
| completed                  | unknown             | Requested        | -              | -             |
| paid                       | unknown, approved   | Approved         | Approved       | -             |
| completed                  | approved            | Approved         | Approved       | -             |
| canceled, never-sent       | unknown, approved   | Cancelled        | Cancelled      | anomaly       |
| canceled, never-sent       | canceled, abandoned | Cancelled        | Cancelled      | anomaly       |
| under-way, completed, paid | canceled, abandoned | Cancelled        | Cancelled      | anomaly       |
| declined, failed           | any                 | Rejected         | Rejected       | anomaly       |
| under-way, completed, paid | declined            | Rejected         | Rejected       | anomaly       |
| canceled, never-sent       | declined            | Rejected         | Rejected       | anomaly       |
| returned, refunded, voided | any                 | -                | Cancelled      | Rollback 40   |
"""

TABLES: dict[Kind, str] = {"deposit": DEPOSITS, "withdrawal": PAYOUTS}

Cells = tuple[str, str, str]
UNKNOWN: Cells = ("unknown-combination", "unknown-combination", "unknown-combination")


class Line(NamedTuple):
    """A line of a table."""

    words: str
    combinations: list[tuple[str, str]]
    """Every (status, result) that it means."""
    cells: Cells


def lines(table: str) -> Iterator[Line]:
    for line in table.strip().splitlines()[1:]:
        statuses, results, nothing, requested, approved = (cell.strip() for cell in line.strip("|").split("|"))
        meant = ", ".join(GROUPS.get(word, word) for word in statuses.split(", ")).split(", ")
        said = RESULTS if results == "any" else tuple(results.split(", "))
        yield Line(f"{statuses} | {results}", list(product(meant, said)), (nothing, requested, approved))


def parsed(table: str) -> dict[tuple[str, str], Cells]:
    """(status, result) → the three cells; a combination that two lines name is an error of the table."""
    found: dict[tuple[str, str], Cells] = {}
    for _, combinations, cells in lines(table):
        for combination in combinations:
            assert combination not in found
            found[combination] = cells
    return found
