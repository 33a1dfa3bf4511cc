"""From the journal's records to commits, one at a time.

Their numbers follow each other. Where they do not, because the journal was
off, lost or cut by retention, nothing before can be gone back to.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from topologies.runtime.journal import marker as markers
from topologies.runtime.journal.errors import Malformed
from topologies.runtime.journal.marker import Marker, Part
from topologies.runtime.journal.record import MARKER, Record, is_image

START = "reading began there"
"""The gap before the first commit that is read: nothing is wrong, but nothing before it is known."""


class Commit(NamedTuple):
    """A commit of a task, as it lies in the journal.

    `begins_at` is the offset of its first record, `ends_at` of its marker's
    last part. `rows` is the number of rows that taking it back writes, at most:
    its before-images, and what the CRM has heard; `size_bytes` is that of its
    records. `gap` is None when the commit
    before it was read too, and all of it. Otherwise it says why not: then the
    commit can be gone back to, but not taken back, and its beginning
    (`begins_at`, `rows`, `size_bytes`, the marker's lists) may be missing.
    """

    number: int
    begins_at: int
    ends_at: int
    rows: int
    marker: Marker
    gap: str | None
    size_bytes: int = 0


class Assembly:
    """Takes the records of one partition in order. Holds no more than one commit's marker."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._gap: str | None = START
        self._begin()

    def _begin(self) -> None:
        self._begins_at: int | None = None
        self._images = 0
        self._size_bytes = 0
        self._parts: list[Part] = []

    def take(self, record: Record) -> Commit | None:
        """Return the commit that a record completes.

        Raises:
            Halted: a newer release wrote it.
        """
        offset, key, value = record
        if self._begins_at is None:
            self._begins_at = offset
        self._size_bytes += len(key) + len(value or b"")
        if key == MARKER:
            return self._mark(record)
        self._images += is_image(key)
        return None

    def _mark(self, record: Record) -> Commit | None:
        try:
            part = markers.decode(record.value)
            self._parts.append(part)
            if part.end is None:
                return None
            marker = markers.joined(self._parts)
        except Malformed:
            self._gap = f"the marker at offset {record.offset} of the journal cannot be read"
            self._begin()
            return None
        return self._complete(record.offset, marker)

    def _complete(self, ends_at: int, marker: Marker) -> Commit:
        number, begins_at = marker.commit, self._begins_at
        if self._gap is None and self._last is not None and number != self._last + 1:
            self._gap = f"the journal has commit {number} after commit {self._last}"
        if self._gap is None and self._images != marker.images:
            self._gap = f"the journal has {self._images} of {marker.images} before-images of commit {number}"
        rows = marker.images + len(marker.heard) + len(marker.vanished)
        begins_at = ends_at if begins_at is None else begins_at
        commit = Commit(number, begins_at, ends_at, rows, marker, self._gap, self._size_bytes)
        self._last, self._gap = number, None
        self._begin()
        return commit


def commits(records: Iterable[Record]) -> Iterator[Commit]:
    """Yield the commits that some records in a row complete; raises `Halted` as `Assembly.take` does."""
    assembly = Assembly()
    return (commit for record in records if (commit := assembly.take(record)) is not None)
