"""Where a rewind takes place: an application's topics, its journal, and the cluster to ask."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from typing import NamedTuple

from topologies import player
from topologies.graph import Message
from topologies.operations import components
from topologies.operations.errors import Failed
from topologies.runtime.errors import Misconfigured
from topologies.runtime.journal.record import Record
from topologies.runtime.kafka import polled
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.polled import Partition, RawMessage
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.names import OwnTopics, own_topics
from topologies.runtime.rewinding.journal_reader import JournalReader
from topologies.runtime.rights import Operation
from topologies.settings import Settings

POLL_S = 0.1
RECORDS_PER_POLL = 5_000


class Read(NamedTuple):
    """A record, and what its headers can be read of."""

    message: Message
    raw: RawMessage


def headers(raw: RawMessage) -> dict[str, bytes]:
    """Read the headers: costs much, so only of the few that are looked for."""
    return dict(polled.headers(raw))


class Site:
    """One application.

    `inputs` and `outputs` are the topology's topics in its order.

    Args:
        settings: the application's.
        is_meant: something will be taken back.
    """

    def __init__(self, settings: Settings, *, is_meant: bool = False) -> None:
        topology = components.topology(player.NAME, settings, with_registry=False)
        self.topology = topology
        self.settings = settings
        self._group: Operation = "Read" if is_meant else "Describe"
        self.admin: Admin = components.admin(settings, "Read", self._group)
        self.own: OwnTopics = own_topics(settings.app)
        self.inputs: Sequence[str] = [source.topic for source in topology.sources]
        self.outputs: Sequence[str] = [output.topic for output in topology.outputs]

    @cached_property
    def partitions(self) -> frozenset[int]:
        """All partitions, which are the tasks.

        Raises:
            Misconfigured: the topics of the application are missing.
        """
        wanted = (self.own.journal, self.own.control)
        found = self.admin.topics(wanted)
        if missing := [topic for topic in wanted if topic not in found]:
            raise Misconfigured(
                f"topics are missing: {', '.join(missing)}. create them with: croupier topics create {player.NAME}"
            )
        return frozenset(range(found[self.own.journal].partitions))

    def chosen(self, wanted: frozenset[int] | None) -> list[int]:
        """Return these partitions in order; None: all.

        Raises:
            Failed: one of them does not exist.
        """
        if beyond := (wanted or frozenset()) - self.partitions:
            raise Failed(f"there is no partition {min(beyond)}: {self.settings.app} has {len(self.partitions)}")
        return sorted(self.partitions if wanted is None else wanted)

    def beginnings(self, partition: int) -> dict[str, int]:
        """Return the first offset that retention has left of each input."""
        found = self.admin.beginnings([(topic, partition) for topic in self.inputs])
        return {topic: offset for (topic, _), offset in found.items()}

    def committed(self, partitions: Sequence[int]) -> dict[Partition, int]:
        """Return where the group is in these partitions of its inputs."""
        wanted = [(topic, number) for topic in self.inputs for number in partitions]
        return self.admin.committed(self.settings.app, wanted)

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return the first offset of a partition of the journal, and the one behind its last record."""
        here = (self.own.journal, partition)
        return self.admin.beginnings([here])[here], self.admin.ends([here])[here]

    def records(self, partition: int, begin: int, end: int) -> Iterator[Record]:
        """Yield the committed records of a partition of the journal from `begin` to before `end`."""
        with closing(JournalReader(self.own.journal, self.reader(), self.admin, lambda: False)) as journal:
            yield from journal.read(partition, begin, end)

    def reader(self) -> Reader:
        """Return a reader of committed records; each range has its own: of an earlier one, some may still come out."""
        return Reader(components.cluster(self.settings, self._group))

    def read(self, ranges: Mapping[Partition, tuple[int, int]]) -> Iterator[Read]:
        """Yield the committed records of partitions, of each from an offset to before another, as they come."""
        ends = {where: end for where, (begin, end) in ranges.items() if begin < end}
        if not ends:
            return
        with closing(self.reader()) as reader:
            reader.add({where: ranges[where][0] for where in ends})
            while ends:
                got = reader.poll(POLL_S, RECORDS_PER_POLL)
                for raw in got.messages:
                    message = polled.message(raw)
                    where = (message.topic, message.partition)
                    if message.offset < ends.get(where, 0):
                        yield Read(message, raw)
                    if message.offset + 1 >= ends.get(where, 0):
                        ends.pop(where, None)
                for each in got.ends:
                    if each.offset >= ends.get((each.topic, each.partition), 0):
                        ends.pop((each.topic, each.partition), None)
                if got.traps:
                    raise got.traps[0].error

    def times(self, partition: int, *offsets: int) -> list[int]:
        """Return the timestamps of records of the journal, ms."""
        where = (self.own.journal, partition)
        return [next(self.read({where: (offset, offset + 1)})).message.timestamp for offset in offsets]
