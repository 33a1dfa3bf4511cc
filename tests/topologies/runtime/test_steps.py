"""What one record, and one timer, does to a task's open batch: a topology of lambdas over a real store."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from processors.rows import Rows
from topologies.graph import (
    DeadLetter,
    Decoded,
    Emit,
    Entry,
    Message,
    Result,
    Source,
    Tables,
    Timer,
    Topology,
    Undecodable,
    Waited,
)
from topologies.runtime.batch import Batch
from topologies.runtime.cache import RowCache
from topologies.runtime.dead_letters import Refusal, Verdict
from topologies.runtime.errors import Fatal, Halted
from topologies.runtime.lane import Item
from topologies.runtime.overlay import Overlay, TimerKey
from topologies.runtime.partitioning import Placement, java_default
from topologies.runtime.rowcodec import ABSENT, RowCodec
from topologies.runtime.steps import AHEAD_MAX_MS, Steps
from topologies.runtime.store import Applied, Store
from topologies.runtime.timers import Timers

WALL = 1_700_000_000_000
PARTITIONS = 4
PLAYER = "player-1"
HERE = java_default(PLAYER.encode(), PARTITIONS)
MANY = 1_000

Step = Callable[[Rows, Any], Result]


class Raw:
    """A client's message, of which only the headers are asked for."""

    def __init__(self, *headers: tuple[str, bytes | None]) -> None:
        self._headers = list(headers)

    def headers(self) -> list[tuple[str, bytes | None]]:
        return self._headers


def codec(version: int = 1) -> RowCodec:
    return RowCodec(version, lambda _kind, _version, row: row)


class Task:
    """Steps over a store, with a topology that does what its facts say: each fact is a function."""

    def __init__(self, store: Store, fire: Callable[[Rows, Timer], Result] | None = None) -> None:
        def step(rows: Rows, fact: Step, _cause: str, _time: int, _tables: Tables) -> Result:
            return fact(rows, fact)

        def fired(rows: Rows, timer: Timer, cause: str, _tables: Tables) -> Result:
            rows.put("fired", timer.row_id, cause, 0)
            return fire(rows, timer) if fire else Result(counts=["tick"])

        source = Source("bets", "bets", lambda _: [])
        topology = Topology(
            "test", (source,), (), (), step, fired, ("row", "fired"), ("tick",), (), 1, lambda _k, _v, row: row
        )
        self.store = store
        self.overlay = Overlay(store, HERE, RowCache(1 << 20), codec())
        timers = Timers(self._timer_keys, lambda key: self.overlay.find(key) is not ABSENT)
        self.overlay.on_scheduled = timers.add
        self.steps = Steps(topology, self.overlay, timers, Placement("murmur2", HERE, PARTITIONS), {})
        self.batch = Batch(HERE)
        self.offset = 0

    def _timer_keys(self, start: str) -> list[str]:
        return [key.decode() for key, _ in self.overlay.stored(start.encode()) if key.startswith(b"\0timer\0")]

    def take(
        self,
        decoded: Decoded | Step,
        *,
        time: int = WALL,
        key: bytes | None = PLAYER.encode(),
        value: bytes = b"as it came",
        raw: Raw | None = None,
        steps_max: int = MANY,
    ) -> bool:
        fact = Entry(PLAYER, decoded) if callable(decoded) else decoded
        message = Message("bets", HERE, self.offset, time, key, value)
        self.offset += 1
        return self.steps.take(Item(message, fact, raw or Raw()), self.batch, WALL, steps_max)

    def rows(self) -> dict[str, Any]:
        return {key: entry[1] for key, entry in self.overlay.batch.items() if entry is not ABSENT}

    def verdicts(self) -> list[tuple[str, str]]:
        found = [dict(dead.headers) for dead in self.batch.dead]
        return [(each["dead-letter.class"].decode(), each["dead-letter.reason"].decode()) for each in found]


@pytest.fixture
def task(store: Store) -> Task:
    return Task(store)


def put(row_id: str, row: object = 1) -> Step:
    def step(rows: Rows, _: Any) -> Result:
        rows.put("row", row_id, row, 0)
        return Result([Emit("events", b"p", b"v", [], row_id)], counts=["put"])

    return step


def broken(rows: Rows, _: Any) -> Result:
    rows.put("row", "r1", "half done", 0)
    rows.schedule(WALL, "tick", "never")
    raise KeyError("personal.data@example.com")


def test_a_step_leaves_its_rows_events_and_counts(task: Task) -> None:
    task.take(put("r1"))

    assert {f"{PLAYER}\0row\0r1": 1} == task.rows()
    assert ["r1"] == [emit.event_id for emit in task.batch.emits]
    assert {"put": 1} == task.batch.counts
    assert (1, 1, ("bets", 0)) == (task.batch.records, task.batch.steps, task.batch.last)


def test_a_bug_costs_its_record_alone(task: Task) -> None:
    task.take(put("r1", "before"))
    task.take(broken)
    task.take(put("r2", "after"))

    assert {f"{PLAYER}\0row\0r1": "before", f"{PLAYER}\0row\0r2": "after"} == task.rows()
    assert ["r1", "r2"] == [emit.event_id for emit in task.batch.emits]
    assert {"put": 2, "dead-letter-bug": 1} == task.batch.counts
    assert 3 == task.batch.records


def test_a_bug_is_named_by_type_and_place_but_not_by_its_text(task: Task) -> None:
    task.take(broken)

    ((kind, reason),) = task.verdicts()

    assert ("bug", True) == (kind, reason.startswith("KeyError at test_steps.py:"))
    assert b"personal" not in b"".join(value for _, value in task.batch.dead[0].headers)


def test_a_refused_step_changes_nothing(task: Task) -> None:
    waited = Waited("orders", HERE, 7, 5, b"p", b"{}")

    def refuse(rows: Rows, _: Any) -> Result:
        rows.put("row", "r1", 1, 0)
        letters = [DeadLetter("missing-rate", "no rate", waited), DeadLetter("illegal-transition", "no")]
        return Result([Emit("events", b"p", b"v", [], "e")], letters, ["counted"])

    task.take(refuse)

    assert ({}, []) == (task.rows(), task.batch.emits)
    assert [("illegal-transition", "no")] == task.verdicts()
    assert {"dead-letter-illegal-transition": 1} == task.batch.counts


def test_what_had_waited_is_refused_beside_what_the_step_did(task: Task) -> None:
    waited = Waited("orders", HERE, 7, 5, b"p", b"{}")

    def release(rows: Rows, _: Any) -> Result:
        rows.put("row", "r1", 1, 0)
        return Result(dead_letters=[DeadLetter("missing-rate", "no rate", waited)])

    task.take(release)

    assert {f"{PLAYER}\0row\0r1": 1} == task.rows()
    assert [("missing-rate", "no rate")] == task.verdicts()
    assert (b"p", b"{}") == (task.batch.dead[0].key, task.batch.dead[0].value)


@pytest.mark.parametrize(
    ("decoded", "key", "expected"),
    [
        pytest.param(Undecodable("undecodable", "no"), b"p", ("undecodable", "no"), id="bytes without a meaning"),
        pytest.param(
            Entry("other", None), PLAYER.encode(), ("wrong-key", "the record's key is not its player"), id="k"
        ),
        pytest.param(Entry(PLAYER, None), None, ("wrong-key", "the record's key is not its player"), id="no key"),
    ],
)
def test_a_record_that_no_processor_sees(
    task: Task, decoded: Decoded, key: bytes | None, expected: tuple[str, str]
) -> None:
    task.take(decoded, key=key)

    assert ([expected], {}) == (task.verdicts(), task.rows())
    assert WALL == task.steps.stream_time


def test_a_player_in_anothers_partition_is_misplaced(task: Task) -> None:
    stranger = next(f"p{n}" for n in range(99) if java_default(f"p{n}".encode(), PARTITIONS) != HERE)

    task.take(Entry(stranger, put("r1")), key=stranger.encode())

    assert [("wrong-key", "the record's partition is not its key's")] == task.verdicts()


def test_a_record_far_ahead_is_invalid_and_does_not_move_stream_time(task: Task) -> None:
    task.take(put("r1"), time=WALL)
    task.take(put("r2"), time=WALL + AHEAD_MAX_MS + 1)
    task.take(put("r3"), time=WALL + AHEAD_MAX_MS)

    assert [("invalid", "its timestamp is more than an hour ahead")] == task.verdicts()
    assert (WALL + AHEAD_MAX_MS, 3) == (task.steps.stream_time, task.batch.records)
    assert {f"{PLAYER}\0row\0r1": 1, f"{PLAYER}\0row\0r3": 1} == task.rows()


def test_stream_time_never_goes_back(task: Task) -> None:
    seen = []
    for time in (WALL, WALL - 10, WALL + 5):
        task.take(lambda rows, _: seen.append(rows.now) or Result(), time=time)  # type: ignore[func-returns-value]

    assert [WALL, WALL, WALL + 5] == seen


def schedule(*dues: int) -> Step:
    def step(rows: Rows, _: Any) -> Result:
        for due in dues:
            rows.schedule(due, "tick", str(due))
        return Result()

    return step


def test_timers_fire_before_the_record_that_passes_them(task: Task) -> None:
    task.take(schedule(WALL + 10, WALL + 20, WALL + 30), time=WALL)
    seen: Any = {}

    task.take(lambda rows, _: seen.update(rows.scan("fired")) or Result(), time=WALL + 20)

    causes = {str(due): f"timer/{HERE}/{due}" for due in (WALL + 10, WALL + 20)}
    assert causes == seen
    assert (2, 4, 2) == (task.batch.counts["tick"], task.batch.steps, task.batch.records)


def test_timers_fill_a_batch_as_records_do(task: Task) -> None:
    task.take(schedule(*range(WALL, WALL + 5)), time=WALL - 1)

    took = [task.take(put("r1"), time=WALL + 9, steps_max=3)]
    task.offset -= 1
    filled = (task.batch.steps, task.batch.last)
    task.batch = Batch(HERE)
    took += [task.take(put("r1"), time=WALL + 9, steps_max=3)]
    task.offset -= 1
    task.batch = Batch(HERE)
    took += [task.take(put("r1"), time=WALL + 9, steps_max=3)]

    assert ([False, False, True], (3, TimerKey(WALL + 1, "tick", PLAYER, str(WALL + 1)))) == (took, filled)
    assert ("bets", 1) == task.batch.last


def test_a_bug_in_a_timer_costs_that_timer_alone(store: Store) -> None:
    def fire(rows: Rows, timer: Timer) -> Result:
        if timer.row_id == str(WALL + 1):
            rows.schedule(WALL + 99, "tick", "never")
            raise ValueError("personal.data@example.com")
        return Result(counts=["tick"])

    task = Task(store, fire)
    task.take(schedule(WALL, WALL + 1, WALL + 2), time=WALL - 1)
    task.take(put("r1"), time=WALL + 50)

    assert [("bug", True)] == [(kind, "ValueError at test_steps.py" in reason) for kind, reason in task.verdicts()]
    assert {"tick": 2, "put": 1, "dead-letter-bug": 1} == task.batch.counts
    fired = [key for key in task.rows() if "fired" in key]
    assert [f"{PLAYER}\0fired\0{WALL}", f"{PLAYER}\0fired\0{WALL + 2}"] == fired
    assert not any(key.startswith("\0timer") for key in task.rows()), "the timer is spent, and scheduled none"
    letter = task.batch.dead[0]
    assert (PLAYER.encode(), b"timer") == (letter.key, dict(letter.headers)["dead-letter.form"])


def test_a_timer_may_refuse_itself(store: Store) -> None:
    task = Task(store, lambda _rows, _timer: Result(dead_letters=[DeadLetter("missing-rate", "no rate")]))
    task.take(schedule(WALL), time=WALL - 1)
    task.take(put("r1"), time=WALL)

    assert [("missing-rate", "no rate")] == task.verdicts()
    assert {f"{PLAYER}\0row\0r1": 1} == task.rows()


def test_a_newer_releases_row_is_no_bug(store: Store) -> None:
    """Were it one, every record of that player would become a dead letter."""
    task = Task(store)
    store.write(HERE, [(f"{PLAYER}\0row\0r1".encode(), codec(2).encode((0, 1)))], Applied("t", 1, 1))

    with pytest.raises(Halted, match="newer release"):
        task.take(lambda rows, _: rows.get("row", "r1") or Result())


def test_a_newer_releases_row_is_no_bug_of_a_timer(store: Store) -> None:
    task = Task(store, lambda rows, _: rows.get("row", "r1") or Result())
    store.write(HERE, [(f"{PLAYER}\0row\0r1".encode(), codec(2).encode((0, 1)))], Applied("t", 1, 1))
    task.take(schedule(WALL), time=WALL - 1)

    with pytest.raises(Halted, match="newer release"):
        task.take(put("r2"), time=WALL)


def test_a_disk_that_fails_is_no_bug(task: Task) -> None:
    """Were it one, every record would become a dead letter."""
    task.store.close()

    with pytest.raises(Fatal, match="cannot be read"):
        task.take(lambda rows, _: rows.get("row", "r1") or Result())


TOO_LARGE = Verdict("invalid", "what follows from it cannot be written: too large")
SOURCE_HEADERS = Raw(("trace", b"1"), ("none", None))


@pytest.mark.parametrize(
    ("decoded", "is_bare", "expected", "is_kept"),
    [
        pytest.param(put("r1"), False, TOO_LARGE, True, id="its output was too large"),
        pytest.param(put("r1"), True, TOO_LARGE, False, id="its dead letter was too large as well"),
        pytest.param(
            Undecodable("undecodable", "no"), False, Verdict("undecodable", "no"), False, id="nothing else was"
        ),
    ],
)
def test_what_could_not_be_written_is_buried(
    task: Task, decoded: Any, expected: Verdict, *, is_bare: bool, is_kept: bool
) -> None:
    task.steps.refused = {("bets", 0): Refusal(TOO_LARGE, is_bare)}

    task.take(decoded, raw=SOURCE_HEADERS, key=PLAYER.encode())

    assert ([tuple(expected)], {}) == (task.verdicts(), task.rows())
    letter = task.batch.dead[0]
    headers = dict(letter.headers)
    kept = {"source.trace": b"1", "source.none": b""} if is_kept else {}
    assert kept == {name: value for name, value in headers.items() if name.startswith("source.")}
    assert (b"as it came" if is_kept else None, PLAYER.encode()) == (letter.value, letter.key)
    assert (None if is_kept else b"omitted") == headers.get("dead-letter.form")


def test_a_timer_whose_output_could_not_be_written_is_buried(task: Task) -> None:
    task.take(schedule(WALL), time=WALL - 1)
    refused: Mapping[Any, Refusal] = {TimerKey(WALL, "tick", PLAYER, str(WALL)): Refusal(TOO_LARGE, is_bare=False)}
    task.steps.refused = refused

    task.take(put("r1"), time=WALL)

    assert ([tuple(TOO_LARGE)], {f"{PLAYER}\0row\0r1": 1}) == (task.verdicts(), task.rows())
