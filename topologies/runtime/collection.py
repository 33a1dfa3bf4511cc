"""Expired rows are deleted a few at a time, so that a steady load does not make the state grow."""

from topologies.runtime.forgetting.row import FORGOTTEN
from topologies.runtime.overlay import Overlay
from topologies.runtime.rowcodec import EXPIRY_BYTES, expiry_text

FIRST_KEY = b"\x01"
"""Behind the task's own rows (head, timers), which never expire, but for those of forgotten players."""

VISITS_PER_ROW = 2
"""Visiting two rows for each one written keeps the state below twice what is alive."""

VISITS_MIN = 16


class Collector:
    """Walks round and round through a task's rows, a bit at each commit."""

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self._next = FIRST_KEY

    def collect(self, now: int, rows_written: int) -> int:
        """Delete, in the batch, what has expired by `now` among the next rows; return how many."""
        visits = VISITS_MIN + VISITS_PER_ROW * rows_written
        # As bytes, because rows are many and few have expired.
        never, until = expiry_text(0), expiry_text(now)
        collected = 0
        for key, value in self._overlay.stored(self._next):
            if visits == 0:
                self._next = key
                return collected
            visits -= 1
            if never < value[:EXPIRY_BYTES] <= until:
                collected += self._overlay.expire(key.decode())
        self._next = FIRST_KEY
        return collected + self._collect_forgotten(never, until)

    def _collect_forgotten(self, never: bytes, until: bytes) -> int:
        """Once in each round: they are few, if there are any."""
        prefix, collected = FORGOTTEN.encode(), 0
        for key, value in self._overlay.stored(prefix):
            if not key.startswith(prefix):
                break
            if never < value[:EXPIRY_BYTES] <= until:
                collected += self._overlay.expire(key.decode())
        return collected
