"""What a task's state looks like from within a record: layers over the store.

A row is looked up in the changes of the record in hand, then in those of the
batch, then in the cache, then in the store. Undoing is forgetting a layer:
a processor's bug drops the record's, an abort the batch's; a commit moves the
batch's to cache and store.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from topologies.runtime.cache import RowCache
from topologies.runtime.rowcodec import ABSENT, Entry, RowCodec
from topologies.runtime.store import Row as StoredRow
from topologies.runtime.store import Store

TIMER: Final = "\0timer\0"
"""Timer rows sort before all players and by due time: `\\0timer\\0<due>\\0<name>\\0<key>\\0<row id>`."""

DUE_DIGITS: Final = 15
"""Milliseconds until the year 33658."""


class TimerKey(NamedTuple):
    """The parts of a timer row's key."""

    due: int
    name: str
    key: str
    row_id: str


def timer_key(timer: TimerKey) -> str:
    """Return the key of a timer's row."""
    return f"{TIMER}{timer.due:0{DUE_DIGITS}d}\0{timer.name}\0{timer.key}\0{timer.row_id}"


def parse_timer(key: str) -> TimerKey:
    """Return what a timer row's key says. No id contains U+0000: that is checked where facts enter."""
    due, name, owner, row_id = key[len(TIMER) :].split("\0")
    return TimerKey(int(due), name, owner, row_id)


class Overlay:
    """One task's state. `Window` gives one key's rows to a processor.

    `on_scheduled` is told the key of each timer row that a kept record added.
    """

    def __init__(self, store: Store, partition: int, cache: RowCache, codec: RowCodec) -> None:
        self._store = store
        self._partition = partition
        self.cache = cache
        self._codec = codec
        self.record: dict[str, Entry] = {}
        self.scheduled: list[str] = []
        """The keys of the timer rows that the record has put."""
        self.batch: dict[str, Entry] = {}
        self._absent: set[str] = set()
        self._by_prefix: dict[str, set[str]] = {}
        self._indexed = 0
        self.on_scheduled: Callable[[str], None] = lambda _: None

    def find(self, key: str) -> Entry:
        """Return a row with its expiry; `ABSENT` (or a row that has expired) when there is none."""
        return self.record.get(key) or self.batch.get(key) or self.stored_entry(key)

    def stored_entry(self, key: str) -> Entry:
        """Return a row as it is in the store; `ABSENT` when it is not there."""
        known = self.cache.find(key)
        if known is not None:
            return known
        if key in self._absent:
            return ABSENT
        raw = key.encode()
        value = self._store.get(self._partition, raw)
        if value is None:
            self._absent.add(key)
            return ABSENT
        entry = self._codec.decode(raw, value)
        self.cache.put(key, entry)
        return entry

    def keep(self) -> None:
        """Make the record's changes part of the batch."""
        record = self.record
        if self.scheduled:
            # In their order, each once, and none that the record has cancelled.
            for key in dict.fromkeys(self.scheduled):
                if record[key] is not ABSENT:
                    self.on_scheduled(key)
            self.scheduled.clear()
        self.batch.update(record)
        record.clear()

    def drop(self) -> None:
        """Forget the record's changes."""
        self.record.clear()
        self.scheduled.clear()

    def forget(self) -> None:
        """Forget the batch's changes too."""
        self.drop()
        self.batch.clear()
        self._absent.clear()
        self._by_prefix.clear()
        self._indexed = 0

    def rows(self) -> list[StoredRow]:
        """Encode the batch's changes, in the order in which rows were first touched."""
        encode = self._codec.encode
        return [(key.encode(), None if entry is ABSENT else encode(entry)) for key, entry in self.batch.items()]

    def before_images(self, rows: Iterable[StoredRow]) -> list[StoredRow]:
        """Return what the store holds under the keys of `rows`, which is what `rows()` gave for this batch."""
        # Most rows are new, and that was found when they were looked for.
        absent, before = self._absent, self._before
        return [
            (raw, None if key in absent else before(key, raw)) for key, (raw, _) in zip(self.batch, rows, strict=True)
        ]

    def _before(self, key: str, raw: bytes) -> bytes | None:
        known = self.cache.find(key)
        return self._store.get(self._partition, raw) if known is None else known[2]

    def committed(self, rows: Iterable[StoredRow]) -> None:
        """The batch's changes are in the store; `rows` is what `rows()` gave for this batch.

        The cache follows them. A new row is not taken into it before somebody looks for it: most never are.
        """
        cache = self.cache
        for (key, entry), (_, value) in zip(self.batch.items(), rows, strict=True):
            if value is None:
                cache.drop(key)
            elif key not in self._absent and cache.find(key) is not None:
                cache.put(key, (entry[0], entry[1], value))
        self.forget()

    def scan(self, prefix: str) -> list[tuple[str, Entry]]:
        """Return all rows whose key is `prefix` and an id, by key, absent and expired ones too."""
        found: dict[str, Entry] = {}
        encoded = prefix.encode()
        for raw, value in self._store.scan(self._partition, encoded, encoded):
            found[raw.decode()] = self._codec.decode(raw, value)
        found |= {key: self.batch[key] for key in self._changed(prefix)}
        found |= {key: entry for key, entry in self.record.items() if key.startswith(prefix)}
        return sorted(found.items())

    def _changed(self, prefix: str) -> Iterable[str]:
        """Return the batch's keys with a prefix; the index grows only when somebody scans."""
        for key in itertools.islice(self.batch, self._indexed, None):
            self._by_prefix.setdefault(key[: key.rfind("\0") + 1], set()).add(key)
        self._indexed = len(self.batch)
        return self._by_prefix.get(prefix, ())

    def stored(self, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the stored rows from a key on, as they were before this batch."""
        return self._store.scan(self._partition, start)

    def timers(self, start: str) -> Iterator[str]:
        """Yield the keys of the stored timer rows from a key on, as they were before this batch."""
        for key, _ in self.stored(start.encode()):
            text = key.decode()
            if not text.startswith(TIMER):
                return
            yield text

    def expire(self, key: str) -> bool:
        """Delete a stored row, unless the batch has changed it."""
        if key in self.batch:
            return False
        self.batch[key] = ABSENT
        return True


class Window:
    """One key's rows as of `now`: the `Rows` of a topology's step."""

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self._record = overlay.record
        self._batch = overlay.batch
        self._cache = overlay.cache
        self._stored_entry = overlay.stored_entry
        self.key = ""
        self.now = 0
        self._gone_by = 0

    def at(self, key: str, now: int, stream_time: int) -> "Window":
        """Turn to another key and time, and return itself.

        A timer may fire at a due time before stream time. What has expired
        meanwhile may be collected already, so it is absent for the timer too.
        """
        self.key = key
        self.now = now
        self._gone_by = stream_time
        return self

    def get(self, kind: str, row_id: str) -> Any | None:  # noqa: ANN401 - a JSON value
        """Return the row, or None when it is absent or has expired."""
        key = f"{self.key}\0{kind}\0{row_id}"
        # An entry is never false. Here, because four or more look-ups for each record end here.
        entry = self._record.get(key) or self._batch.get(key) or self._cache.young.get(key) or self._stored_entry(key)
        return None if 0 < entry[0] <= self._gone_by else entry[1]

    def put(self, kind: str, row_id: str, row: Any, expires_at: int) -> None:  # noqa: ANN401 - a JSON value
        """Write a row that reads as absent from `expires_at` on (0: never)."""
        self._record[f"{self.key}\0{kind}\0{row_id}"] = (expires_at, row)

    def delete(self, kind: str, row_id: str) -> None:
        """Remove a row."""
        self._record[f"{self.key}\0{kind}\0{row_id}"] = ABSENT

    def scan(self, kind: str) -> list[tuple[str, Any]]:
        """Return all (id, row) of a kind that are there, by id."""
        prefix = f"{self.key}\0{kind}\0"
        return [
            (key[len(prefix) :], row)
            for key, (expires_at, row, *_) in self._overlay.scan(prefix)
            if row is not None and not 0 < expires_at <= self._gone_by
        ]

    def schedule(self, due: int, timer: str, row_id: str) -> None:
        """Let a timer fire once."""
        key = timer_key(TimerKey(due, timer, self.key, row_id))
        self._record[key] = (0, 1)
        self._overlay.scheduled.append(key)

    def cancel(self, due: int, timer: str, row_id: str) -> None:
        """Take a timer back."""
        key = timer_key(TimerKey(due, timer, self.key, row_id))
        if self._overlay.find(key) is not ABSENT:
            self._record[key] = ABSENT
