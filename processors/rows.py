"""The window on one player's state that a processor is given.

A row is a JSON value (lists, dicts, strings, integers, booleans, None). Rows
are values: what `get` returns is never changed in place, a new one is put. So
undoing a record, a batch or a transaction is forgetting a layer of puts.
"""

from typing import Any, Protocol

Row = Any
"""A JSON value, or a NamedTuple in the place of a list: each kind's module gives it its shape.

One that was put as a NamedTuple comes back as that, or as a list once it was stored.
"""

NEVER = 0
"""The expiry of a row that stays until it is deleted."""


class Rows(Protocol):
    """One player's rows, as of `now`. An expired row reads as absent."""

    @property
    def now(self) -> int:
        """Stream time, ms: the largest record time so far; the due time while a timer fires."""

    def get(self, kind: str, row_id: str) -> Row | None:
        """The row, or None."""

    def put(self, kind: str, row_id: str, row: Row, expires_at: int) -> None:
        """Write a row that reads as absent from `expires_at` (ms, `NEVER` = 0) on."""

    def delete(self, kind: str, row_id: str) -> None:
        """Remove a row; nothing happens when it is absent."""

    def scan(self, kind: str) -> list[tuple[str, Row]]:
        """All (id, row) of a kind, by id. Slow beside `get`: not for every record."""

    def schedule(self, due: int, timer: str, row_id: str) -> None:
        """Let `timer` fire for `row_id` when stream time reaches `due`, once."""

    def cancel(self, due: int, timer: str, row_id: str) -> None:
        """Take back what was scheduled with the same words; nothing happens when it is not there."""
