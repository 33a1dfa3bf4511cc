"""Two states of one task, row by row."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from topologies.runtime.journal.record import is_image, owner
from topologies.runtime.overlay import TIMER, parse_timer
from topologies.runtime.rowcodec import expires_at
from topologies.units import instant_text

Row = tuple[bytes, bytes]
"""Key and value as stored."""


class RowDifference(NamedTuple):
    """A row of a player that is not the same in both; None where it is absent."""

    player: str
    key: bytes
    recorded: bytes | None
    recomputed: bytes | None

    @property
    def kind(self) -> str:
        """What the topology calls such rows; empty for a timer."""
        return "" if self._is_timer else self._parts[0]

    @property
    def name(self) -> str:
        """Which of the player's rows it is: `bonus/7`, or of a timer its name, row and due time."""
        if not self._is_timer:
            return "/".join(self._parts)
        timer = parse_timer(self.key.decode())
        return f"timer/{timer.name}/{timer.row_id}/{instant_text(timer.due)}"

    @property
    def what(self) -> str:
        """What the recomputed state has done with the recorded row: added, changed or vanished."""
        if self.recorded is None:
            return "added"
        return "vanished" if self.recomputed is None else "changed"

    @property
    def _is_timer(self) -> bool:
        return self.key.startswith(TIMER.encode())

    @property
    def _parts(self) -> list[str]:
        return [part for part in self.key.decode().split("\0")[1:] if part]


def differing(recorded: Iterable[Row], recomputed: Iterable[Row], stream_time: int) -> Iterator[RowDifference]:
    """Yield the rows that differ, both in key order. What has expired by `stream_time` counts as absent."""
    marked = heapq.merge(
        ((key, 0, value) for key, value in _alive(recorded, stream_time)),
        ((key, 1, value) for key, value in _alive(recomputed, stream_time)),
    )
    for key, both in groupby(marked, key=lambda each: each[0]):
        values = {which: value for _, which, value in both}
        if values.get(0) != values.get(1):
            yield RowDifference(owner(key).decode(), key, values.get(0), values.get(1))


def _alive(rows: Iterable[Row], stream_time: int) -> Iterator[Row]:
    return ((key, value) for key, value in rows if is_image(key) and not 0 < expires_at(value) <= stream_time)
