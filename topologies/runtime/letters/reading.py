"""Reads ranges of the dead-letter topic."""

from collections.abc import Callable, Iterator
from contextlib import closing

from topologies.runtime.errors import Unavailable
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.polled import headers, message
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.letters import letter
from topologies.runtime.letters.letter import Letter, Note

POLL_S = 0.1
RECORDS_PER_POLL = 1_000


class Letters:
    """The letters of an application and the notes behind them.

    Args:
        topic: where they lie.
        make_reader: of committed records; each range has one of its own.
        admin: knows where partitions begin and end.
        is_stopping: ends a read early.
    """

    def __init__(
        self, topic: str, make_reader: Callable[[], Reader], admin: Admin, is_stopping: Callable[[], bool]
    ) -> None:
        self.topic = topic
        self._make_reader = make_reader
        self._admin = admin
        self._is_stopping = is_stopping

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return the first offset, and the one behind the last record, of open transactions too.

        Who reads up to there has seen every note that was committed before: an
        older open transaction of somebody else may hide it from who reads less.
        """
        here = (self.topic, partition)
        return self._admin.beginnings([here])[here], self._admin.ends([here])[here]

    def settled(self, partition: int, since_ms: int | None = None) -> tuple[int, int]:
        """Return the first offset, of a time on, and where open transactions begin: who only looks, waits for none."""
        here = [(self.topic, partition)]
        begins = self._admin.beginnings(here) if since_ms is None else self._admin.offsets_at(here, since_ms)
        return begins[here[0]], self._admin.stable_ends(here)[here[0]]

    def read(self, partition: int, begin: int, end: int) -> Iterator[Letter | Note]:
        """Yield what is committed from `begin` to before `end`.

        Raises:
            Unavailable: we are to stop.
            Halted: retention has deleted it meanwhile.
        """
        if begin >= end:
            return
        with closing(self._make_reader()) as reader:
            reader.add({(self.topic, partition): begin})
            position = begin
            while position < end:
                if self._is_stopping():
                    raise Unavailable("stopped while dead letters were read")
                polled = reader.poll(POLL_S, RECORDS_PER_POLL)
                for raw in polled.messages:
                    got = message(raw)
                    position = got.offset + 1
                    if got.offset < end and (said := letter.read(got, headers(raw))) is not None:
                        yield said
                position = max([position, *(each.offset for each in polled.ends)])
                for trap in polled.traps:
                    if not isinstance(trap.error, Unavailable):
                        raise trap.error
