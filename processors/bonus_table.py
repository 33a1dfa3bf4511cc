"""Which status of a bonus may follow which: one table, read aloud from left to right."""

from types import MappingProxyType
from typing import Literal, get_args

Status = Literal[
    "Pending", "Created", "Ongoing", "Completed", "AutoCompleted", "Forfeited", "Expired", "Lost", "Reversed"
]
Cell = Literal["yes", "created-first", "if-free", "progress", "dup", "late", "no"]

STATUSES: tuple[str, ...] = get_args(Status)
NOTHING = ""
"""The state of a bonus of which nothing is known yet."""

ACTIVE = frozenset({"Created", "Ongoing", "Reversed"})
"""Money is at stake: bets count, and every end is possible."""
ENDED = frozenset({"Completed", "AutoCompleted", "Forfeited", "Expired", "Lost"})

_TABLE = """
from          | Pending Created Ongoing       Completed AutoCompleted Forfeited Expired Lost Reversed
(none)        | yes     yes     created-first if-free   no            yes       yes     no   no
Pending       | dup     yes     created-first if-free   no            yes       yes     no   no
Created       | late    dup     yes           yes       yes           yes       yes     yes  no
Ongoing       | late    late    progress      yes       yes           yes       yes     yes  no
Completed     | late    late    late          dup       no            no        no      no   no
AutoCompleted | late    late    late          no        dup           no        no      no   yes
Forfeited     | late    late    late          no        no            dup       no      no   yes
Expired       | late    late    late          no        no            no        dup     no   yes
Lost          | late    late    late          no        no            no        no      dup  yes
Reversed      | late    late    yes           yes       yes           yes       yes     yes  dup
"""


def _read(table: str) -> MappingProxyType[tuple[str, str], str]:
    head, *lines = [line.split("|") for line in table.strip().splitlines()]
    columns = head[1].split()
    return MappingProxyType(
        {
            ("" if state.strip() == "(none)" else state.strip(), to): cell
            for state, cells in lines
            for to, cell in zip(columns, cells.split(), strict=True)
        }
    )


TABLE = _read(_TABLE)
"""(from, to) → cell.

created-first: Created is sent from the same record. if-free: only when nothing has to be
wagered. progress: sent again. dup, late: dropped and counted. no: refused.
"""


def judge(before: str, to: str, epoch: int, *, is_free: bool) -> str:
    """Return the cell for a word of the platform, `if-free` resolved to yes or no.

    A status is sent once in an epoch, and each epoch but the first begins with Reversed: reported
    again while the table refuses it, it is a dup.
    """
    cell = TABLE[before, to]
    if cell == "if-free":
        return "yes" if is_free else "no"
    if cell == "no" and to == "Reversed" and epoch:
        return "dup"
    return cell
