"""The window on one player's rows as a value, for pure tests."""

import json
from typing import NamedTuple

from processors.rows import NEVER, Row


class Timer(NamedTuple):
    due: int
    timer: str
    row_id: str


class Window:
    """Rows and timers of one player; `now` is moved by whoever tells the story.

    Rows are kept as JSON text too, so a row that is changed in place, or that
    would not come back from a store, is noticed here rather than after a
    restart. They are given by turns as they were put, and as they are stored.
    """

    def __init__(self, now: int = 0) -> None:
        self.now = now
        self.timers: set[Timer] = set()
        self.rows: dict[tuple[str, str], tuple[str, int, Row]] = {}
        self._is_stored = False

    def get(self, kind: str, row_id: str) -> Row | None:
        found = self.rows.get((kind, row_id))
        if found is None or not self._lives(found[1]):
            return None
        text, _, row = found
        assert json.dumps(row) == text, f"changed in place: {row!r}"
        self._is_stored = not self._is_stored
        return json.loads(text) if self._is_stored else row

    def put(self, kind: str, row_id: str, row: Row, expires_at: int) -> None:
        text = json.dumps(row)
        assert json.loads(text) == _as_lists(row), f"not a JSON value: {row!r}"
        self.rows[kind, row_id] = (text, expires_at, row)

    def delete(self, kind: str, row_id: str) -> None:
        self.rows.pop((kind, row_id), None)

    def scan(self, kind: str) -> list[tuple[str, Row]]:
        return sorted(
            (row_id, json.loads(text))
            for (of, row_id), (text, expires_at, _) in self.rows.items()
            if of == kind and self._lives(expires_at)
        )

    def schedule(self, due: int, timer: str, row_id: str) -> None:
        self.timers.add(Timer(due, timer, row_id))

    def cancel(self, due: int, timer: str, row_id: str) -> None:
        self.timers.discard(Timer(due, timer, row_id))

    def pop_due(self, until: int) -> Timer | None:
        """The first timer with `due` <= `until`, taken out; None when there is none."""
        first = min(self.timers, default=None)
        if first is None or first.due > until:
            return None
        self.timers.discard(first)
        return first

    def copy(self) -> "Window":
        """A window of the same content that goes its own way."""
        other = Window(self.now)
        other.restore(self)
        return other

    def restore(self, before: "Window") -> None:
        """Forget everything since the copy was made, but not the time."""
        self.timers = set(before.timers)
        self.rows = dict(before.rows)

    def collect(self) -> None:
        """Delete what has expired, which nobody can read."""
        self.rows = {key: row for key, row in self.rows.items() if self._lives(row[1])}

    def living(self) -> dict[tuple[str, str], Row]:
        """Every row that can still be read, to compare and to count."""
        return {key: json.loads(text) for key, (text, expires_at, _) in self.rows.items() if self._lives(expires_at)}

    def _lives(self, expires_at: int) -> bool:
        return expires_at == NEVER or self.now < expires_at


def _as_lists(row: Row) -> Row:
    """A NamedTuple, or a list of them, is stored as lists."""
    return [_as_lists(each) for each in row] if isinstance(row, list | tuple) else row
