"""A small topology for attacks on the runtime, and what must come of its records, in plain Python.

Each player has a row `count` with a chain over everything that was done for
it, so that a record that is lost, doubled or out of order shows in every later
row and event. A record may also refuse itself, or break something.
"""

import heapq
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from random import Random
from typing import Any, NamedTuple

from processors.rows import Rows
from topologies.graph import (
    DeadLetter,
    Decoded,
    Emit,
    Entry,
    Message,
    Output,
    Result,
    Source,
    Tables,
    Timer,
    Topology,
    Undecodable,
)
from topologies.runtime.partitioning import java_default

SOURCES = ("orders", "bonuses", "bets")
"""In the order in which records of equal times are taken."""

SEEN_MS = 400
"""How long a record's own row lives."""

TICK_MS = 150
LATER_MS = 60_000
LARGE = "x" * 1_200_000
"""More than a producer takes by default."""

HEAVY = "x" * 100_000
"""More than a topic takes whose limit was lowered."""

UNDECODABLE = {"undecodable": b"{", "large undecodable": b"{" + b" " * 999_900}
"""The second can just be written; with the headers of its dead letter it cannot."""

BEYOND_64_BITS = 1 << 70


class Sent(NamedTuple):
    """One record: `do` is what it does beside being counted. Its partition is its key's unless told otherwise."""

    source: str
    key: str
    n: int
    time: int
    do: str = ""
    partition: int | None = None

    def value(self) -> bytes:
        """Its bytes."""
        return UNDECODABLE.get(self.do) or json.dumps({"n": self.n, "do": self.do}).encode()

    def place(self, partitions: int) -> int:
        return java_default(self.key.encode(), partitions) if self.partition is None else self.partition


def topology(app: str, *, row_version: int = 1, wall_clock: bool = False) -> Topology:
    """The topology; its topics begin with the application's name."""
    return Topology(
        name="counting",
        sources=tuple(Source(name, f"{app}-{name}", decode) for name in SOURCES),
        tables=(),
        outputs=(Output("events", f"{app}-events"),),
        step=stepping(f"{app}-events"),
        fire=firing(f"{app}-events"),
        row_kinds=("count", "seen", "next"),
        timers=("tick",),
        wall_clock_timers=("tick",) if wall_clock else (),
        row_version=row_version,
        upgrade=lambda _kind, version, row: {**row, "upgraded_from": version} if isinstance(row, dict) else row,
    )


def decode(messages: Sequence[Message]) -> list[Decoded]:
    return [_decoded(each) for each in messages]


def _decoded(message: Message) -> Decoded:
    try:
        fact = json.loads(message.value or b"")
    except ValueError:
        return Undecodable("undecodable", "no json")
    if fact["do"] == "break the decoder":
        raise ZeroDivisionError("a decoder never raises, it says")
    return Entry((message.key or b"").decode(), fact)


def stepping(events: str) -> Callable[[Rows, Any, str, int, Tables], Result]:
    """The step, for events to this topic."""

    def step(rows: Rows, fact: Any, cause: str, time: int, _tables: Tables) -> Result:
        n, do = fact["n"], fact["do"]
        row = _counted(rows, cause)
        rows.put("seen", str(n), {"cause": cause}, time + SEEN_MS)
        _plan(rows, n, do, time)
        if do == "break":
            raise ZeroDivisionError("somebody@example.com")
        if do == "refuse":
            return Result(
                [_event(events, rows, "never", row)], [DeadLetter("illegal-transition", "refused")], ["never"]
            )
        if do == "huge number":
            rows.put("seen", str(n), {"amount": BEYOND_64_BITS}, 0)
        if do == "large row":
            rows.put("seen", str(n), {"text": LARGE}, 0)
        text = {"large event": LARGE, "heavy event": HEAVY}.get(do, "")
        return Result([_event(events, rows, str(n), {**row, "text": text})], counts=["counted"])

    return step


def firing(events: str) -> Callable[[Rows, Timer, str, Tables], Result]:
    """What a tick does, for events to this topic."""

    def fire(rows: Rows, timer: Timer, cause: str, _tables: Tables) -> Result:
        row = _counted(rows, f"{cause}/{timer.row_id}")
        do = timer.row_id.partition("/")[2]
        if do == "break later":
            raise ZeroDivisionError("somebody@example.com")
        text = LARGE if do == "large later" else ""
        return Result([_event(events, rows, f"tick/{timer.row_id}", {**row, "text": text})], counts=["ticked"])

    return fire


def _counted(rows: Rows, cause: str) -> dict[str, int]:
    """Chain what is done to all that was done for this key, and to the records of it that are remembered."""
    before = rows.get("count", "all") or {"n": 0, "chain": 0}
    remembered = ",".join(row_id for row_id, _ in rows.scan("seen"))
    row = {"n": before["n"] + 1, "chain": zlib.crc32(f"{cause} {remembered}".encode(), before["chain"])}
    rows.put("count", "all", row, 0)
    return row


def _plan(rows: Rows, n: int, do: str, time: int) -> None:
    """Every third record schedules a tick, every ninth takes the last one back."""
    if n % 3 and not do.endswith("later"):
        return
    planned = rows.get("next", "tick")
    if n % 9 == 0 and planned is not None:
        rows.cancel(planned["due"], "tick", planned["id"])
    due, row_id = time + (LATER_MS if do == "much later" else TICK_MS * (n % 4)), f"{n}/{do}"
    rows.schedule(due, "tick", row_id)
    rows.put("next", "tick", {"due": due, "id": row_id}, 0)


def _event(topic: str, rows: Rows, event_id: str, payload: Mapping[str, Any]) -> Emit:
    key: str = rows.key  # type: ignore[attr-defined] # of the window, and of `Book`
    value = json.dumps(payload).encode()
    return Emit(topic, key.encode(), value, [("type", b"COUNT"), ("event-id", event_id.encode())], event_id)


# --- what must come of it -------------------------------------------------------------------------------------------


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


def traffic(
    seed: int, records: int, begin: int, *, keys: int = 40, doing: Mapping[str, int] | None = None
) -> list[Sent]:
    """Records of three sources, times roughly in order; `doing`: how many per thousand do what."""
    chance = Random(seed)
    deeds = [do for do, per_mille in (doing or {}).items() for _ in range(per_mille)]
    deeds += [""] * (1_000 - len(deeds))
    return [
        Sent(
            chance.choices(SOURCES, (1, 2, 7))[0],
            f"player-{chance.randrange(keys)}",
            n,
            begin + n + chance.choice((0, 0, 0, -20, -200)),
            chance.choice(deeds),
        )
        for n in range(records)
    ]
