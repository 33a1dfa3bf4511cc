"""One task over a real store, without a broker: what it takes, what it wants to commit, what it leaves behind."""

import gc
import json
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from processors.rows import Rows
from tests.topologies.runtime.raws import facts, raw
from topologies.graph import Emit, Result, Source, Tables, Timer, Topology
from topologies.runtime import head
from topologies.runtime.beginning import Beginning
from topologies.runtime.cache import RowCache
from topologies.runtime.errors import Poison
from topologies.runtime.overlay import Overlay
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Applied, Store
from topologies.runtime.task import IDLE_COMMIT_S, WALL_TIMERS_PER_PASS, Moment, Task

CODEC = RowCodec(1, lambda _kind, _version, row: row)
NOW = Moment(1_700_000_000_000, 100.0)
TIME = NOW.wall_ms - 1_000_000
MANY = 1_000
CONTROL = "control"


def step(rows: Rows, fact: Any, _cause: str, _time: int, _tables: Tables) -> Result:
    """A fact is a row to put, or the timers to schedule: pairs of name and due time."""
    if isinstance(fact, list):
        for name, due in fact:
            rows.schedule(due, name, f"at {due}")
    else:
        rows.put("row", str(fact), fact, 0)
    return Result()


def fire(rows: Rows, timer: Timer, _cause: str, _tables: Tables) -> Result:
    if timer.name == "twice":
        rows.schedule(timer.due + 1, "wall", "again")
    return Result([Emit("out", b"p", b"", [], f"{timer.name} {timer.row_id}")])


def topology(*inputs: str) -> Topology:
    sources = tuple(Source(name, name, facts) for name in inputs)
    return Topology(
        "t",
        sources,
        (),
        (),
        step,
        fire,
        ("row",),
        ("wall", "twice", "stream"),
        ("wall", "twice"),
        1,
        lambda _k, _v, r: r,
    )


def begun(store: Store, *inputs: str, stop_at: dict[str, int] | None = None, idle_max_s: float = 0) -> Task:
    """A task whose state is what the store holds."""
    value = store.get(0, head.KEY)
    last = head.decode(value, CODEC) if value is not None else None
    positions = last.inputs if last else dict.fromkeys(inputs, 0)
    beginning = Beginning(last, {CONTROL: 0, **positions}, stop_at, 1, "id", CONTROL)
    overlay = Overlay(store, 0, RowCache(1 << 20), CODEC)
    return Task(
        topology(*inputs),
        0,
        overlay,
        CODEC,
        beginning,
        tables={},
        partitioner="none",
        idle_max_s=idle_max_s,
        is_journalled=True,
        now=NOW,
    )


def give(task: Task, topic: str, *given: object, time: int = TIME) -> None:
    lane = task.lanes[topic]
    for fact in given:
        offset = lane.position
        lane.add([raw(topic, offset, time + offset, json.dumps(fact).encode())])


def commit(task: Task, store: Store, now: Moment = NOW) -> dict[str, int] | None:
    """As a worker does; returns the offsets by topic, or None when there was nothing to commit."""
    batch = task.take_batch(now)
    if batch is None:
        return None
    store.write(0, batch.rows, Applied("id", 1, 1))
    task.committed(batch, now)
    return {topic: offset for (topic, _), offset in batch.offsets.items() if topic != CONTROL}


def ends(task: Task) -> None:
    """The client stands at the end of every input."""
    for lane in task.merge.lanes:
        lane.ended(lane.position)


def test_the_first_commit_fixes_a_position_for_every_input_even_without_records(store: Store) -> None:
    task = begun(store, "bets", "orders")

    assert {"bets": 0, "orders": 0} == commit(task, store)
    assert commit(task, store) is None


def test_a_commit_says_how_far_every_input_is(store: Store) -> None:
    task = begun(store, "bets", "orders")
    give(task, "bets", 1, 2)
    ends(task)

    assert 2 == task.process(MANY, NOW, lambda _: 0)
    assert {"bets": 2, "orders": 0} == commit(task, store)

    again = begun(store, "bets", "orders")
    assert {"bets": 2, "orders": 0} == {lane.topic: lane.position for lane in again.merge.lanes}
    assert TIME + 1 == again.steps.stream_time


def test_an_input_behind_a_marker_commits_its_position_once_an_hour(store: Store) -> None:
    """Or its offset would look expired some day. Not at once: it may be one of many, after each transaction."""
    task = begun(store, "bets")
    commit(task, store)
    task.lanes["bets"].ended(5)

    assert commit(task, store) is None
    assert {"bets": 5} == commit(task, store, NOW._replace(steady_s=NOW.steady_s + IDLE_COMMIT_S))


def test_a_drained_task_commits_the_position_of_its_end_at_once(store: Store) -> None:
    task = begun(store, "bets", stop_at={"bets": 5})
    commit(task, store)
    task.lanes["bets"].ended(5)

    assert {"bets": 5} == commit(task, store)
    assert task.is_drained


def test_no_more_steps_than_asked_for(store: Store) -> None:
    task = begun(store, "bets")
    give(task, "bets", *range(10))

    assert [3, 0] == [task.process(3, NOW, lambda _: 0), task.process(3, NOW, lambda _: 0)]


def test_a_row_that_cannot_be_encoded_is_told_without_its_value(store: Store) -> None:
    task = begun(store, "bets")
    give(task, "bets", 1 << 70)
    task.process(MANY, NOW, lambda _: 0)

    with pytest.raises(Poison, match=r"^a row cannot be encoded \(TypeError\)$") as poison:
        task.take_batch(NOW)

    assert "bug" == poison.value.kind


LATER = TIME + 500_000


def planned(store: Store, *timers: tuple[str, int]) -> Task:
    """A task at its end with these timers in its state."""
    task = begun(store, "bets")
    give(task, "bets", list(timers))
    task.process(MANY, NOW, lambda _: 0)
    commit(task, store)
    return task


def passed(task: Task, store: Store, due_until: int = NOW.wall_ms, steps_max: int = MANY) -> list[str]:
    """What the timers say that fire in one pass by the wall clock, which is then committed."""
    task.expire_by_wall_clock(due_until, NOW, steps_max)
    said = [emit.event_id for emit in task.batch.emits]
    commit(task, store)
    return said


def test_by_the_wall_clock_only_its_timers_fire_and_only_those_that_are_due(store: Store) -> None:
    task = planned(store, ("wall", LATER + 2), ("stream", LATER), ("wall", LATER + 1), ("wall", LATER))

    passes = [passed(task, store, LATER + 1) for _ in range(2)] + [passed(task, store, LATER + 2)]

    assert [[f"wall at {LATER}", f"wall at {LATER + 1}"], [], [f"wall at {LATER + 2}"]] == passes
    assert TIME == task.steps.stream_time


def test_a_timer_that_another_one_schedules_is_not_passed_over(store: Store) -> None:
    """No record comes in between, and the look-out for timers is beyond its time already."""
    task = planned(store, ("twice", LATER), ("wall", LATER + 10))

    assert [f"twice at {LATER}", f"wall at {LATER + 10}"] == passed(task, store)
    assert ["wall again"] == passed(task, store)


def test_each_pass_is_bounded_and_forgets_nothing(store: Store) -> None:
    """The timers of stream time that lie between are looked at, but not again and again."""
    waiting = [("stream", LATER + n) for n in range(WALL_TIMERS_PER_PASS)]
    firing = [("wall", LATER + MANY + n) for n in range(50)]
    task = planned(store, *waiting, *firing)

    passes = [passed(task, store, steps_max=30) for _ in range(6)]

    said = [each for one in passes for each in one]
    assert [f"wall at {due}" for _, due in firing] == said
    assert 30 == max(map(len, passes))


@contextmanager
def without_the_cycle_collector() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_a_closed_task_gives_its_memory_back_at_once(store: Store) -> None:
    """It may be the tenth of a minute, when the cluster is in trouble; the cycle collector looks rarely."""
    with without_the_cycle_collector():
        task = begun(store, "bets")
        give(task, "bets", *range(10))
        task.process(5, NOW, lambda _: 0)
        left = [weakref.ref(each) for each in (task, task.merge, task._overlay, task._overlay.cache)]  # noqa: SLF001

        task.close()
        del task

        assert [None] * 4 == [each() for each in left]
