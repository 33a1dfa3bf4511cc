"""Rows of the store that were used lately, decoded, bounded by bytes."""

from typing import Final

from topologies.runtime.rowcodec import StoredEntry

ROW_OVERHEAD_BYTES: Final = 450
"""What a small decoded row, its key and its place here cost beside its bytes."""

DECODED_FACTOR: Final = 5
"""A decoded JSON value takes about four times its text, which is kept too."""


class RowCache:
    """Two generations: what is used moves to the young one; when that has half of the memory, the old one goes.

    Nearly the least recently used rows first, at a third of an ordered list's cost. Only what is in the
    store is here, as it is there.

    Args:
        bytes_max: an estimate of the memory of everything in it.
    """

    def __init__(self, bytes_max: int) -> None:
        self._young_bytes_max = bytes_max // 2
        self.young: dict[str, StoredEntry] = {}
        """Where a look-up may look by itself: most rows that are found are here. Another dict after any `put`."""
        self._old: dict[str, StoredEntry] = {}
        self._young_bytes = 0

    def find(self, key: str) -> StoredEntry | None:
        """Return an entry, or None when it is not known here."""
        found = self.young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: str, entry: StoredEntry) -> None:
        """Remember an entry."""
        replaced = self.young.get(key)
        self._old.pop(key, None)
        self.young[key] = entry
        self._young_bytes += _size(entry) - (_size(replaced) if replaced is not None else 0)
        if self._young_bytes > self._young_bytes_max:
            # A row that alone is larger than a generation is not kept at all.
            is_too_large = _size(entry) > self._young_bytes_max
            self._old = {} if is_too_large else self.young
            self.young = {}
            self._young_bytes = 0

    def drop(self, key: str) -> None:
        """Forget an entry."""
        self._old.pop(key, None)
        dropped = self.young.pop(key, None)
        if dropped is not None:
            self._young_bytes -= _size(dropped)


def _size(entry: StoredEntry) -> int:
    return ROW_OVERHEAD_BYTES + DECODED_FACTOR * len(entry[2])
