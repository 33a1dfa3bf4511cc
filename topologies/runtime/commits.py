"""The commits of a worker, and what each way of failing leads to."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from topologies.runtime.batch import Batch
from topologies.runtime.caution import Cautions
from topologies.runtime.commit import commit
from topologies.runtime.errors import Aborted, Expelled, Fatal, Poison, Unknown
from topologies.runtime.kafka.inputs import Inputs
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.names import OwnTopics
from topologies.runtime.rewinding.chore import Chore
from topologies.runtime.store import Applied, Store
from topologies.runtime.task import Moment, Task
from topologies.runtime.tasks import Tasks

log = logging.getLogger("croupier.worker")

BACK_OFF_S = (0.05, 0.2, 1.0, 3.0)
FAILURES_UNTIL_CAREFUL = 2

INIT_SLICE_S = 0.5
"""The loop stands still meanwhile: it has to poll, and to see when it is told to stop."""


class Commits:
    """Commits the open batches of all running tasks, then stores them.

    After a failure the tasks begin again from what is committed. When a batch
    keeps failing, or holds something that cannot be written, its tasks commit
    each by itself and less at a time, until the record or timer at fault is
    alone in its transaction.

    Args:
        make_transactions: a new producer with our transactional id, not yet initialised.
        tasks: whose batches.
        store: written after a commit, and only then.
        own: the topics.
        stop: ends a back-off early.
    """

    def __init__(
        self,
        make_transactions: Callable[[], Transactions],
        tasks: Tasks,
        store: Store,
        own: OwnTopics,
        stop: threading.Event,
    ) -> None:
        self._make_transactions = make_transactions
        self._tasks = tasks
        self._store = store
        self._own = own
        self._stop = stop
        self._transactions: Transactions | None = None
        # Made early: it takes a moment to find the brokers.
        self._coming: Transactions | None = make_transactions()
        self._failures = 0
        self._cautions = Cautions()
        self.counts: Counter[str] = Counter()

    def steps_max(self, number: int, usual: int) -> int:
        """Return how many records and timers a task may bring into the next transaction."""
        return self._cautions.steps_max(number, usual)

    @property
    def is_cautious(self) -> bool:
        """Whether some task is to commit soon, because it may bring little."""
        return bool(self._cautions)

    def prepare(self) -> bool:
        """Have a producer, at least once there are tasks; false: not yet, there is nothing to commit with.

        Not later, because a predecessor that died within a transaction holds
        the offsets of our tasks until we end it. And not earlier: a namesake
        without tasks harms nobody.

        Raises:
            Fatal: another worker has our name, or we are not allowed.
        """
        if self._transactions is None and self._tasks.ownership.tasks:
            self._coming = self._coming or self._make_transactions()
            try:
                if not self._coming.init(INIT_SLICE_S):
                    return False
            except Unknown as error:
                log.warning("starting over with a new producer: %s", error)
                self._coming.close()
                self._coming = None
                return False
            self._transactions, self._coming = self._coming, None
        return True

    def commit(self, inputs: Inputs, now: Moment) -> None:
        """Commit what there is; `prepare` comes first.

        Raises:
            Fatal: the process may not continue.
        """
        tasks = list(self._tasks.running.values())
        alone = [task for task in tasks if task.batch.steps and task.partition in self._cautions]
        together = [task for task in tasks if task not in alone]
        for group in [together, *([task] for task in alone)]:
            if not self._commit(group, inputs, now):
                # The rest has its turn in the next round: it may have to begin again too.
                return

    def _commit(self, tasks: Sequence[Task | Chore], inputs: Inputs, now: Moment) -> bool:
        began_s = time.monotonic()
        batches = [task.batch for task in tasks]
        try:
            batches = [batch for task in tasks if (batch := task.take_batch(now)) is not None]
            if not batches or self._transactions is None:
                return True
            heads = commit(self._transactions, batches, self._own, inputs.metadata(), now.wall_ms)
        except Poison as error:
            self._on_poison(batches, error, inputs)
        except Expelled as error:
            log.warning("joining the group again: %s", error)
            inputs.rejoin()
        except Aborted as error:
            self._on_aborted(batches, error, inputs)
        except Unknown as error:
            self._on_unknown(batches, error, inputs)
        else:
            self._on_committed(batches, heads, inputs, now)
            _tell_steps(batches, time.monotonic() - began_s)
            return True
        return False

    def close(self) -> None:
        """Let go of the producer."""
        for transactions in filter(None, (self._transactions, self._coming)):
            transactions.close()
        self._transactions = self._coming = None

    def _on_committed(self, batches: Sequence[Batch], heads: dict[int, int], inputs: Inputs, now: Moment) -> None:
        self._failures = 0
        self._cautions.committed(_steps(batches))
        for batch in batches:
            task = self._tasks.running[batch.partition]
            self._check(batch.partition, heads[batch.partition])
            applied = Applied(task.state_id, heads[batch.partition] + 1, now.wall_ms)
            self._store.write(batch.partition, batch.rows, applied)
            self.counts.update(batch.counts)
            self.counts["records"] += batch.records
            self.counts["events"] += len(batch.emits)
            task.committed(batch, now)
            self._tasks.committed(batch)
        self.counts["commits"] += 1
        self._tasks.renew(
            [batch.partition for batch in batches if self._tasks.running[batch.partition].is_done], inputs
        )

    def _check(self, partition: int, head: int) -> None:
        """A topic that begins anew does not hold what was written before; its heads say so to whoever restores."""
        before = self._store.applied(partition)
        if before is not None and head < before.offset:
            raise Fatal(
                f"the state topic was recreated while the application runs: task {partition} was at {before.offset}, "
                f"its commit stands at {head}"
            )

    def _on_poison(self, batches: Sequence[Batch], error: Poison, inputs: Inputs) -> None:
        log.warning("a transaction cannot be written: %s", error)
        guilty = [batch for batch in batches if batch.steps]
        if not guilty:
            raise Fatal(f"a commit without records cannot be written: {error}")
        # The cluster is well. A refused record leaves a gap in the producer's numbers, so the next commit may abort.
        self._failures = 0
        if sum(batch.steps for batch in guilty) == 1:
            self._tasks.bury(guilty[0], error, inputs)
        self._cautions.failed(_steps(guilty))
        self._renew(batches, inputs)

    def _on_aborted(self, batches: Sequence[Batch], error: Aborted, inputs: Inputs) -> None:
        log.warning("transaction aborted: %s", error)
        self._back_off(batches)
        self._renew(batches, inputs)

    def _on_unknown(self, batches: Sequence[Batch], error: Unknown, inputs: Inputs) -> None:
        """Nobody knows how it ended: all tasks look at what is committed, behind a new producer's fence."""
        log.warning("starting over with a new producer: %s", error)
        self.close()
        self._coming = self._make_transactions()
        self._back_off(batches)
        self._tasks.renew(self._tasks.ownership.tasks, inputs)

    def _back_off(self, batches: Sequence[Batch]) -> None:
        """Wait a little; when it goes on failing, the batch may be at fault, or too much for this cluster."""
        self._failures += 1
        if self._failures >= FAILURES_UNTIL_CAREFUL:
            self._cautions.failed(_steps(batches))
        self._stop.wait(BACK_OFF_S[min(self._failures, len(BACK_OFF_S)) - 1])

    def _renew(self, batches: Sequence[Batch], inputs: Inputs) -> None:
        self._tasks.renew([batch.partition for batch in batches], inputs)


def _tell_steps(batches: Sequence[Batch], took_s: float) -> None:
    """Say how long all tasks waited for a step of a rewind, which whoever sets `rewind_step_rows` has to know."""
    for batch in batches:
        if batch.rewound_to is not None:
            task, to, rows = batch.partition, batch.rewound_to, len(batch.rows)
            log.info("task %d: back at commit %d: %d rows, the step took %.0f ms", task, to, rows, took_s * 1000)


def _steps(batches: Sequence[Batch]) -> dict[int, int]:
    return {batch.partition: batch.steps for batch in batches}
