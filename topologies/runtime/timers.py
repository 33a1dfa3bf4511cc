"""The timers of a task that come next: a short, sorted front of the timer rows in its state."""

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator

from topologies.runtime.overlay import DUE_DIGITS, TIMER, TimerKey, parse_timer

FRONT_ROWS = 1_000
"""How many timer rows are read ahead."""

NEVER = 1 << 62
"""Later than any record."""

_DUE = slice(len(TIMER), len(TIMER) + DUE_DIGITS)


class Timers:
    """Which timer fires next.

    The front holds the keys of the stored timer rows up to `horizon`, and all
    that were scheduled since the last `settle`. A key in it may have been
    cancelled meanwhile, so `is_there` is asked before it fires.

    Args:
        stored: yields the keys of the timer rows in the store, sorted, from a key on.
        is_there: whether the row of a timer key is there now.
    """

    def __init__(self, stored: Callable[[str], Iterable[str]], is_there: Callable[[str], bool]) -> None:
        self._stored = stored
        self._is_there = is_there
        self._front: list[str] = []
        self._horizon: str | None = TIMER
        self.next_due = 0
        self._look()

    def add(self, key: str) -> None:
        """Take note of a timer row that was put."""
        heapq.heappush(self._front, key)
        self.next_due = min(self.next_due, int(key[_DUE]))

    def due(self, until: int, last: str | None = None) -> Iterator[TimerKey]:
        """Yield the timers due by `until` in order, up to the key `last`; those that are scheduled on the way too."""
        while self.next_due <= until and (last is None or self._front[0] <= last):
            key = heapq.heappop(self._front)
            self._look()
            if self._is_there(key):
                yield parse_timer(key)

    def settle(self) -> None:
        """Everything scheduled is in the store now: keep a short front only."""
        if len(self._front) > 2 * FRONT_ROWS:
            self._front = heapq.nsmallest(FRONT_ROWS, self._front)
            # Never later than before: between the old horizon and what was scheduled behind it lie stored rows.
            self._horizon = self._front[-1] if self._horizon is None else min(self._front[-1], self._horizon)

    def _look(self) -> None:
        """Read ahead when the stored rows may hold an earlier timer than the front, and note the next due time."""
        while self._horizon is not None and (not self._front or self._front[0] > self._horizon):
            ahead = list(itertools.islice(self._stored(self._horizon), FRONT_ROWS))
            # The row at the horizon itself comes again when it is still stored: that is progress only with others.
            self._horizon = ahead[-1] if len(ahead) == FRONT_ROWS else None
            for key in ahead:
                heapq.heappush(self._front, key)
        self.next_due = int(self._front[0][_DUE]) if self._front else NEVER
