"""Reading a topic from where a person wants to begin, committed records only."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from topologies.graph import Message
from topologies.operations.errors import Failed
from topologies.runtime.errors import Misconfigured
from topologies.runtime.kafka import polled
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.kafka.reader import Reader

POLL_S = 0.5

Headers = list[tuple[str, bytes]]


Batch = list[tuple[Message, Headers]]

Start = Literal["beginning", "end"] | int
"""An int is a time, ms."""


class Scope(NamedTuple):
    """What is read. `partitions` None means all; `drain` ends at what is there now."""

    topic: str
    start: Start = "end"
    partitions: frozenset[int] | None = None
    drain: bool = False


def records(admin: Admin, reader: Reader, scope: Scope) -> Iterator[Batch]:
    """Records as they come, in polls; a poll may be empty. Ends only with `drain`.

    Raises:
        Misconfigured: no such topic.
        Failed: no such partition.
        StreamError: the cluster does not answer, or a position is gone.
    """
    partitions = _partitions(admin, scope)
    positions = _positions(admin, scope, partitions)
    ends = admin.stable_ends(partitions) if scope.drain else {}
    open_ends = {each: end for each, end in ends.items() if positions[each] < end}
    reader.add(positions if not scope.drain else {each: positions[each] for each in open_ends})
    while open_ends or not scope.drain:
        batch = reader.poll(POLL_S)
        taken = [(polled.message(raw), polled.headers(raw)) for raw in batch.messages]
        yield [each for each in taken if _is_before(each[0], ends)]
        _close({(end.topic, end.partition): end.offset for end in batch.ends}, open_ends)
        if batch.traps:
            raise batch.traps[0].error
        _close({(message.topic, message.partition): message.offset + 1 for message, _ in taken}, open_ends)


def _partitions(admin: Admin, scope: Scope) -> list[Partition]:
    found = admin.topics([scope.topic]).get(scope.topic)
    if found is None:
        advice = "those of a topology are created with: croupier topics create"
        raise Misconfigured(f"topics are missing: {scope.topic}. {advice}")
    numbers = frozenset(range(found.partitions))
    wanted = numbers if scope.partitions is None else scope.partitions
    if beyond := wanted - numbers:
        raise Failed(f"topic {scope.topic} has {found.partitions} partitions, and no {min(beyond)}")
    return [(scope.topic, number) for number in sorted(wanted)]


def _positions(admin: Admin, scope: Scope, partitions: list[Partition]) -> Mapping[Partition, int]:
    if scope.start == "end":
        return admin.ends(partitions)
    if scope.start == "beginning":
        return admin.beginnings(partitions)
    return admin.offsets_at(partitions, scope.start)


def _is_before(message: Message, ends: Mapping[Partition, int]) -> bool:
    """While a topic is drained, what came after the beginning does not count."""
    end = ends.get((message.topic, message.partition))
    return end is None or message.offset < end


def _close(reached: Mapping[Partition, int], open_ends: dict[Partition, int]) -> None:
    """Forget the partitions that were read to their ends."""
    for each, offset in reached.items():
        if offset >= open_ends.get(each, offset + 1):
            del open_ends[each]
