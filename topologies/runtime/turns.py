"""How the tasks of a worker share its time between two polls."""

from collections import deque
from collections.abc import Callable

from topologies.runtime.commits import Commits
from topologies.runtime.errors import Halted
from topologies.runtime.kafka.inputs import Inputs
from topologies.runtime.rewinding.chore import Chore
from topologies.runtime.task import Moment, Task
from topologies.runtime.tasks import Tasks

ROUND_S = 0.1
"""Between two polls: in the client all partitions share a queue, and those with little wait behind those with much."""

STEPS_PER_ROUND = 250
"""At least, if they are there: on a machine that is too slow, polls would take more of it than records."""

STEPS_PER_TURN = 1_000
"""Of one task, before the next has its turn. A turn is a slice in the journal: 100 cost a tenth of the throughput."""

BESIDE_REPLAY_S = 0.05
"""While a task takes its records again, a batch is open so long: that is nobody's hurry, and the others go first."""

STEPS_PER_TURN_OF_REPLAY = 250
"""Likewise."""


class Turns:
    """Lets tasks take turns while there is time.

    `is_cut_short`: when time was up, some had not taken all that they could have.
    """

    def __init__(
        self, tasks: Tasks, commits: Commits, inputs: Inputs, clock: Callable[[], Moment], batch_records_max: int
    ) -> None:
        self._tasks = tasks
        self._commits = commits
        self._inputs = inputs
        self._clock = clock
        self._batch_records_max = batch_records_max
        self._served_last = -1
        self.is_cut_short = False

    def take(self, now: Moment, opened_at_s: float | None) -> int:
        """Let tasks process what they have; return how many records and timers are open.

        Args:
            now: when the round begins.
            opened_at_s: when the open batch began; beside a replay, a round ends when it is to be committed.
        """
        turn, until_s = STEPS_PER_TURN, now.steady_s + ROUND_S
        if self._tasks.is_replaying:
            turn = STEPS_PER_TURN_OF_REPLAY
            until_s = (now.steady_s if opened_at_s is None else opened_at_s) + BESIDE_REPLAY_S
        before = open_steps = sum(task.batch.steps for task in self._tasks.running.values())
        waiting = self._in_turn()
        while waiting and open_steps < self._batch_records_max:
            number, task = waiting.popleft()
            taken = self._turn(number, task, min(self._batch_records_max - open_steps, turn), now)
            open_steps += taken
            self._served_last = number
            if taken >= turn:
                waiting.append((number, task))
            if open_steps - before >= STEPS_PER_ROUND and self._clock().steady_s >= until_s:
                break
        self.is_cut_short = bool(waiting)
        return open_steps

    def _in_turn(self) -> deque[tuple[int, Task | Chore]]:
        """Return the tasks, first those behind the one that had the last turn: time may be up before all had one."""
        running = self._tasks.running
        return deque(
            (each, running[each]) for each in sorted(running, key=lambda each: (each <= self._served_last, each))
        )

    def _turn(self, number: int, task: Task | Chore, room: int, now: Moment) -> int:
        steps_max = self._commits.steps_max(number, task.batch.steps + room)
        try:
            return task.process(steps_max, now, self._inputs.known_end)
        except Halted as error:
            self._tasks.halt(number, str(error), self._inputs)
            return 0
