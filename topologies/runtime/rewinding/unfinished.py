"""Rewinds and deletions of players that a worker has begun, and none has ended yet."""

from collections.abc import Callable, Collection, Iterable

from topologies.runtime.journal.record import Record
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import ENDS, Answer
from topologies.runtime.rewinding.journal_reader import JournalReader
from topologies.runtime.survey import Surveyor


def is_unfinished(records: Iterable[Record]) -> bool:
    """Whether a command of a partition was accepted and not ended; `records` are all of its control topic."""
    outcomes = {said.id: said.outcome for each in records if isinstance(said := control.decode(each.value), Answer)}
    return not ENDS.issuperset(outcomes.values())


class Unfinished:
    """Looks into the control topic; what `make_reader` returns reads that, when there is something to look for."""

    def __init__(self, topic: str, make_reader: Callable[[], JournalReader], surveyor: Surveyor) -> None:
        self._topic = topic
        self._make_reader = make_reader
        self._surveyor = surveyor
        self._reader: JournalReader | None = None

    def tasks(self, but_for: Collection[int]) -> list[int]:
        """Return the tasks with such a command, but for some.

        Raises:
            Unavailable: nobody answers, or we are to stop.
        """
        begins, ends = self._surveyor.beginnings(), self._surveyor.ends()
        numbers = sorted(number for topic, number in ends if topic == self._topic and number not in but_for)
        if not numbers:
            return []
        self._reader = reader = self._reader or self._make_reader()
        here = {number: (self._topic, number) for number in numbers}
        return [n for n in numbers if is_unfinished(reader.read(n, begins[here[n]], ends[here[n]]))]

    def close(self) -> None:
        """Let go of the connection."""
        if self._reader is not None:
            self._reader.close()
