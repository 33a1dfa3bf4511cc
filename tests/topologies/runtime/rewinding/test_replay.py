"""A replay over a real store, without a broker: slices are taken as they were, whatever the batches are now."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import Message as RawMessage

from processors.rows import Rows
from tests.topologies.runtime.raws import facts, raw
from topologies.graph import Emit, Result, Source, Tables, Timer, Topology
from topologies.runtime.batch import Batch
from topologies.runtime.beginning import Beginning
from topologies.runtime.cache import RowCache
from topologies.runtime.head import Head
from topologies.runtime.journal.marker import Slice
from topologies.runtime.journal.replay import Cut
from topologies.runtime.overlay import Overlay
from topologies.runtime.rewinding import row
from topologies.runtime.rewinding.control import Command
from topologies.runtime.rewinding.replay import Replay
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Applied, Store
from topologies.runtime.task import Moment, Task

CODEC = RowCodec(1, lambda _kind, _version, old: old)
NOW = Moment(1_700_000_000_000, 100.0)
TIME = NOW.wall_ms - 1_000_000
CONTROL = "control"
REWIND = row.asked(Command("r1", 1, 0, "delta", "", "", 0, 0))._replace(phase="replay")


def step(rows: Rows, fact: Any, _cause: str, _time: int, _tables: Tables) -> Result:
    """A fact says the timers to schedule: name and due time."""
    for name, due in fact["timers"]:
        rows.schedule(due, name, f"{due - TIME}")
    return Result([_said(f"record {fact['n']}")])


def fire(rows: Rows, timer: Timer, _cause: str, _tables: Tables) -> Result:
    if timer.name == "twice":
        rows.schedule(timer.due + 1, "wall", "again")
    return Result([_said(f"{timer.name} {timer.row_id}")])


def _said(what: str) -> Emit:
    return Emit("out", b"p", what.encode(), [], what)


def topology() -> Topology:
    sources = tuple(Source(name, name, facts) for name in ("bets", "orders"))
    timers = ("wall", "twice", "stream")
    return Topology("t", sources, (), (), step, fire, ("row",), timers, ("wall", "twice"), 1, lambda _k, _v, old: old)


class World:
    """A task that lives, and one that replays what it did."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.records: dict[str, list[RawMessage]] = {"bets": [], "orders": []}

    def give(self, topic: str, time: int, *timers: tuple[str, int]) -> None:
        offset = len(self.records[topic])
        fact = {"n": f"{topic} {offset}", "timers": [(name, TIME + due) for name, due in timers]}
        self.records[topic].append(raw(topic, offset, TIME + time, json.dumps(fact).encode()))

    def task(self, replay: Replay | None = None, stop_at: dict[str, int] | None = None) -> Task:
        beginning = Beginning(
            Head(0, {"bets": 0, "orders": 0, CONTROL: 0}, 1),
            {"bets": 0, "orders": 0, CONTROL: 0},
            stop_at,
            1,
            "id",
            CONTROL,
        )
        return Task(
            topology(),
            0,
            Overlay(self.store, 0, RowCache(1 << 20), CODEC),
            CODEC,
            beginning,
            tables={},
            partitioner="none",
            idle_max_s=0,
            is_journalled=True,
            replay=replay,
            now=NOW,
        )

    def flow(self, task: Task) -> None:
        for lane in task.merge.lanes:
            lane.add(self.records[lane.topic][lane.position :])
            lane.ended(lane.position)

    def commit(self, task: Task) -> Batch | None:
        batch = task.take_batch(NOW)
        if batch is not None:
            self.store.write(0, batch.rows, Applied("id", 1, 1))
            task.committed(batch, NOW)
        return batch

    def replayed(self, slices: Sequence[Slice], steps_max: int, stop_at: dict[str, int] | None = None) -> list[str]:
        """What is said again, in batches of so many steps, in a world that has forgotten everything else."""
        self.store.wipe(0)
        cuts = [Cut(2, n, dict(zip(self.records, each[0], strict=True)), *each[1:]) for n, each in enumerate(slices)]
        task = self.task(Replay(REWIND, [(cut, 0) for cut in cuts]), stop_at)
        self.flow(task)
        said = []
        while not task.is_done:
            task.process(steps_max, NOW, lambda _: 0)
            if (batch := self.commit(task)) is not None:
                said += [each.event_id for each in batch.emits]
        return said


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


SIZES = pytest.mark.parametrize("steps_max", [2, 3, 5, 1_000])


def live(world: World, task: Task, steps_max: int = 1_000, *, ticks: bool = False) -> tuple[list[str], list[Slice]]:
    """Let the task take what is there, then its timers by the wall clock; what it said, and its slices."""
    said, slices = [], []
    world.flow(task)
    while task.process(steps_max, NOW, lambda _: 0) or (ticks and _ticked(task)):
        batch = world.commit(task)
        assert batch is not None
        said += [each.event_id for each in batch.emits]
        slices += batch.slices
    return said, slices


def _ticked(task: Task) -> int:
    task.expire_by_wall_clock(NOW.wall_ms, NOW, 1_000)
    return task.batch.steps


@SIZES
def test_records_come_in_the_order_in_which_they_had_come(world: World, steps_max: int) -> None:
    task = world.task()
    said, slices = [], []
    for bets, orders in (((5, 9), (7,)), ((1,), (12, 3)), ((20, 2), ())):
        for time in bets:
            world.give("bets", time, ("stream", time + 1), ("stream", time + 8))
        for time in orders:
            world.give("orders", time)
        more = live(world, task, 4)
        said += more[0]
        slices += more[1]

    assert said == world.replayed(slices, steps_max)


@SIZES
def test_timers_that_filled_a_batch_fire_before_what_came_late(world: World, steps_max: int) -> None:
    """The record before which they fired was taken later, and another came in between."""
    task = world.task()
    world.give("bets", 0, ("stream", 1), ("stream", 2), ("stream", 3))
    world.give("bets", 10)
    world.flow(task)
    task.process(2, NOW, lambda _: 0)
    world.give("orders", 0)
    before = world.commit(task)
    assert before is not None

    said, slices = live(world, task)

    assert ["record bets 0", "stream 1"] == [each.event_id for each in before.emits]
    assert ["record orders 0", "stream 2", "stream 3", "record bets 1"] == said
    assert [*(each.event_id for each in before.emits), *said] == world.replayed([*before.slices, *slices], steps_max)


@SIZES
def test_timers_that_schedule_others_fire_as_they_had_fired(world: World, steps_max: int) -> None:
    """Those that they schedule came in the next pass, though they were due before the last of this one."""
    world.give("bets", 0, ("twice", 10), ("wall", 30), ("wall", 40), ("stream", 20))
    said, slices = live(world, world.task(), ticks=True)
    assert ["record bets 0", "twice 10", "wall 30", "wall 40", "wall again"] == said

    assert said == world.replayed(slices, steps_max)


def test_what_lies_behind_the_end_of_draining_is_taken_again_too(world: World) -> None:
    """Another worker had taken it, and ours, which drains, has got the task in the middle of its replay."""
    for time in range(6):
        world.give("bets", time)
    said, slices = live(world, world.task())

    assert said == world.replayed(slices, 1_000, stop_at={"bets": 3, "orders": 0})
