"""Prepares what a task with a rewind does next, in a thread of its own: the journal may be long.

Nothing is remembered that the rewind's row and the journal do not say; what was
scanned once for a rewind is only kept to be quicker.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from topologies.runtime import head
from topologies.runtime.batch import Batch
from topologies.runtime.errors import Fatal, Halted, StreamError, Unavailable
from topologies.runtime.journal.errors import Malformed, Refused
from topologies.runtime.journal.undo import undo
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.names import OwnTopics
from topologies.runtime.rewinding import row, steps
from topologies.runtime.rewinding.journal_reader import JournalReader
from topologies.runtime.rewinding.replay import Placed
from topologies.runtime.rewinding.row import Rewind
from topologies.runtime.rewinding.scan import Scan, following, scan
from topologies.runtime.rewinding.steps import Ground
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Store
from topologies.runtime.task import Beginning

log = logging.getLogger("croupier.rewind")

RETRY_S = 1.0
STOP_S = 5.0
SWEEP_ROWS = 5_000

STOP = None


class Prepared(NamedTuple):
    """What a task does next: one transaction, or a stretch of a replay; or why nothing can be done."""

    partition: int
    incarnation: int
    beginning: Beginning | None
    work: Batch | Sequence[Placed] | StreamError


class _Request(NamedTuple):
    partition: int
    incarnation: int
    beginning: Beginning
    rewind: Rewind


class Preparing:
    """Takes the tasks that recovery has found in a rewind; the answers are collected with `prepared`.

    Args:
        make_journal: a reader of the journal, told how to know that it is to stop.
        admin: knows what is left of the inputs.
        store: read for tasks that were asked for and not answered yet; nobody writes their rows then.
        codec: of their rows.
        own: the topics.
        topics: the sources, in the topology's order.
        rows_max: that a step gives back.
        wall_ms: now.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a component, each used once
        self,
        make_journal: Callable[[Callable[[], bool]], JournalReader],
        admin: Admin,
        store: Store,
        codec: RowCodec,
        own: OwnTopics,
        topics: Sequence[str],
        rows_max: int,
        wall_ms: Callable[[], int],
    ) -> None:
        self._make_journal = make_journal
        self._admin = admin
        self._store = store
        self._codec = codec
        self._own = own
        self._topics = topics
        self._rows_max = rows_max
        self._wall_ms = wall_ms
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Prepared] = queue.SimpleQueue()
        self._scans: dict[tuple[int, str], Scan] = {}
        self._stopping = threading.Event()
        self._is_started = False
        self._thread = threading.Thread(target=self._run, name="rewind", daemon=True)

    def begin(self, partition: int, incarnation: int, beginning: Beginning, rewind: Rewind) -> None:
        """Ask what a task does next."""
        if not self._is_started:
            # Not before: most workers never see a rewind.
            self._is_started = True
            self._thread.start()
        self._requests.put(_Request(partition, incarnation, beginning, rewind))

    def prepared(self) -> list[Prepared]:
        """Return the answers since the last call."""
        answers = []
        while not self._answers.empty():
            answers.append(self._answers.get())
        return answers

    def stop(self) -> None:
        """End the thread and wait for it, unless it waits for the cluster."""
        self._stopping.set()
        self._requests.put(STOP)
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _run(self) -> None:
        journal = self._make_journal(self._stopping.is_set)
        try:
            while (request := self._requests.get()) is not STOP:
                self._answer(request, journal)
        except Exception as error:
            log.exception("a rewind failed")
            self._answers.put(Prepared(-1, -1, None, Fatal(f"a rewind failed: {type(error).__name__}: {error}")))
        finally:
            journal.close()

    def _answer(self, request: _Request, journal: JournalReader) -> None:
        while not self._stopping.is_set():
            try:
                work: Batch | Sequence[Placed] | StreamError = self._work(request, journal)
            except Unavailable as error:
                log.warning("a rewind waits: %s", error)
                self._stopping.wait(RETRY_S)
                continue
            except StreamError as error:
                work = error
            self._answers.put(Prepared(request.partition, request.incarnation, request.beginning, work))
            return

    def _work(self, request: _Request, journal: JournalReader) -> Batch | Sequence[Placed]:
        rewind, ground = request.rewind, self._ground(request)
        if rewind.phase == "sweep":
            return self._sweep(ground, rewind)
        try:
            found = self._scan(request, journal)
            if rewind.phase == "replay":
                records = journal.read(request.partition, rewind.offset, journal.bounds(request.partition)[1])
                return following(rewind, found.timeline, records) or self._sweep(ground, rewind)
            return self._back(ground, rewind, found, journal)
        except (Refused, Malformed, Halted) as error:
            # Retention may have deleted some of the journal. As long as nothing is done, nothing has to halt.
            if rewind.phase != "asked":
                raise
            return steps.refusal(ground, rewind, str(error))

    def _back(self, ground: Ground, rewind: Rewind, found: Scan, journal: JournalReader) -> Batch:
        if rewind.phase == "asked":
            rewind = rewind._replace(newest=ground.head.commit, reached=ground.head.commit, inputs=ground.head.inputs)
        step = next(each for each in reversed(found.steps) if each.reaches.number < rewind.reached)
        log.info("task %d: back to commit %d of %d", ground.partition, step.reaches.number, rewind.command.target)
        undone = undo(journal.read(ground.partition, step.begins_at, step.ends_at + 1))
        return steps.back(ground, rewind, step.reaches, undone)

    def _sweep(self, ground: Ground, rewind: Rewind) -> Batch:
        self._scans.pop((ground.partition, rewind.command.id), None)
        told = row.TOLD.encode()
        return steps.sweep(ground, rewind, islice(self._store.scan(ground.partition, told, told), SWEEP_ROWS))

    def _scan(self, request: _Request, journal: JournalReader) -> Scan:
        rewind, partition = request.rewind, request.partition
        key = (partition, rewind.command.id)
        if key not in self._scans:
            last = request.beginning.head
            newest = rewind.newest or (last.commit if last is not None else 0)
            left = self._admin.beginnings([(topic, partition) for topic in self._topics])
            records = journal.read(partition, rewind.offset, journal.bounds(partition)[1])
            beginnings = {topic: offset for (topic, _), offset in left.items()} if rewind.phase == "asked" else {}
            self._scans[key] = scan(rewind, newest, beginnings, records, self._rows_max)
        return self._scans[key]

    def _ground(self, request: _Request) -> Ground:
        partition, last = request.partition, request.beginning.head
        if last is None:
            raise Fatal(f"task {partition} has a rewind, but no head")
        return Ground(
            partition,
            head.at(last, request.beginning.positions),
            self._topics,
            self._own.control,
            self._codec,
            lambda key: self._store.get(partition, key),
            self._wall_ms(),
        )
