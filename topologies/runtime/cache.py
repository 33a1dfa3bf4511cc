"""Decoded rows that were used lately, bounded by bytes."""

from collections import OrderedDict

from topologies.runtime.rowcodec import Entry

ROW_OVERHEAD_BYTES = 400
"""What a small decoded row, its key and its place here cost beside its bytes."""

DECODED_FACTOR = 4
"""A decoded JSON value takes about this many times its text."""


class RowCache:
    """The least recently used rows go first. Absent rows are remembered too: most look-ups are of new ones.

    Args:
        bytes_max: an estimate of the memory of everything in it.
    """

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self._entries: OrderedDict[str, tuple[Entry, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> Entry | None:
        """Return an entry (of an absent row: `ABSENT`), or None when it is not known here."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: str, entry: Entry, value_bytes: int) -> None:
        """Remember an entry; `value_bytes` is the length of its encoded value."""
        cost = ROW_OVERHEAD_BYTES + DECODED_FACTOR * value_bytes
        replaced = self._entries.pop(key, None)
        if replaced is not None:
            self._bytes -= replaced[1]
        self._entries[key] = (entry, cost)
        self._bytes += cost
        while self._bytes > self.bytes_max and self._entries:
            _, (_, freed) = self._entries.popitem(last=False)
            self._bytes -= freed
