"""What a task does next that is taken back, or forgets a player.

Nothing is remembered that the rewind's row and the journal do not say; what was
scanned once for a rewind is only kept to be quicker.
"""

import logging
from collections.abc import Callable, Sequence
from itertools import islice

from topologies.runtime import head
from topologies.runtime.batch import Batch
from topologies.runtime.beginning import Beginning
from topologies.runtime.errors import Fatal, Halted
from topologies.runtime.forgetting import steps as forgetting
from topologies.runtime.forgetting.forgot import Forgot
from topologies.runtime.forgetting.preparation import Forgets
from topologies.runtime.journal.errors import Malformed, Refused
from topologies.runtime.journal.undo import undo
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.names import OwnTopics
from topologies.runtime.rewinding import row, steps
from topologies.runtime.rewinding.control import Command, Forget
from topologies.runtime.rewinding.journal_reader import JournalReader
from topologies.runtime.rewinding.replay import Placed
from topologies.runtime.rewinding.row import Rewind
from topologies.runtime.rewinding.scan import Scan, following, scan
from topologies.runtime.rewinding.steps import Ground
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Store

log = logging.getLogger("croupier.rewind")

SWEEP_ROWS = 5_000

Work = Batch | Sequence[Placed]
"""One transaction, or a stretch of a replay."""


class Preparation:
    """Prepares steps as values, for one worker or tool.

    Args:
        journal: read at length.
        admin: knows what is left of the inputs.
        store: has the rows of the tasks that are asked about; nobody writes them meanwhile.
        codec: of their rows.
        own: the topics.
        topics: the sources, in the topology's order.
        rows_max: that a step gives back, or deletes.
        wall_ms: now.
        forgotten_ms: how long it is remembered who was forgotten.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a component, each used once
        self,
        journal: JournalReader,
        admin: Admin,
        store: Store,
        codec: RowCodec,
        own: OwnTopics,
        topics: Sequence[str],
        rows_max: int,
        wall_ms: Callable[[], int],
        forgotten_ms: int,
    ) -> None:
        self._journal = journal
        self._admin = admin
        self._store = store
        self._codec = codec
        self._own = own
        self._topics = topics
        self._rows_max = rows_max
        self._wall_ms = wall_ms
        self._forgets = Forgets(journal, store, rows_max, forgotten_ms)
        self._scans: dict[tuple[int, str], Scan] = {}

    def asked(self, partition: int, beginning: Beginning, command: Command | Forget) -> Batch:
        """Return the transaction that takes a command up."""
        ground = self._ground(partition, beginning)
        return steps.asked(ground, command) if isinstance(command, Command) else forgetting.asked(ground, command)

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    def next(self, partition: int, beginning: Beginning) -> Work:
        """Return what a task does next that is not free for its inputs; raises what `work` does."""
        if beginning.rewind is not None:
            return self.work(partition, beginning, beginning.rewind)
        doing = beginning.remembered.under_way
        if doing is None:
            raise Fatal(f"task {partition} has nothing to do but its inputs")
        return self._forgets.step(self._ground(partition, beginning), beginning.remembered, doing)

    def work(self, partition: int, beginning: Beginning, rewind: Rewind) -> Work:
        """Return the next transaction of a task's rewind, or the next stretch of its replay.

        Raises:
            Unavailable: ask again.
            Refused, Malformed, Halted: it cannot go on, and somebody has to look at it.
        """
        ground = self._ground(partition, beginning)
        if rewind.phase == "sweep":
            return self._sweep(ground, rewind)
        try:
            found = self._scan(partition, beginning, rewind)
            if rewind.phase == "replay":
                records = self._journal.read(partition, rewind.offset, self._journal.bounds(partition)[1])
                return following(rewind, found.timeline, records) or self._sweep(ground, rewind)
            return self._back(ground, rewind, found, Forgot(beginning.remembered.done))
        except (Refused, Malformed, Halted) as error:
            # Retention may have deleted some of the journal. As long as nothing is done, nothing has to halt.
            if rewind.phase != "asked":
                raise
            return steps.refusal(ground, rewind, str(error))

    def _back(self, ground: Ground, rewind: Rewind, found: Scan, forgot: Forgot) -> Batch:
        if rewind.phase == "asked":
            rewind = rewind._replace(newest=ground.head.commit, reached=ground.head.commit, inputs=ground.head.inputs)
        step = next(each for each in reversed(found.steps) if each.reaches.number < rewind.reached)
        log.debug("task %d: back to commit %d, target %d", ground.partition, step.reaches.number, rewind.command.target)
        records = self._journal.read(ground.partition, step.begins_at, step.ends_at + 1)
        undone = forgot.undone(records, step.reaches.number) if forgot else undo(records)
        return steps.back(ground, rewind, step.reaches, undone)

    def _sweep(self, ground: Ground, rewind: Rewind) -> Batch:
        self._scans.pop((ground.partition, rewind.command.id), None)
        told = row.TOLD.encode()
        return steps.sweep(ground, rewind, islice(self._store.scan(ground.partition, told, told), SWEEP_ROWS))

    def _scan(self, partition: int, beginning: Beginning, rewind: Rewind) -> Scan:
        key = (partition, rewind.command.id)
        if key not in self._scans:
            last = beginning.head
            newest = rewind.newest or (last.commit if last is not None else 0)
            left = self._admin.beginnings([(topic, partition) for topic in self._topics])
            records = self._journal.read(partition, rewind.offset, self._journal.bounds(partition)[1])
            beginnings = {topic: offset for (topic, _), offset in left.items()} if rewind.phase == "asked" else {}
            self._scans[key] = scan(rewind, newest, beginnings, records, self._rows_max)
        return self._scans[key]

    def _ground(self, partition: int, beginning: Beginning) -> Ground:
        last = beginning.head
        if last is None:
            raise Fatal(f"task {partition} has a rewind, but no head")
        return Ground(
            partition,
            head.at(last, beginning.positions),
            self._topics,
            self._own.control,
            self._codec,
            lambda key: self._store.get(partition, key),
            self._wall_ms(),
        )
