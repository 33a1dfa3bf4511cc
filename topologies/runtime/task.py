"""One partition number: that partition of every input, its slice of the state, its open batch."""

import itertools
from collections.abc import Callable, Mapping
from typing import NamedTuple

from topologies.graph import Entry, Tables, Topology
from topologies.runtime import head
from topologies.runtime.batch import Batch
from topologies.runtime.beginning import Beginning
from topologies.runtime.collection import Collector
from topologies.runtime.decoding import control_lane, input_lanes
from topologies.runtime.errors import Poison
from topologies.runtime.forgetting.forgot import Forgot
from topologies.runtime.head import Head
from topologies.runtime.journal import writing
from topologies.runtime.journal.marker import Slice
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.lane import Item
from topologies.runtime.merge import Merge
from topologies.runtime.overlay import DUE_DIGITS, TIMER, Overlay, parse_timer
from topologies.runtime.partitioning import Placement
from topologies.runtime.rewinding import orders
from topologies.runtime.rewinding.replay import Replay
from topologies.runtime.rowcodec import ABSENT, RowCodec
from topologies.runtime.steps import AHEAD_MAX_MS, Steps
from topologies.runtime.timers import Timers

IDLE_COMMIT_S = 3600.0
"""An idle input behind a transaction's marker commits its position this often, or it would look expired."""

WALL_TIMERS_PER_PASS = 1_000


class Moment(NamedTuple):
    """Now, by both clocks."""

    wall_ms: int
    steady_s: float


class Task:
    """Takes records in merge order into its open batch; `take_batch` and `committed` frame a transaction.

    `lanes` are the inputs by topic. `is_done`: after the next commit it is to begin anew.
    """

    def __init__(  # noqa: PLR0913 - the parts of a task, each used once
        self,
        topology: Topology,
        partition: int,
        overlay: Overlay,
        codec: RowCodec,
        beginning: Beginning,
        *,
        tables: Tables,
        partitioner: str,
        idle_max_s: float,
        is_journalled: bool,
        replay: Replay | None = None,
        now: Moment,
    ) -> None:
        self.partition = partition
        self.state_id = beginning.state_id
        self._topology = topology
        self._codec = codec
        self._overlay = overlay
        self._timers = Timers(overlay.timers, lambda key: overlay.find(key) is not ABSENT)
        overlay.on_scheduled = self._timers.add
        placement = Placement(partitioner, partition, beginning.partitions)
        self.steps = Steps(topology, overlay, self._timers, placement, tables)
        self.steps.stream_time = beginning.head.stream_time if beginning.head else 0
        self._control = control_lane(beginning)
        self.merge = Merge(input_lanes(topology, beginning, is_replay=replay is not None), idle_max_s)
        self.lanes = {lane.topic: lane for lane in (*self.merge.lanes, self._control)}
        self._replay = replay
        self.is_done = False
        self._forgot = Forgot(beginning.remembered.done)
        self._collector = Collector(overlay)
        self._is_journalled = is_journalled
        self._topics = [source.topic for source in topology.sources]
        self._committed_at_s = now.steady_s
        self._wall_from = TIMER
        # The first commit fixes a position for every input, whatever `start` would say next time.
        self._committed: dict[str, int] = dict(beginning.head.inputs) if beginning.head else {}
        self._commits = head.at(beginning.head, beginning.positions).commit if beginning.head else 0
        self.batch = Batch(partition)

    def process(self, steps_max: int, now: Moment, high_of: Callable[[Partition], int]) -> int:
        """Take records in merge order until one must be waited for or the batch is full; return how many steps."""
        before = self.batch.steps
        if self._control.items:
            self._obey(now)
        if self._replay is not None:
            self._replay.follow(self.merge, self.steps, self.batch, steps_max, self._expire_again)
        elif not self.is_done:
            self._take(steps_max, now, high_of)
        return self.batch.steps - before

    def _take(self, steps_max: int, now: Moment, high_of: Callable[[Partition], int]) -> None:
        batch, next_lane = self.batch, self.merge.next_lane
        take = self._take_unless_forgotten if self._forgot else self.steps.take
        steady_s, wall_ms = now.steady_s, now.wall_ms
        before, ahead_ms = batch.steps, wall_ms + AHEAD_MAX_MS

        def high(topic: str) -> int:
            return high_of((topic, self.partition))

        due: str | None = None
        while batch.steps < steps_max:
            lane = next_lane(steady_s, ahead_ms, high)
            if lane is None:
                break
            if not take(lane.items[0], batch, wall_ms, steps_max):
                due = batch.last_timer
                break
            lane.pop()
        if batch.steps > before:
            batch.slices.append(Slice(self.merge.taken(), wall_ms, due, None))

    def _take_unless_forgotten(self, item: Item, batch: Batch, wall_ms: int, steps_max: int) -> bool:
        """Somebody may send a dead letter again that is older than the player's forgetting."""
        step = self.steps.pass_over if self._forgot.is_before(item) else self.steps.take
        return step(item, batch, wall_ms, steps_max)

    def expire_by_wall_clock(self, due_until_ms: int, now: Moment, steps_max: int) -> None:
        """Fire the wall-clock timers that are due, a bounded number; only for a task at its end.

        They are looked for in the store, so none fires while a batch is open.
        """
        if self._replay is None and not self.batch.steps:
            before = f"{TIMER}{due_until_ms + 1:0{DUE_DIGITS}d}"
            self._expire(before, now.wall_ms, steps_max, WALL_TIMERS_PER_PASS)

    def _expire_again(self, last: str, wall_ms: int, steps_max: int) -> bool:
        self._wall_from = TIMER
        return self._expire(last + "\0", wall_ms, steps_max, None)

    def _expire(self, before: str, wall_ms: int, steps_max: int, rows_max: int | None) -> bool:
        """Fire the wall-clock timers in the store whose keys are less than `before`. False: the batch is full."""
        batch, begin = self.batch, self.batch.steps
        ahead = itertools.islice(self._overlay.timers(self._wall_from), rows_max)
        keys = list(itertools.takewhile(lambda key: key < before, ahead))
        for key in keys:
            if batch.steps >= steps_max:
                return self._expired(begin, wall_ms, is_done=False)
            self._wall_from = key + "\0"
            timer = parse_timer(key)
            if timer.name in self._topology.wall_clock_timers and self._overlay.find(key) is not ABSENT:
                self.steps.fire(timer, batch, wall_ms)
        return self._expired(begin, wall_ms, is_done=True)

    def _expired(self, begin: int, wall_ms: int, *, is_done: bool) -> bool:
        if self.batch.steps > begin:
            self.batch.slices.append(Slice(self.merge.taken(), wall_ms, None, self.batch.last_timer))
        return is_done

    def _obey(self, now: Moment) -> None:
        """Take the commands that have come; the first that begins a rewind is the last step of this task."""
        while self._control.items and not self.is_done:
            said = self._control.items[0].decoded
            self._control.pop()
            self.batch.steps += 1
            if isinstance(said, Entry):
                running = None if self._replay is None else self._replay.rewind
                self.is_done = orders.obey(said.fact, running, self.batch, self._overlay, now.wall_ms)

    def take_batch(self, now: Moment) -> Batch | None:
        """Complete the open batch and return it, or None when there is nothing to commit.

        Raises:
            Poison: a row cannot be encoded.
        """
        self._control.settle()
        if self._replay is None:
            for lane in self.merge.lanes:
                lane.settle()
        inputs = self._taken()
        if not self._is_due(inputs, now):
            return None
        batch = self.batch
        if self._replay is not None:
            self._replay.complete(batch, self._overlay)
        elif self._is_journalled:
            batch.heard = writing.heard(batch)
        batch.counts["rows-collected"] += self._collector.collect(self.steps.stream_time, len(self._overlay.batch))
        try:
            batch.rows = self._overlay.rows()
        except (TypeError, ValueError, OverflowError) as error:
            # Not its text: that may quote the row.
            raise Poison(f"a row cannot be encoded ({type(error).__name__})", "bug") from error
        reached = Head(self.steps.stream_time, inputs, self._commits + 1, self.state_id)
        if self._is_journalled:
            batch.journal = writing.records(batch, self._overlay.before_images(batch.rows), reached, self._topics)
        else:
            batch.journal = batch.differences  # A replay's report is read from there, whatever became of the journal.
        batch.rows.append(head.encode(reached, self._codec))
        batch.offsets = {(topic, self.partition): offset for topic, offset in inputs.items()}
        return batch

    def committed(self, batch: Batch, now: Moment) -> None:
        """The batch is committed and stored: begin the next one."""
        self._overlay.committed(batch.rows[:-1])
        self._timers.settle()
        self._committed = {topic: offset for (topic, _), offset in batch.offsets.items()}
        self._commits += 1
        self._committed_at_s = now.steady_s
        if batch.steps:
            self._wall_from = TIMER  # Timers that fired may have scheduled others behind us.
        self.batch = Batch(self.partition)
        if self._replay is not None:
            self.is_done = self.is_done or self._replay.cut is None

    @property
    def is_replay(self) -> bool:
        """Whether the task was taken back, and takes its records again."""
        return self._replay is not None

    @property
    def is_drained(self) -> bool:
        """Draining: everything was taken and committed."""
        return self._replay is None and self.merge.is_finished and self._committed == self._taken()

    def _taken(self) -> dict[str, int]:
        return {lane.topic: lane.taken for lane in (*self.merge.lanes, self._control)}

    def _is_due(self, inputs: Mapping[str, int], now: Moment) -> bool:
        if self.batch.steps or not self._committed or (self._replay is not None and self._replay.has_news):
            return True
        if inputs == self._committed:
            return False
        return self.merge.is_finished or now.steady_s - self._committed_at_s >= IDLE_COMMIT_S

    def close(self) -> None:
        """Let go of cache and records at once: Python's cycle collector looks rarely, and trouble takes many tasks."""
        self._overlay.on_scheduled = _ignore


def _ignore(_key: str) -> None:
    """A closed task schedules nothing."""
