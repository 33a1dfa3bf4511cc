"""What must come of the records of `counting_topology`: in plain Python, without batches, caches or logs."""

import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any, NamedTuple

from tests.integration.counting_topology import SOURCES, UNDECODABLE, Sent, firing, stepping, topology, traffic
from topologies.graph import Result, Timer
from topologies.runtime.partitioning import java_default

__all__ = ["SOURCES", "Sent", "Slice", "topology", "traffic", "truth"]


class Slice(NamedTuple):
    """One partition: events and dead letters in their order, and the state."""

    events: list[tuple[str, str, dict[str, Any]]]
    """Key, event id, payload."""
    letters: list[tuple[str, str]]
    """Class, and where the record lies; of a timer `timer/<row id>`."""
    rows: dict[str, tuple[int, Any]]
    """`key/kind/id` → expiry and row, of what is alive."""
    timers: set[tuple[int, str, str]]
    """Due, key, row id."""
    stream_time: int


UNWRITABLE = {"large event": "invalid", "heavy event": "invalid", "large row": "invalid", "huge number": "bug"}
"""What a record leads to cannot be written → the class of its dead letter."""

UNWRITABLE_LATER = {"large later": "invalid"}
"""What its timer leads to."""


Due = tuple[int, str, str, str]
"""Due time, name, key, row id: in the order in which timers fire."""


class Book:
    """Rows of one key, as a step sees them, over all rows of a partition. Changes are kept or forgotten."""

    def __init__(self, task: "Truth", key: str, now: int, stream_time: int) -> None:
        self._task = task
        self.key = key
        self.now = now
        self._gone_by = stream_time
        self._rows = dict(task.rows.get(key, {}))
        self._timers: dict[Due, bool] = {}
        """Scheduled, or taken back."""

    def get(self, kind: str, row_id: str) -> Any:
        expires_at, row = self._rows.get((kind, row_id), (0, None))
        return None if 0 < expires_at <= self._gone_by else row

    def put(self, kind: str, row_id: str, row: Any, expires_at: int) -> None:
        self._rows[kind, row_id] = (expires_at, row)

    def delete(self, kind: str, row_id: str) -> None:
        self._rows.pop((kind, row_id), None)

    def scan(self, kind: str) -> list[tuple[str, Any]]:
        found = [(row_id, self.get(kind, row_id)) for of, row_id in self._rows if of == kind]
        return sorted((row_id, row) for row_id, row in found if row is not None)

    def schedule(self, due: int, timer: str, row_id: str) -> None:
        self._timers[due, timer, self.key, row_id] = True

    def cancel(self, due: int, timer: str, row_id: str) -> None:
        self._timers[due, timer, self.key, row_id] = False

    def keep(self) -> None:
        self._task.rows[self.key] = self._rows
        for timer, is_scheduled in self._timers.items():
            self._task.plan(timer, is_scheduled=is_scheduled)


class Truth:
    """One partition's tasks done one by one, without batches, caches or logs."""

    def __init__(self, partition: int, app: str) -> None:
        self._partition = partition
        self._step = stepping(f"{app}-events")
        self._fire = firing(f"{app}-events")
        self.rows: dict[str, dict[tuple[str, str], tuple[int, Any]]] = {}
        self.timers: set[Due] = set()
        self._next: list[Due] = []
        self.stream_time = 0
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self.letters: list[tuple[str, str]] = []

    def take(self, sent: Sent, where: str, *, is_misplaced: bool) -> None:
        """One record, and before it the timers that are due."""
        if sent.do == "far ahead":
            self.letters.append(("invalid", where))
            return
        self._fire_until(sent.time)
        self.stream_time = max(self.stream_time, sent.time)
        kind = "undecodable" if sent.do in UNDECODABLE else {"break the decoder": "bug"}.get(sent.do)
        kind = kind or ("wrong-key" if is_misplaced else None)
        if kind is None:
            book = Book(self, sent.key, self.stream_time, self.stream_time)
            fact = {"n": sent.n, "do": sent.do}
            kind = self._do(book, lambda: self._step(book, fact, where, sent.time, {}), UNWRITABLE.get(sent.do))
        if kind is not None:
            self.letters.append((kind, where))

    def slice(self) -> Slice:
        """What there is now."""
        alive = {
            f"{key}/{kind}/{row_id}": entry
            for key, rows in self.rows.items()
            for (kind, row_id), entry in rows.items()
            if not 0 < entry[0] <= self.stream_time
        }
        timers = {(due, key, row_id) for due, _, key, row_id in self.timers}
        return Slice(self.events, self.letters, alive, timers, self.stream_time)

    def plan(self, timer: Due, *, is_scheduled: bool) -> None:
        """Schedule a timer, or take it back."""
        if not is_scheduled:
            self.timers.discard(timer)
        elif timer not in self.timers:
            self.timers.add(timer)
            heapq.heappush(self._next, timer)

    def expire(self) -> None:
        """Fire all timers by the wall clock: stream time does not move."""
        while (timer := self._pop()) is not None:
            self._tick(timer)

    def _fire_until(self, time: int) -> None:
        while (timer := self._pop(time)) is not None:
            self.stream_time = max(self.stream_time, timer.due)
            self._tick(timer)

    def _pop(self, until: float = inf) -> Timer | None:
        """The next timer that is due by then, taken out. The heap still has those that were taken back."""
        while self._next and self._next[0][0] <= until:
            planned = heapq.heappop(self._next)
            if planned in self.timers:
                self.timers.discard(planned)
                return Timer(*planned)
        return None

    def _tick(self, timer: Timer) -> None:
        book = Book(self, timer.key, timer.due, max(timer.due, self.stream_time))
        cause = f"timer/{self._partition}/{timer.due}"
        unwritable = UNWRITABLE_LATER.get(timer.row_id.partition("/")[2])
        kind = self._do(book, lambda: self._fire(book, timer, cause, {}), unwritable)
        if kind is not None:
            self.letters.append((kind, f"timer/{timer.row_id}"))

    def _do(self, book: Book, call: Callable[[], Result], unwritable: str | None) -> str | None:
        """Return the class of the dead letter, or None when it is done."""
        try:
            result = call()
        except ZeroDivisionError:
            return "bug"
        if result.dead_letters or unwritable:
            return unwritable or result.dead_letters[0].kind
        book.keep()
        self.events += [(emit.key.decode(), emit.event_id, json.loads(emit.value)) for emit in result.emits]
        return None


def truth(sent: Iterable[Sent], app: str, partitions: int, *, is_expired: bool = False) -> dict[int, Slice]:
    """What must come of records that were all there before anybody read them, by partition.

    `is_expired`: then all timers that are left fire by the wall clock.
    """
    lanes: dict[int, dict[str, list[Sent]]] = defaultdict(lambda: {source: [] for source in SOURCES})
    for each in sent:
        lanes[each.place(partitions)][each.source].append(each)
    slices = {}
    for partition, of in lanes.items():
        task = _done(partition, of, app, partitions)
        if is_expired:
            task.expire()
        slices[partition] = task.slice()
    return slices


def _done(partition: int, lanes: Mapping[str, Sequence[Sent]], app: str, partitions: int) -> Truth:
    task = Truth(partition, app)
    for source, offset in merged(lanes):
        each = lanes[source][offset]
        is_misplaced = java_default(each.key.encode(), partitions) != partition
        task.take(each, f"{app}-{source}/{partition}/{offset}", is_misplaced=is_misplaced)
    return task


def merged(lanes: Mapping[str, Sequence[Sent]]) -> Iterator[tuple[str, int]]:
    """In which order the records of the lanes are taken: by the time of the first of each, then by source."""
    heads = [(_turn(of[0]), SOURCES.index(source), 0) for source, of in lanes.items() if of]
    heapq.heapify(heads)
    while heads:
        _, place, offset = heapq.heappop(heads)
        lane = lanes[SOURCES[place]]
        if offset + 1 < len(lane):
            heapq.heappush(heads, (_turn(lane[offset + 1]), place, offset + 1))
        yield SOURCES[place], offset


def _turn(sent: Sent) -> int:
    """A record that is not to be believed does not wait."""
    return 0 if sent.do == "far ahead" else sent.time
