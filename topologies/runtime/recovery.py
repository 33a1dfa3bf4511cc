"""How a task begins, always: committed offsets first, then the state topic, read up to what was there.

The order matters. Were the state's end read before the offsets, or were it the
last stable offset, a transaction that ends in between would be skipped by the
inputs and missing in the state. A thread of its own: other tasks go on.
"""

import logging
import time
from collections.abc import Callable
from contextlib import closing

from topologies.runtime import head, positions
from topologies.runtime.asked import Asked
from topologies.runtime.beginning import Beginning
from topologies.runtime.errors import Halted, StreamError, Unavailable
from topologies.runtime.forgetting.finding import Remembered, remembered
from topologies.runtime.held import Held
from topologies.runtime.kafka.polled import NOTHING, Partition, Polled, Trap, message
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.positions import Ground
from topologies.runtime.restore import Recovered, Request, Restore
from topologies.runtime.rewinding import row
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Applied, Row, Store
from topologies.runtime.survey import Surveyor

log = logging.getLogger("croupier.recovery")

POLL_S = 0.1
RETRY_S = 1.0
ROWS_PER_POLL = 5_000

NO_TASK = -1


class Recovery:
    """Recovers tasks on request; the answers are collected with `recovered`.

    The worker writes the rows of running tasks, this thread those of tasks
    that were asked for and not answered yet: never both.
    """

    def __init__(  # noqa: PLR0913 - the parts of a component, each used once
        self,
        make_reader: Callable[[], Reader],
        surveyor: Surveyor,
        store: Store,
        codec: RowCodec,
        wall_ms: Callable[[], int],
        *,
        control: str,
        accept_offsets: bool,
    ) -> None:
        self._make_reader = make_reader
        self._surveyor = surveyor
        self._store = store
        self._codec = codec
        self._wall_ms = wall_ms
        self._control = control
        self._accept_offsets = accept_offsets
        self._asked: Asked[Request, Recovered] = Asked("recovery", self._run, lambda why: Recovered(-1, -1, why))
        self._wanted: dict[int, int] = {}
        self._restores: dict[int, Restore] = {}
        self._held = Held()
        self._doubts: dict[int, str] = {}
        self._stopping = self._asked.stopping
        self.rows_read = 0
        """Rows of finished restores, for people."""

    def begin(self, partition: int, incarnation: int) -> None:
        """Ask for a task; replaces an earlier request for the same partition."""
        self._asked.ask(Request(partition, incarnation))

    def check(self) -> None:
        """Look whether the topics still fit together; if not, `recovered` says it."""
        self._asked.ask(Request(NO_TASK, 0))

    def forget(self, partition: int) -> None:
        """Take a request back."""
        self._asked.ask(Request(partition, None))

    def recovered(self) -> list[Recovered]:
        """Return the answers since the last call."""
        return self._asked.answers()

    def stop(self) -> None:
        """End the thread and wait for it, unless it waits for the cluster: then it touches nothing any more."""
        self._asked.stop()

    def _run(self) -> None:
        with closing(self._make_reader()) as reader:
            while self._take_requests(reader):
                self._prepare(reader)
                if self._restores:
                    self._apply(reader, self._poll(reader))
                    self._look_again(reader)

    def _poll(self, reader: Reader) -> Polled:
        try:
            return reader.poll(POLL_S, ROWS_PER_POLL)
        except Unavailable as error:
            log.warning("recovery waits: %s", error)
            return NOTHING

    def _take_requests(self, reader: Reader) -> bool:
        """Take what was asked; wait for it when there is nothing else to do. False: stop."""
        while (request := self._asked.next(is_idle=not (self._wanted or self._restores))) is not None:
            self._wanted.pop(request.partition, None)
            if request.partition in self._restores:
                # Its rows stay as far as they are: the store says how far.
                self._end(reader, request.partition)
            if request.incarnation is not None:
                self._wanted[request.partition] = request.incarnation
        return not self._stopping.is_set()

    def _prepare(self, reader: Reader) -> None:
        """Look at the ground of the wanted tasks, and begin to read their state."""
        if not self._wanted:
            return
        if (wait_s := self._held.wait_s(self._wanted, time.monotonic())) > 0:
            self._stopping.wait(0 if self._restores else wait_s)
            return
        try:
            grounds = self._surveyor.survey(sorted(self._wanted.keys() - {NO_TASK}))
        except Unavailable as error:
            log.warning("recovery waits: %s", error)
            self._stopping.wait(RETRY_S)
            return
        if self._stopping.is_set():
            return
        self._wanted.pop(NO_TASK, None)
        starts: dict[Partition, int] = {}
        for partition, ground in grounds.items():
            begin = self._restore_from(partition, ground)
            restore = Restore(self._wanted.pop(partition), ground, begin, time.monotonic())
            self._restores[partition] = restore
            if not restore.is_done:
                restore.is_read = True
                starts[ground.state] = restore.next
        reader.add(starts)
        self._finish(reader)
        self._held.looked(self._wanted, time.monotonic())

    def _restore_from(self, partition: int, ground: Ground) -> int:
        applied = self._store.applied(partition)
        start = positions.restore_from(applied, ground.state_id, ground.state_begin, ground.state_end, self._wall_ms())
        if start is not None:
            return start
        self._store.wipe(partition)
        return ground.state_begin

    def _apply(self, reader: Reader, polled: Polled) -> None:
        """Write what was read, with how far that is."""
        rows: dict[int, list[Row]] = {}
        for raw in polled.messages:
            read = message(raw)
            restore = self._restores.get(read.partition)
            if restore is not None and read.offset >= restore.next and read.key is not None:
                rows.setdefault(read.partition, []).append((read.key, read.value))
                restore.next = read.offset + 1
        for end in polled.ends:
            # Behind the last record lies its transaction's marker: only the end says so.
            if (restore := self._restores.get(end.partition)) is not None:
                restore.next = max(restore.next, end.offset)
                rows.setdefault(end.partition, [])
        for partition, changed in rows.items():
            restore = self._restores[partition]
            restore.rows += len(changed)
            restore.moved_at_s = time.monotonic()
            self._store.write(partition, changed, Applied(restore.ground.state_id, restore.next, self._wall_ms()))
        for trap in polled.traps:
            self._react(reader, trap)
        self._finish(reader)

    def _react(self, reader: Reader, trap: Trap) -> None:
        if isinstance(trap.error, Halted) and trap.partition in self._restores:
            # The state topic was cut while we read it.
            self._begin_again(reader, trap.partition)
        elif isinstance(trap.error, Unavailable | Halted):
            log.warning("recovery waits: %s", trap.error)
        else:
            raise trap.error

    def _look_again(self, reader: Reader) -> None:
        now_s = time.monotonic()
        for partition in [partition for partition, restore in self._restores.items() if restore.is_stalled(now_s)]:
            restore = self._restores[partition]
            log.warning(
                "task %d: no more of its state comes, looking again: it is at %d of %d",
                *(partition, restore.next, restore.ground.state_end),
            )
            self._begin_again(reader, partition)

    def _begin_again(self, reader: Reader, partition: int) -> None:
        self._wanted[partition] = self._end(reader, partition).incarnation

    def _end(self, reader: Reader, partition: int) -> Restore:
        restore = self._restores.pop(partition)
        if restore.is_read:
            reader.remove([restore.ground.state])
        return restore

    def _finish(self, reader: Reader) -> None:
        for partition in [partition for partition, restore in self._restores.items() if restore.is_done]:
            restore = self._end(reader, partition)
            beginning = self._beginning(partition, restore.ground)
            if isinstance(beginning, Halted) and self._doubts.get(partition) != str(beginning):
                # Who has lost a task and does not know it yet finds its next owner at work, not an error: look twice.
                self._doubts[partition] = str(beginning)
                self._wanted[partition] = restore.incarnation
                continue
            self._doubts.pop(partition, None)
            self.rows_read += restore.rows
            log.info("task %d: state restored, %d rows read", partition, restore.rows)
            self._asked.answer(Recovered(partition, restore.incarnation, beginning))

    def _beginning(self, partition: int, ground: Ground) -> Beginning | StreamError:
        try:
            value = self._store.get(partition, head.KEY)
            last = head.decode(value, self._codec) if value is not None else None
            found = self._remembered(partition)
            rewind = row.decode(self._store.get(partition, row.KEY.encode()), self._codec)
            inputs = positions.input_positions(partition, last, ground, accept_offsets=self._accept_offsets)
        except Halted as error:
            return error
        return Beginning(last, inputs, ground.stop_at, ground.partitions, ground.state_id, self._control, rewind, found)

    def _remembered(self, partition: int) -> Remembered:
        """Who was forgotten; what was deleted of them is not in our files either."""
        found = remembered(self._store, partition, self._codec)
        self._store.scrub(partition, [each.id for each in found.done if each.is_complete])
        return found
