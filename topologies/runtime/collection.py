"""Expired rows are deleted a few at a time, so that a steady load does not make the state grow."""

from topologies.runtime.forgetting.row import FORGOTTEN
from topologies.runtime.overlay import Overlay
from topologies.runtime.rowcodec import EXPIRY_BYTES, expiry_text

FIRST_KEY = b"\x01"
"""Behind the task's own rows (head, timers), which never expire, but for those of forgotten players."""

VISITS_PER_ROW = 2
"""Visiting two rows for each one written keeps the state below twice what is alive."""

VISITS_MIN = 16

NEVER = expiry_text(0)

LATEST = (1 << 8 * EXPIRY_BYTES) - 1
"""No expiry is later."""


class Collector:
    """Walks round and round through a task's rows, a bit at each commit, and rests while none can have expired.

    A round learns when the first of the rows that it leaves expires; what is
    written meanwhile, and later, is looked at as it is written. So only this
    task's batches may change its rows, and `now` may never go back.
    """

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self._next = FIRST_KEY
        self._is_resting = False
        # When the first row expires that this round has left or that was written since it began. Expiries are
        # compared as bytes, because rows are many and few have expired.
        self._first = expiry_text(LATEST)

    def collect(self, now: int, rows_written: int) -> int:
        """Delete, in the batch, what has expired by `now` among the next rows; return how many."""
        until = expiry_text(now)
        if self._is_resting and self._first <= until:
            self._is_resting, self._first = False, expiry_text(LATEST)
        collected = 0 if self._is_resting else self._walk(until, VISITS_MIN + VISITS_PER_ROW * rows_written)
        # Last: the batch's rows are not in the store yet, where a round would find them.
        self._note_written()
        return collected

    def _walk(self, until: bytes, visits: int) -> int:
        collected = 0
        for key, value in self._overlay.stored(self._next):
            if visits == 0:
                self._next = key
                return collected
            visits -= 1
            expiry = value[:EXPIRY_BYTES]
            # Most rows have not expired, and are not the first to: a call for each would show.
            if expiry <= until or expiry < self._first:
                collected += self._visit(key, expiry, until)
        self._next, self._is_resting = FIRST_KEY, True
        return collected + self._walk_forgotten(until)

    def _walk_forgotten(self, until: bytes) -> int:
        """Once in each round: they are few, if there are any."""
        prefix, collected = FORGOTTEN.encode(), 0
        for key, value in self._overlay.stored(prefix):
            if not key.startswith(prefix):
                break
            collected += self._visit(key, value[:EXPIRY_BYTES], until)
        return collected

    def _visit(self, key: bytes, expiry: bytes, until: bytes) -> bool:
        """Delete a row that has expired, unless the batch has changed it."""
        if until < expiry:
            self._first = min(self._first, expiry)
            return False
        return expiry > NEVER and self._overlay.expire(key.decode())

    def _note_written(self) -> None:
        first = LATEST
        for entry in self._overlay.batch.values():
            # What is no expiry is refused when the row is encoded.
            if 0 < entry[0] < first:
                first = entry[0]
        self._first = min(self._first, expiry_text(first))
