"""The tasks of a worker, from being gained over recovery and running to being lost."""

import logging
from collections.abc import Callable, Mapping

from topologies.graph import Topology
from topologies.runtime.batch import Batch, StepName
from topologies.runtime.beginning import Beginning
from topologies.runtime.dead_letters import Refusal, Verdict
from topologies.runtime.errors import Fatal, Halted, Poison, StreamError, Unavailable
from topologies.runtime.forgetting.forgot import Forgot
from topologies.runtime.intake import Intake
from topologies.runtime.journal.errors import Malformed, Refused
from topologies.runtime.kafka.inputs import Inputs
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.ownership import Ownership
from topologies.runtime.recovery import Recovery
from topologies.runtime.rewinding.chore import Chore
from topologies.runtime.rewinding.preparing import Preparing
from topologies.runtime.rewinding.replay import Replay
from topologies.runtime.task import Task

log = logging.getLogger("croupier.worker")


class Tasks:
    """`running` tasks take records; `halted` ones say why not; the others are being recovered.

    Args:
        topology: whose inputs make a task.
        control: the topic of commands.
        recovery: the only way a task begins.
        preparing: says what a task does next that is taken back, or forgets a player.
        intake: forgets what it knows of a task that comes or goes.
        make: a task from its number, its beginning and, in a rewind, the stretch to replay.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a component, each used once
        self,
        topology: Topology,
        control: str,
        recovery: Recovery,
        preparing: Preparing,
        intake: Intake,
        make: Callable[[int, Beginning, Replay | None], Task],
    ) -> None:
        self._topics = [*(source.topic for source in topology.sources), control]
        self._recovery = recovery
        self._preparing = preparing
        self._intake = intake
        self._make = make
        self._ready: dict[int, tuple[int, Beginning, Replay | None]] = {}
        self._refused: dict[int, dict[StepName, Refusal]] = {}
        self.running: dict[int, Task | Chore] = {}
        self.halted: dict[int, str] = {}
        self._announced: frozenset[int] = frozenset()
        self._incomplete: frozenset[int] = frozenset()
        self.ownership = Ownership(self._topics, self._gained, self._lost)

    @property
    def is_settled(self) -> bool:
        """Every task that is ours is running or halted."""
        return len(self.running) + len(self.halted) == len(self.ownership.tasks)

    @property
    def is_replaying(self) -> bool:
        """Whether a task takes records again, which may be many, and nobody waits for them."""
        return any(isinstance(task, Task) and task.is_replay for task in self.running.values())

    def announce(self) -> None:
        """Say which tasks have come and gone since the last call, and look into those that have come in part."""
        ours = frozenset(self.ownership.tasks)
        for what, numbers in (("lost", self._announced - ours), ("gained", ours - self._announced)):
            if numbers:
                log.info("tasks %s: %s", what, ", ".join(map(str, sorted(numbers))))
        self._announced = ours
        incomplete = frozenset(self.ownership.incomplete)
        if incomplete - self._incomplete:
            # An input may have got partitions that the others have not.
            self._recovery.check()
        self._incomplete = incomplete

    def begin_recovered(self, inputs: Inputs) -> None:
        """Start the tasks that recovery has answered, as soon as their inputs can be positioned.

        Raises:
            StreamError: recovery itself has failed.
        """
        for number, incarnation, result in self._recovery.recovered():
            if self._is_for_us(number, incarnation, result, inputs) and isinstance(result, Beginning):
                if result.is_free:
                    self._ready[number] = (incarnation, result, None)
                else:
                    self._preparing.begin(number, incarnation, result)
        for number, incarnation, beginning, work in self._preparing.prepared():
            if not self._is_for_us(number, incarnation, work, inputs) or beginning is None:
                continue
            if isinstance(work, Batch):
                self.running[number] = Chore(work, beginning)
            elif not isinstance(work, StreamError) and beginning.rewind is not None:
                replay = Replay(beginning.rewind, work, Forgot(beginning.remembered.done))
                self._ready[number] = (incarnation, beginning, replay)
        self._begin_ready(inputs)

    def _is_for_us(self, number: int, incarnation: int, result: object, inputs: Inputs) -> bool:
        """Whether an answer is still of use; raises, or halts the task, when it is an error."""
        if number < 0 and isinstance(result, StreamError):
            raise result
        if not self.ownership.is_current(number, incarnation):
            return False
        if isinstance(result, Refused | Malformed):
            self.halt(number, f"task {number}: its rewind cannot go on: {result}", inputs)
            return False
        if isinstance(result, Halted):
            self.halt(number, str(result), inputs)
            return False
        if isinstance(result, StreamError):
            raise result
        return True

    def _begin_ready(self, inputs: Inputs) -> None:
        for number, (incarnation, beginning, replay) in list(self._ready.items()):
            if not self.ownership.is_current(number, incarnation):
                del self._ready[number]
            elif self._start(number, beginning, inputs, is_replay=replay is not None):
                del self._ready[number]
                task = self._make(number, beginning, replay)
                task.steps.refused = self._refused.get(number, {})
                self.running[number] = task
                log.debug("task %d begins at %s", number, dict(beginning.positions))

    def halt(self, number: int, why: str, inputs: Inputs) -> None:
        """Stop one task, if it is ours; the others go on."""
        if number in self.ownership.tasks:
            log.error("%s", why)
            self._forget(number)
            self.halted[number] = why
            inputs.pause(self.inputs_of(number))

    def bury(self, batch: Batch, poison: Poison, inputs: Inputs) -> None:
        """The one step of a batch cannot be written: a dead letter when it is taken again. A rewind's halts its task.

        Raises:
            Fatal: its barest dead letter was refused too.
        """
        if batch.last is None:
            self.halt(
                batch.partition, f"task {batch.partition}: what it was told to do cannot be written: {poison}", inputs
            )
            return
        refused = self._refused.setdefault(batch.partition, {})
        earlier = refused.get(batch.last)
        if earlier is not None and earlier.is_bare:
            raise Fatal(f"not even the dead letter of {batch.last} can be written: {poison}")
        verdict = Verdict(poison.kind, f"what follows from it cannot be written: {poison}")
        refused[batch.last] = Refusal(verdict, is_bare=earlier is not None)

    def committed(self, batch: Batch) -> None:
        """A batch is committed: what was refused in it is buried."""
        if batch.last is not None:
            self._refused.get(batch.partition, {}).pop(batch.last, None)

    def renew(self, numbers: list[int], inputs: Inputs) -> None:
        """Let tasks of ours begin again, from what is committed."""
        for number in numbers:
            if number in self.ownership.tasks and number not in self.halted:
                inputs.pause(self.inputs_of(number))
                self.ownership.renew(number)

    def inputs_of(self, number: int) -> list[Partition]:
        """Return the partitions that a task reads."""
        return [(topic, number) for topic in self._topics]

    def unchanged(self, before: Mapping[int, Task | Chore]) -> dict[int, Task | Chore]:
        """Return the tasks of an earlier moment that are still the same."""
        return {number: task for number, task in before.items() if self.running.get(number) is task}

    def _start(self, number: int, beginning: Beginning, inputs: Inputs, *, is_replay: bool) -> bool:
        offsets = {(topic, number): offset for topic, offset in beginning.positions.items()}
        try:
            return inputs.start(offsets, [each for each in offsets if is_replay and each[0] != beginning.control])
        except Unavailable as error:
            log.warning("task %d cannot begin yet: %s", number, error)
            return False

    def _gained(self, number: int, incarnation: int) -> None:
        self._forget(number)
        self._recovery.begin(number, incarnation)

    def _lost(self, number: int) -> None:
        self._forget(number)
        self._recovery.forget(number)

    def _forget(self, number: int) -> None:
        if (task := self.running.pop(number, None)) is not None:
            task.close()
        self.halted.pop(number, None)
        self._ready.pop(number, None)
        self._intake.forget(number)
