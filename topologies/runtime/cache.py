"""Decoded rows that were used lately, bounded by bytes."""

from topologies.runtime.rowcodec import Entry

ROW_OVERHEAD_BYTES = 400
"""What a small decoded row, its key and its place here cost beside its bytes."""

DECODED_FACTOR = 4
"""A decoded JSON value takes about this many times its text."""


class RowCache:
    """Two generations: what is used moves to the young one; when that has half of the memory, the old one goes.

    Nearly the least recently used rows first, at a third of an ordered list's cost. Absent rows are
    remembered too: most look-ups are of new ones.

    Args:
        bytes_max: an estimate of the memory of everything in it.
    """

    def __init__(self, bytes_max: int) -> None:
        self._young_bytes_max = bytes_max // 2
        self._young: dict[str, tuple[Entry, int]] = {}
        self._old: dict[str, tuple[Entry, int]] = {}
        self._young_bytes = 0

    def get(self, key: str) -> Entry | None:
        """Return an entry (of an absent row: `ABSENT`), or None when it is not known here."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is None:
                return None
            self._remember(key, found)
        return found[0]

    def put(self, key: str, entry: Entry, value_bytes: int) -> None:
        """Remember an entry; `value_bytes` is the length of its encoded value."""
        self._old.pop(key, None)
        self._remember(key, (entry, ROW_OVERHEAD_BYTES + DECODED_FACTOR * value_bytes))

    def _remember(self, key: str, found: tuple[Entry, int]) -> None:
        replaced = self._young.get(key)
        self._young[key] = found
        self._young_bytes += found[1] - (replaced[1] if replaced is not None else 0)
        if self._young_bytes > self._young_bytes_max:
            # A row that alone is larger than a generation is not kept at all.
            is_too_large = found[1] > self._young_bytes_max
            self._old = {} if is_too_large else self._young
            self._young = {}
            self._young_bytes = 0
