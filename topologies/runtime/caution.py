"""How much a task may bring into one transaction after a failure."""

from collections.abc import Mapping


class Caution:
    """Halves what a task may bring with each failure, doubles it with each success, until the trouble is behind.

    A step is a record or a timer that fires. One step at fault among thousands
    is alone after a dozen failures.
    """

    def __init__(self) -> None:
        self._limit = 0
        self._behind = 0

    def __bool__(self) -> bool:
        """Whether there is reason for it."""
        return self._behind > 0

    def steps_max(self, usual: int) -> int:
        """Return how many steps the next transaction may hold of this task."""
        return min(usual, self._limit) if self else usual

    def failed(self, steps: int) -> None:
        """A transaction of so many steps has failed."""
        self._behind = max(self._behind, steps)
        self._limit = max(1, steps // 2)

    def committed(self, steps: int) -> None:
        """A transaction of so many steps is committed."""
        if steps:
            self._behind = max(0, self._behind - steps)
            self._limit *= 2


class Cautions:
    """The caution with each task, by its number.

    Each has its own: the successes of others would end it too early.
    """

    def __init__(self) -> None:
        self._by_task: dict[int, Caution] = {}

    def __bool__(self) -> bool:
        """Whether there is reason for it with any task."""
        return bool(self._by_task)

    def __contains__(self, number: object) -> bool:
        """Whether a task needs transactions of its own."""
        return number in self._by_task

    def steps_max(self, number: int, usual: int) -> int:
        """Return how many steps the next transaction may hold of a task."""
        caution = self._by_task.get(number)
        return usual if caution is None else caution.steps_max(usual)

    def failed(self, steps: Mapping[int, int]) -> None:
        """A transaction with so many steps of these tasks has failed."""
        for number, count in steps.items():
            if count:
                self._by_task.setdefault(number, Caution()).failed(count)

    def committed(self, steps: Mapping[int, int]) -> None:
        """A transaction with so many steps of these tasks is committed."""
        for number, count in steps.items():
            if (caution := self._by_task.get(number)) is not None:
                caution.committed(count)
                if not caution:
                    del self._by_task[number]
