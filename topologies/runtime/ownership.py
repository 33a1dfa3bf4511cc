"""Which tasks are ours, and in which incarnation. Told from within the client's callbacks: only notes are taken."""

from collections.abc import Callable, Iterable, Mapping

from topologies.runtime.kafka.polled import Partition


class Ownership:
    """A task is ours when *all* its inputs are assigned to us.

    Its incarnation changes whenever it comes, goes or has to begin again:
    what belongs to an earlier one is not used any more.

    Args:
        topics: the inputs.
        on_gained: called with (task, incarnation).
        on_lost: called with the task.
    """

    def __init__(
        self, topics: Iterable[str], on_gained: Callable[[int, int], None], on_lost: Callable[[int], None]
    ) -> None:
        self._topics = set(topics)
        self._on_gained = on_gained
        self._on_lost = on_lost
        self._assigned: dict[int, set[str]] = {}
        self._incarnations: dict[int, int] = {}

    def assigned(self, partitions: Iterable[Partition]) -> None:
        """The group gave us these."""
        for topic, number in partitions:
            topics = self._assigned.setdefault(number, set())
            topics.add(topic)
            if topics == self._topics:
                self.renew(number)

    def revoked(self, partitions: Iterable[Partition]) -> None:
        """The group took these, or we lost them."""
        for topic, number in partitions:
            topics = self._assigned.get(number, set())
            if topics == self._topics:
                self._incarnations[number] += 1
                self._on_lost(number)
            topics.discard(topic)

    def renew(self, number: int) -> None:
        """Let a task begin again."""
        self._incarnations[number] = self._incarnations.get(number, 0) + 1
        self._on_gained(number, self._incarnations[number])

    def is_current(self, number: int, incarnation: int) -> bool:
        """Whether a task is ours in this incarnation."""
        return self._assigned.get(number, set()) == self._topics and self._incarnations.get(number) == incarnation

    @property
    def tasks(self) -> list[int]:
        """The tasks that are ours."""
        return [number for number, topics in self._assigned.items() if topics == self._topics]

    @property
    def incomplete(self) -> list[int]:
        """The tasks of which we have some inputs, not all."""
        return [number for number, topics in self._assigned.items() if topics and topics != self._topics]

    def incarnations(self) -> Mapping[int, int]:
        """Return a copy, to compare with after a poll."""
        return dict(self._incarnations)
