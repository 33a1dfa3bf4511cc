"""What the processors alone make of a crowd: no Kafka, no store, no runtime.

Each partition's records are taken in the order of their times; before each the
timers that are due fire. That is all a task should add to the processors.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from processors import player
from processors.events import Event
from processors.outcome import Arrival, Due, Outcome
from processors.rates import Rates
from processors.rules import Rules
from tests.integration.crowd import PLACES, Laid, Unfit
from topologies.intake.fact_json import dump_fact

Row = tuple[int, Any]
"""When it expires (0: never), and its JSON value."""

Key = tuple[str, str, str]
"""Player, kind and id of a row."""

TimerKey = tuple[int, str, str, str]
"""Due time, name, player and row id: in the order in which timers fire."""


class Letter(NamedTuple):
    """A dead letter: why, where its record lies, and what it holds."""

    kind: str
    reason: str | None
    """None: decoding or placement refused it, which no processor knows of."""
    cause: str
    timestamp: int
    key: bytes | None
    value: bytes


class Slice:
    """One partition: its rows and timers, and all that came of its records."""

    def __init__(self) -> None:
        self.stream_time = 0
        self.events: list[Event] = []
        self.letters: list[Letter] = []
        self.timers: set[TimerKey] = set()
        self.fired = 0
        self._rows: dict[tuple[str, str], dict[str, _Stored]] = defaultdict(dict)
        self._next_timers: list[TimerKey] = []
        self._undo: list[Callable[[], None]] = []

    def living(self) -> dict[Key, Row]:
        """All that can still be read at the end."""
        return {
            (*place, row_id): (stored[0], orjson.loads(stored[1]))
            for place, rows in self._rows.items()
            for row_id, stored in rows.items()
            if is_alive(stored[0], self.stream_time)
        }

    def rows(self, player_id: str, kind: str) -> "dict[str, _Stored]":
        return self._rows[player_id, kind]

    def set(self, key: Key, row: "_Stored | None") -> None:
        *_, row_id = key
        rows = self._rows[key[:2]]
        before = rows.get(row_id)
        self._undo.append(lambda: _set(rows, row_id, before))
        _set(rows, row_id, row)

    def schedule(self, timer: TimerKey) -> None:
        if timer not in self.timers:
            self.timers.add(timer)
            heapq.heappush(self._next_timers, timer)
            self._undo.append(lambda: self.timers.discard(timer))

    def cancel(self, timer: TimerKey) -> None:
        if timer in self.timers:
            self.timers.discard(timer)
            self._undo.append(lambda: self.schedule(timer))

    def pop_due(self, until: int) -> TimerKey | None:
        """The first timer due by then, taken out. The heap still has those that were taken back."""
        while self._next_timers and self._next_timers[0][0] <= until:
            timer = heapq.heappop(self._next_timers)
            if timer in self.timers:
                self.timers.discard(timer)
                return timer
        return None

    def keep(self) -> None:
        self._undo.clear()

    def drop(self) -> None:
        for undo in reversed(self._undo[:]):
            undo()
        self._undo.clear()


_Stored = tuple[int, bytes]


def _set(rows: dict[str, _Stored], row_id: str, row: _Stored | None) -> None:
    if row is None:
        rows.pop(row_id, None)
    else:
        rows[row_id] = row


class Window:
    """One player's rows at a moment, at the latest stream time: what expired by then is gone, for late timers too."""

    def __init__(self, of: Slice, player_id: str, now: int) -> None:
        self._of = of
        self._player = player_id
        self.now = now

    def get(self, kind: str, row_id: str) -> Any | None:
        found = self._of.rows(self._player, kind).get(row_id)
        return orjson.loads(found[1]) if found and is_alive(found[0], self._of.stream_time) else None

    def put(self, kind: str, row_id: str, row: Any, expires_at: int) -> None:
        self._of.set((self._player, kind, row_id), (expires_at, orjson.dumps(row, tuple)))

    def delete(self, kind: str, row_id: str) -> None:
        self._of.set((self._player, kind, row_id), None)

    def scan(self, kind: str) -> list[tuple[str, Any]]:
        ids = sorted(self._of.rows(self._player, kind))
        return [(row_id, row) for row_id in ids if (row := self.get(kind, row_id)) is not None]

    def schedule(self, due: int, timer: str, row_id: str) -> None:
        self._of.schedule((due, timer, self._player, row_id))

    def cancel(self, due: int, timer: str, row_id: str) -> None:
        self._of.cancel((due, timer, self._player, row_id))


def truth(laid: Iterable[Laid], rules: Rules, rates: Rates) -> dict[int, Slice]:
    """By partition, when everything was there before it was taken."""
    lanes: dict[int, dict[str, list[Laid]]] = defaultdict(lambda: {topic: [] for topic in PLACES})
    for record in laid:
        lanes[record.partition][record.topic].append(record)
    ordered = (record for of in lanes.values() for record in in_merge_order(list(of.values())))
    return truth_in_order(ordered, rules, rates)


def truth_in_order(taken: Iterable[Laid], rules: Rules, rates: Rates) -> dict[int, Slice]:
    """By partition, when they were taken in this order."""
    slices: dict[int, Slice] = defaultdict(Slice)
    for record in taken:
        _take(slices[record.partition], record, rules, rates)
    return slices


def in_merge_order(topics: Sequence[Sequence[Laid]]) -> Iterator[Laid]:
    """Of the topics' next records always the earliest; at equal times of the first topic."""
    lanes = [iter(topic) for topic in topics]
    heads = [(first.timestamp, place, first) for place, lane in enumerate(lanes) if (first := next(lane, None))]
    heapq.heapify(heads)
    while heads:
        _, place, record = heads[0]
        following = next(lanes[place], None)
        if following is None:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, (following.timestamp, place, following))
        yield record


def _take(of: Slice, record: Laid, rules: Rules, rates: Rates) -> None:
    while (timer := of.pop_due(record.timestamp)) is not None:
        due, name, player_id, row_id = timer
        of.stream_time = max(of.stream_time, due)
        cause = f"timer/{record.partition}/{due}"
        fired = player.fire(Window(of, player_id, due), Due(player_id, due, name, row_id, cause), rules, rates)
        of.fired += 1
        _gather(of, record, fired)
    of.stream_time = max(of.stream_time, record.timestamp)
    if isinstance(record.says, Unfit):
        of.letters.append(_letter(record, record.says.kind, None))
        return
    arrival = Arrival(record.says, _place(record), record.timestamp)
    _gather(of, record, player.step(Window(of, record.says.player, of.stream_time), arrival, rules, rates))


def _gather(of: Slice, record: Laid, outcome: Outcome) -> None:
    own = [refusal for refusal in outcome.refusals if refusal.waited is None]
    if own:
        of.drop()
        of.letters.append(_letter(record, own[0].kind, own[0].reason))
        return
    of.keep()
    of.events.extend(outcome.events)
    for kind, reason, waited in outcome.refusals:
        assert waited is not None
        key, fact = waited.fact.player.encode(), dump_fact(waited.fact)
        of.letters.append(Letter(kind, reason, waited.cause, waited.time, key, fact))


def _letter(record: Laid, kind: str, reason: str | None) -> Letter:
    return Letter(kind, reason, _place(record), record.timestamp, record.key, record.value)


def _place(record: Laid) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"


def is_alive(expires_at: int, now: int) -> bool:
    return expires_at == 0 or now < expires_at
