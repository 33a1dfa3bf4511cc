"""The lanes of a task: what the client gives becomes what a task takes, in micro-batches."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from topologies.graph import Decoded, Entry, Message, Topology, Unanswered, Undecodable
from topologies.runtime.beginning import Beginning
from topologies.runtime.kafka.polled import RawMessage, message
from topologies.runtime.lane import Item, Lane
from topologies.runtime.rewinding import control

DecodeSource = Callable[[Sequence[Message]], list[Decoded]]


def input_lanes(topology: Topology, beginning: Beginning, *, is_replay: bool) -> list[Lane]:
    """Return the lanes of the inputs, in the topology's order."""
    # What another worker has taken beyond our end, while we drain, is taken again too.
    positions, stop_at = beginning.positions, (None if is_replay else beginning.stop_at) or {}
    return [
        Lane(each.topic, positions[each.topic], stop_at.get(each.topic), partial(decoded, each.decode))
        for each in topology.sources
    ]


def control_lane(beginning: Beginning) -> Lane:
    """Return the lane of commands."""
    topic = beginning.control
    return Lane(topic, beginning.positions[topic], decode=partial(decoded, _commands))


def decoded(decode: DecodeSource, raws: list[RawMessage]) -> Iterable[Item]:
    """Return records with what a source makes of them, same length and order.

    Raises:
        Unanswered: as the source does.
    """
    messages = [message(raw) for raw in raws]
    try:
        facts = decode(messages)
    except Unanswered:
        raise
    except Exception:  # noqa: BLE001 - a decoder must not raise; if it does, let it cost the record at fault alone
        facts = []
    if len(facts) != len(messages):
        facts = [_decoded_alone(decode, each) for each in messages]
    return map(Item, messages, facts, raws)


def _decoded_alone(decode: DecodeSource, each: Message) -> Decoded:
    try:
        (alone,) = decode([each])
    except Unanswered:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        return Undecodable("bug", f"{type(error).__name__} while decoding")
    return alone


def _commands(messages: Sequence[Message]) -> list[Decoded]:
    return [Entry("", control.decode(each.value)) for each in messages]
