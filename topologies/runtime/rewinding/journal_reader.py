"""Reads ranges of the journal."""

from collections.abc import Callable, Iterator

from topologies.runtime.errors import Halted, Unavailable
from topologies.runtime.journal.record import Record
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.polled import Trap
from topologies.runtime.kafka.reader import Reader

POLL_S = 0.1
RECORDS_PER_POLL = 5_000


class JournalReader:
    """One reader for all partitions of the journal, one range at a time.

    Args:
        topic: the journal.
        reader: of committed records.
        admin: knows where partitions begin and end.
        is_stopping: ends a read early.
    """

    def __init__(self, topic: str, reader: Reader, admin: Admin, is_stopping: Callable[[], bool]) -> None:
        self._topic = topic
        self._reader = reader
        self._admin = admin
        self._is_stopping = is_stopping

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return the first offset, and the one behind the last record, of open transactions too."""
        here = (self._topic, partition)
        return self._admin.beginnings([here])[here], self._admin.ends([here])[here]

    def read(self, partition: int, begin: int, end: int) -> Iterator[Record]:
        """Yield the committed records from `begin` to before `end`.

        Raises:
            Unavailable: nobody answers, or we are to stop.
            Halted: retention has deleted them meanwhile.
        """
        here = (self._topic, partition)
        if begin >= end:
            return
        self._reader.add({here: begin})
        try:
            yield from self._until(partition, begin, end)
        finally:
            self._reader.remove([here])

    def _until(self, partition: int, begin: int, end: int) -> Iterator[Record]:
        position = begin
        while position < end:
            if self._is_stopping():
                raise Unavailable("stopped while the journal was read")
            polled = self._reader.poll(POLL_S, RECORDS_PER_POLL)
            for raw in polled.messages:
                # Of an earlier range some may still come out. Who reads counts, so that none passes for another.
                if raw.partition() != partition:
                    continue
                offset: int = raw.offset()  # type: ignore[assignment]  # a message without an error has one
                if position <= offset < end:
                    position = offset + 1
                    yield Record(offset, raw.key() or b"", raw.value())
                elif offset >= end:
                    return
            position = max([position, *(each.offset for each in polled.ends if each.partition == partition)])
            for trap in polled.traps:
                _raise(trap, partition)

    def close(self) -> None:
        """Let go of the connection."""
        self._reader.close()


def _raise(trap: Trap, partition: int) -> None:
    if isinstance(trap.error, Halted) and trap.partition == partition:
        raise trap.error
    if not isinstance(trap.error, Unavailable | Halted):
        raise trap.error
