"""A rewind that only happens here: what would it come to with the processors of this installation?

State and journal are read into a directory of our own, the steps and the
replay are those of a worker, and nothing is written to the cluster. What the
broker alone would refuse, such as a record that is too large for it, is not
found out.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from topologies.graph import Topology
from topologies.operations import components, running
from topologies.operations.errors import Failed
from topologies.operations.rewind.restoring import Restoring
from topologies.operations.running import Clock
from topologies.runtime import head
from topologies.runtime.batch import Batch
from topologies.runtime.beginning import Beginning
from topologies.runtime.forgetting.forgot import Forgot
from topologies.runtime.intake import Intake
from topologies.runtime.kafka.polled import Polled
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.rewinding import control, row
from topologies.runtime.rewinding.control import Answer, Command
from topologies.runtime.rewinding.replay import Replay
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Applied, Row
from topologies.runtime.task import Task
from topologies.settings import Settings

POLL_S = 0.1
RECORDS_PER_POLL = 2_000
ROWS_AT_ONCE = 10_000

KEPT = 1 << 15
"""Added to the number of a partition: where the store keeps its state as it was found."""


class Rehearsed(NamedTuple):
    """What a replay came to: `differences` are lines of the report, as a worker would write them to the journal."""

    counts: Mapping[str, int]
    differences: list[bytes]


class Rehearsal:
    """Rewinds without consequences, one partition after the other."""

    def __init__(
        self, topology: Topology, settings: Settings, directory: Path, clock: Clock, opened: ExitStack
    ) -> None:
        # Of a group at work the offsets are older than the state that is read behind them.
        how = running.Run(accept_offsets=True, is_rehearsal=True)
        ours = settings.model_copy(update={"instance": "preview", "state_dir": str(directory)})
        self._restoring = Restoring(topology, ours, how, clock, opened)
        self._topics = [source.topic for source in topology.sources]
        self._steps_max = settings.batch_records_max
        self._clock = clock
        self._codec = RowCodec(topology.row_version, topology.upgrade)
        self._tables = self._restoring.site.tables()
        self._intake = Intake(len(topology.sources), settings.fetch_bytes_max)
        self._reader = opened.enter_context(closing(Reader(components.cluster(ours))))
        self._differences: list[bytes] = []
        self._answers: list[Answer] = []
        self._players: frozenset[bytes] | None = None

    def rehearse(
        self, number: int, command: Command, *, players: Collection[str] | None = None, is_kept: bool = False
    ) -> Rehearsed:
        """Take a partition back, replay it, and return what differs.

        Args:
            number: the partition.
            command: how far back.
            players: whose records are replayed; None: all. What follows of others means nothing then.
            is_kept: the state as it was found can be compared afterwards (`states`).

        Raises:
            Failed: it would be refused.
            StreamError: the cluster does not answer, or refuses us.
        """
        self._differences, self._answers = [], []
        beginning = self._here(number, self._restoring.restored(number))
        if beginning.rewind is not None:
            raise Failed(f"rewind {beginning.rewind.command.id} of partition {number} is still under way")
        if is_kept:
            self._keep(number, beginning)
        self._players = None if players is None else frozenset(each.encode() for each in players)
        self._ask(number, beginning, command)
        while (rewind := (beginning := self._here(number, beginning)).rewind) is not None:
            work = self._restoring.preparation.work(number, beginning, rewind)
            if isinstance(work, Batch):
                self._apply(number, beginning, work)
            else:
                self._replay(number, beginning, Replay(rewind, work, Forgot(beginning.remembered.done)))
        last = self._answers[-1]
        if last.outcome != "done":
            raise Failed(f"partition {number}: {last.why}")
        return Rehearsed(last.counts, self._differences)

    def states(self, number: int) -> tuple[Iterator[tuple[bytes, bytes]], Iterator[tuple[bytes, bytes]]]:
        """Return the rows of a kept partition in key order, as they were found, and as they are now."""
        store = self._restoring.store
        return store.scan(KEPT + number, b""), store.scan(number, b"")

    def stream_time(self, number: int) -> int:
        """Return how far the time of a rehearsed partition is, ms."""
        return head.decode(self._restoring.store.get(number, head.KEY) or b"", self._codec).stream_time

    def _keep(self, number: int, beginning: Beginning) -> None:
        rows = self._restoring.store.scan(number, b"")
        while some := list(islice(rows, ROWS_AT_ONCE)):
            self._write(KEPT + number, beginning, some)

    def _here(self, number: int, beginning: Beginning) -> Beginning:
        """Where the task stands in our own store."""
        store = self._restoring.store
        value = store.get(number, head.KEY)
        if value is None:
            raise Failed(f"partition {number} has no state: nothing was ever committed")
        last = head.decode(value, self._codec)
        rewind = row.decode(store.get(number, row.KEY.encode()), self._codec)
        return beginning._replace(head=last, positions=last.inputs, stop_at=None, rewind=rewind)

    def _ask(self, number: int, beginning: Beginning, command: Command) -> None:
        """Take the command up, without the commit in which a task does that: the journal has none of it."""
        asked = self._codec.encode((0, row.as_row(row.asked(command))))
        self._write(number, beginning, [(row.KEY.encode(), asked)])

    def _write(self, number: int, beginning: Beginning, rows: Sequence[Row]) -> None:
        self._restoring.store.write(number, rows, Applied(beginning.state_id, 0, self._clock().wall_ms))

    def _apply(self, number: int, beginning: Beginning, batch: Batch) -> None:
        """What a commit would do."""
        self._write(number, beginning, batch.rows)
        self._differences += [value for _, value in batch.differences if value is not None]
        said = [control.decode(value) for _, value in batch.answers]
        self._answers += [each for each in said if isinstance(each, Answer)]

    def _replay(self, number: int, beginning: Beginning, replay: Replay) -> None:
        task = self._restoring.site.task(self._restoring.store, self._tables, number, beginning, replay)
        positions = {(topic, number): beginning.positions[topic] for topic in self._topics}
        self._reader.add(positions)
        try:
            while not task.is_done:
                self._round(number, beginning, task)
        finally:
            self._reader.remove(list(positions))

    def _round(self, number: int, beginning: Beginning, task: Task) -> None:
        now = self._clock()
        task.process(self._steps_max, now, lambda _: 0)
        batch = task.take_batch(now)
        if batch is not None:
            self._apply(number, beginning, batch)
            task.committed(batch, now)
            return
        polled = self._reader.poll(POLL_S, RECORDS_PER_POLL)
        for trap in polled.traps:
            raise trap.error
        self._distribute(polled, task)

    def _distribute(self, polled: Polled, task: Task) -> None:
        """Give the task the records of the players who are replayed; those of others are passed."""
        players = self._players
        chosen = [raw for raw in polled.messages if players is None or raw.key() in players]
        self._intake.distribute(polled._replace(messages=chosen), {task.partition: task})
        if players is not None:
            for raw in polled.messages:
                task.lanes[raw.topic() or ""].ended((raw.offset() or 0) + 1)
