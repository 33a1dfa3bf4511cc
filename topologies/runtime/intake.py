"""From polled records to the lanes of their tasks: checked for ownership, decoded in micro-batches, bounded."""

from collections.abc import Callable, Mapping, Sequence

from topologies.graph import Decoded, Entry, Message, Topology, Undecodable
from topologies.runtime.kafka.inputs import Inputs
from topologies.runtime.kafka.polled import Partition, Polled, RawMessage, message
from topologies.runtime.merge import ITEM_OVERHEAD_BYTES, Item
from topologies.runtime.rewinding.chore import Chore
from topologies.runtime.rewinding.control import decode
from topologies.runtime.task import Task

RECORD_BYTES = 2 * ITEM_OVERHEAD_BYTES
"""What a record takes while it waits, before anybody has seen it."""

RECORDS_MIN = 100
"""A poll for fewer would cost more than it brings."""

LOW_MARK = 4
"""A lane goes on when a quarter of its share is left. Far apart: a pause drops what was prefetched."""


class Intake:
    """Distributes polls, and pauses the inputs whose records wait for those of others.

    Args:
        topology: whose sources decode.
        control: the topic of commands.
        waiting_bytes_max: memory for records that wait, all lanes together.
    """

    def __init__(self, topology: Topology, control: str, waiting_bytes_max: int) -> None:
        self._decoders = {source.topic: source.decode for source in topology.sources} | {control: _said}
        self._sources = len(topology.sources)
        self._waiting_bytes_max = waiting_bytes_max
        self._paused: set[Partition] = set()

    def distribute(self, polled: Polled, tasks: Mapping[int, Task | Chore]) -> None:
        """Give records and ends to `tasks`: only those that were ours before the poll and still are."""
        by_topic: dict[str, list[RawMessage]] = {}
        for raw in polled.messages:
            if raw.partition() in tasks:
                by_topic.setdefault(raw.topic() or "", []).append(raw)
        for topic, raws in by_topic.items():
            messages = [message(raw) for raw in raws]
            decoded = self._decode(topic, messages)
            lanes = {number: task.lanes[topic] for number, task in tasks.items()}
            for read, fact, raw in zip(messages, decoded, raws, strict=True):
                lanes[read.partition].add(Item(read, fact, raw))
        for end in polled.ends:
            if (task := tasks.get(end.partition)) is not None:
                task.lanes[end.topic].ended(end.offset)

    def _decode(self, topic: str, messages: list[Message]) -> list[Decoded]:
        decode = self._decoders[topic]
        try:
            return decode(messages)
        except Exception:  # noqa: BLE001 - a decoder must not raise; if it does, let it cost the record at fault alone
            return [_decoded_alone(decode, each) for each in messages]

    def records_max(self, tasks: int, usual: int) -> int:
        """Return how many records a poll may bring: all may be one lane's, and it is paused only afterwards."""
        return min(usual, max(RECORDS_MIN, self._share(tasks) // RECORD_BYTES))

    def regulate(self, tasks: Mapping[int, Task | Chore], inputs: Inputs) -> None:
        """Pause lanes that hold more than their share, resume those that hold little."""
        share = self._share(len(tasks))
        for number, task in tasks.items():
            for lane in task.merge.lanes:
                here = (lane.topic, number)
                if here not in self._paused:
                    if lane.waiting_bytes > share:
                        self._paused.add(here)
                        inputs.pause([here])
                elif lane.waiting_bytes < share // LOW_MARK:
                    self._paused.discard(here)
                    inputs.resume([here])

    def forget(self, number: int) -> None:
        """A task came or went: assigning and seeking forget pauses."""
        self._paused = {here for here in self._paused if here[1] != number}

    def _share(self, tasks: int) -> int:
        """Return the bytes that may wait in one lane."""
        return self._waiting_bytes_max // max(1, tasks * self._sources)


def _said(messages: Sequence[Message]) -> list[Decoded]:
    return [Entry("", decode(each.value)) for each in messages]


def _decoded_alone(decode: Callable[[Sequence[Message]], list[Decoded]], each: Message) -> Decoded:
    try:
        (decoded,) = decode([each])
    except Exception as error:  # noqa: BLE001 - as above
        return Undecodable("bug", f"{type(error).__name__} while decoding")
    return decoded
