"""Taking partitions of a group without members back, or forgetting a player, by ourselves: a worker's own steps.

A replay is the workers'. Whoever races us loses whole: a second tool has our
transactional id and fences us, a worker that starts makes the group refuse our
offsets, and with them the step.
"""

import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from topologies import player
from topologies.graph import Topology
from topologies.operations import components
from topologies.operations.errors import Failed
from topologies.operations.rewind.history import Rewind
from topologies.operations.rewind.restoring import Restoring
from topologies.operations.running import Clock, Run
from topologies.runtime.batch import Batch
from topologies.runtime.beginning import Beginning
from topologies.runtime.commit import commit
from topologies.runtime.errors import Expelled, Fenced, Unavailable
from topologies.runtime.kafka.outsider import Outsider
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.names import own_topics
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import Answer, Command, Forget
from topologies.runtime.store import Applied
from topologies.runtime.taking_over import taken_over
from topologies.settings import Settings

log = logging.getLogger("croupier.rewind")

INSTANCE = "rewind"
"""The transactional id of the tool ends with it: a second tool fences the first."""

OTHERS = "somebody else takes partitions of this application back now, or forgets a player"

RETRY_S = 0.5

Tell = Callable[[str], None]


def take_back(
    settings: Settings, rewinds: Sequence[Rewind], send: Callable[[], None], clock: Clock, tell: Tell
) -> None:
    """Do all steps of some rewinds, one partition after the other.

    Args:
        settings: of the application.
        rewinds: their commands; a worker that finds them later passes over them.
        send: writes the commands to the control topic, for the history.
        clock: now.
        tell: what people are told.

    Raises:
        Failed: somebody else has taken over, or a rewind is refused. What was done is complete in itself.
        StreamError: the cluster does not answer, or refuses us.
    """
    with outside(settings, clock) as worker:
        send()
        for each in rewinds:
            steps = worker.take_back(each.partition, each.command)
            tell(f"partition {each.partition}: commit {each.command.target} reached in {steps} steps")


@contextmanager
def outside(settings: Settings, clock: Clock) -> Iterator["Outside"]:
    """The parts of a worker, in a directory that is deleted in the end."""
    topology = components.topology(player.NAME, settings, with_registry=False)
    with ExitStack() as opened:
        directory = opened.enter_context(tempfile.TemporaryDirectory(prefix="croupier-"))
        yield Outside(topology, settings, Path(directory), clock, opened)


class Outside:
    """The parts of a worker that a rewind needs, or a player's forgetting, and no membership."""

    def __init__(
        self, topology: Topology, settings: Settings, directory: Path, clock: Clock, opened: ExitStack
    ) -> None:
        ours = settings.model_copy(update={"instance": INSTANCE, "state_dir": str(directory)})
        self._clock = clock
        self._own = own_topics(settings.app)
        self._outsider = opened.enter_context(closing(Outsider(components.cluster(ours), settings.app)))
        self._restoring = Restoring(topology, ours, Run(), clock, opened)
        # Before anything is looked at: who comes later fences us, and what we look at is settled.
        try:
            transactions = taken_over(self._restoring.site.transactions, lambda: False)
        except Fenced as error:
            raise Failed(f"{OTHERS}: nothing was done") from error
        self._transactions: Transactions = opened.enter_context(closing(transactions))

    def take_back(self, number: int, command: Command) -> int:
        """Do the steps of one rewind; return how many."""
        done = 0
        beginning = self._restoring.restored(number)
        if beginning.rewind is None:
            self._commit(number, beginning, self._restoring.preparation.asked(number, beginning, command))
            beginning = self._restoring.restored(number)
        while (rewind := beginning.rewind) is not None and rewind.phase in ("asked", "back"):
            if rewind.command.id != command.id:
                raise Failed(f"rewind {rewind.command.id} of partition {number} is still under way: start a worker")
            work = self._prepared(number, beginning)
            self._commit(number, beginning, work)
            done += 1
            beginning = self._restoring.restored(number)
        if beginning.rewind is None:
            raise Failed(f"partition {number} was not taken back: croupier rewind history says why")
        return done

    def may_forget(self, number: int) -> Beginning:
        """Return where a task stands whose player may be forgotten.

        Raises:
            Failed: it is being taken back, or there is nothing.
        """
        beginning = self._restoring.restored(number)
        if beginning.rewind is not None:
            raise Failed(
                f"rewind {beginning.rewind.command.id} of partition {number} is still under way: start a worker"
            )
        if beginning.head is None:
            raise Failed(f"partition {number} has no state: nothing was ever committed")
        return beginning

    def forget(self, number: int, command: Forget) -> Sequence[Answer]:
        """Delete what there is of a player; return what was answered on the way. Raises what `may_forget` does."""
        # What a worker has left unfinished comes first.
        beginning, _ = self._finished(number, self.may_forget(number))
        asked = self._restoring.preparation.asked(number, beginning, command)
        self._commit(number, beginning, asked)
        return self._finished(number, self._restoring.restored(number))[1]

    def _finished(self, number: int, beginning: Beginning) -> tuple[Beginning, Sequence[Answer]]:
        said: list[Answer] = []
        while beginning.remembered.under_way is not None:
            work = self._prepared(number, beginning)
            self._commit(number, beginning, work)
            answers = [control.decode(value) for _, value in work.answers]
            said += [each for each in answers if isinstance(each, Answer)]
            beginning = self._restoring.restored(number)
        return beginning, said

    def _prepared(self, number: int, beginning: Beginning) -> Batch:
        while True:
            try:
                work = self._restoring.preparation.next(number, beginning)
            except Unavailable as error:
                log.warning("it waits: %s", error)
                time.sleep(RETRY_S)
                continue
            if isinstance(work, Batch):
                return work
            raise Failed(f"partition {number} has nothing left to take back")

    def _commit(self, number: int, beginning: Beginning, batch: Batch) -> None:
        now = self._clock()
        try:
            heads = commit(self._transactions, [batch], self._own, self._outsider.metadata(), now.wall_ms)
        except Expelled as error:
            raise Failed(
                f"a worker has joined the group meanwhile: this step of partition {number} was not done. "
                "those that were are complete, and the worker goes on with them"
            ) from error
        except Fenced as error:
            raise Failed(
                f"{OTHERS}, so we stop. what is done is complete; what is left of partition {number} the next worker "
                "does, or refuses"
            ) from error
        self._restoring.store.write(number, batch.rows, Applied(beginning.state_id, heads[number] + 1, now.wall_ms))
