"""A rewind on its way, as a row of the task's own: whoever has the task goes on from it."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from topologies.runtime.rewinding.control import Command
from topologies.runtime.rowcodec import RowCodec

KEY = "\0rewind\0"

OBEYED = "\0obeyed\0"
"""The key of the row that remembers which commands were answered: deadline by id. One may come twice."""

TOLD = "\0told\0"
"""Begins the keys of the events that the CRM has heard and the rewound state has not sent: `\\0told\\0<key>\\0<id>`."""

Phase = Literal["asked", "back", "replay", "sweep"]


class Rewind(NamedTuple):
    """How far a rewind is.

    `reached` is the commit that the state is as of, until the replay begins.
    `newest` is the last commit before the rewind's first step, and `inputs`
    where it stood. `commit` and `done` say how far the replay is: so many
    slices of this commit, all of it when 0; `offset` is where that commit's
    records begin in the journal. `counts` are for the report.
    """

    command: Command
    phase: Phase
    reached: int
    newest: int
    inputs: Mapping[str, int]
    commit: int
    done: int
    offset: int
    counts: Mapping[str, int]

    def counted(self, more: Mapping[str, int]) -> "Rewind":
        """Return it with more to report."""
        names = [*self.counts, *(name for name in more if name not in self.counts)]
        return self._replace(counts={name: self.counts.get(name, 0) + more.get(name, 0) for name in names})


def asked(command: Command) -> Rewind:
    """Return a rewind that was accepted, and of which nothing has been done."""
    return Rewind(command, "asked", 0, 0, {}, command.target, 0, command.journal_offset, {})


def told_key(key: str, event_id: str) -> str:
    """Return the key of the row that remembers what the CRM has heard of an event."""
    return f"{TOLD}{key}\0{event_id}"


def as_row(rewind: Rewind) -> dict[str, Any]:
    """Return its JSON value."""
    return {**rewind._asdict(), "command": rewind.command._asdict(), "counts": dict(rewind.counts)}


def of_row(row: dict[str, Any]) -> Rewind:
    """Return the rewind of a JSON value."""
    return Rewind(**{**row, "command": Command(**row["command"])})


def decode(value: bytes | None, codec: RowCodec) -> Rewind | None:
    """Return the rewind that a stored row tells of; raises `Halted` for a newer release's."""
    return None if value is None else of_row(codec.decode(KEY.encode(), value)[1])
