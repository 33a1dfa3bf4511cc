"""What there is of a player, topic by topic, and until when: the proof behind a forgetting."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from topologies.graph import Message
from topologies.operations.rewind.site import Site
from topologies.runtime.forgetting import row
from topologies.runtime.journal.record import DIFFERENCE, MARKER, is_image, owner
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.partitioning import java_default
from topologies.units import instant_text
from topologies.wire import dump_json

FOREVER = "for ever"
COMPACTED = "compacted"
"""Nobody knows when: the broker compacts when enough has gathered."""

NEVER_MS = (1 << 63) - 1
"""Kafka's word for it, in milliseconds."""


class Remains(NamedTuple):
    """What one partition of a topic has of a player: how many records, the newest one's time, until when.

    `until` is a time, `for ever` or `compacted`; empty when there are none.
    `what` says what it is, and whose.
    """

    topic: str
    partition: int
    records: int
    newest_ms: int | None
    until: str
    what: str


class Proof(NamedTuple):
    """`rows` are there now, by kind; `deleted` were."""

    player: str
    partition: int
    deleted: Mapping[str, int]
    rows: Mapping[str, int]
    topics: Sequence[Remains]


INPUT = "what the source sent; the source may have more"
EVENT = "what the CRM was told; the CRM has its own copy"
LETTER = "what the source sent"
STATE = "rows that were replaced, and keys of deleted ones"
JOURNAL = "rows as they were before, their keys, ids of events"
CONTROL = "no id: a salted hash, whose salt goes with the journal"


def proof(site: Site, player: str, partition: int, deleted: Mapping[str, int]) -> Proof:
    """Look through the player's partition of each topic.

    Raises:
        StreamError: the cluster does not answer.
    """
    key, own = player.encode(), site.own
    outputs = site.admin.topics(site.outputs)
    places = [
        *((topic, partition, INPUT) for topic in site.inputs),
        *((topic, java_default(key, state.partitions), EVENT) for topic, state in outputs.items()),
        (own.dead_letters, partition, LETTER),
    ]
    topics = [
        _remains(site, (topic, number), what, _keyed(site, (topic, number), key)) for topic, number, what in places
    ]
    state = [each for each in _read(site, (own.state, partition)) if _is_of(each.key, key)]
    topics.append(_remains(site, (own.state, partition), STATE, state))
    journal = (each for each in _read(site, (own.journal, partition)) if _names(each, key))
    topics.append(_remains(site, (own.journal, partition), JOURNAL, journal))
    topics.append(Remains(own.control, partition, 0, None, "", CONTROL))
    return Proof(player, partition, deleted, _alive(state), topics)


def as_json(found: Proof) -> Mapping[str, Any]:
    """Return all of it as a JSON value."""
    topics = [
        {
            "topic": each.topic,
            "partition": each.partition,
            "records": each.records,
            "newest": None if each.newest_ms is None else instant_text(each.newest_ms),
            "until": each.until or None,
            "what": each.what,
        }
        for each in found.topics
    ]
    return {**found._asdict(), "topics": topics}


def _read(site: Site, where: Partition) -> Iterator[Message]:
    begins, ends = site.admin.beginnings([where]), site.admin.stable_ends([where])
    return (each.message for each in site.read({where: (begins[where], ends[where])}))


def _keyed(site: Site, where: Partition, key: bytes) -> Iterator[Message]:
    return (each for each in _read(site, where) if each.key == key)


def _is_of(row_key: bytes | None, key: bytes) -> bool:
    return row_key is not None and is_image(row_key) and owner(row_key) == key


def _names(message: Message, key: bytes) -> bool:
    """Whether a record of the journal has anything of a player."""
    if message.key is not None and (message.key == MARKER or message.key.startswith(DIFFERENCE)):
        # As JSON has it: by itself, or in the id of a timer's dead letter, or in a timer's key.
        text = dump_json(key.decode())[1:-1]
        return any(before + text + behind in (message.value or b"") for before, behind in _AROUND)
    return _is_of(message.key, key)


_AROUND = ((b'"', b'"'), (b"/", b"/"), (b"\\u0000", b"\\u0000"))


def _alive(state: Iterable[Message]) -> Mapping[str, int]:
    last = {each.key: each.value for each in state}
    return dict(Counter(row.kind(key) for key, value in last.items() if key is not None and value is not None))


def _remains(site: Site, where: Partition, what: str, messages: Iterable[Message]) -> Remains:
    times = [each.timestamp for each in messages]
    newest_ms = max(times, default=None)
    until = "" if newest_ms is None else until_of(site.admin.configs(where[0]), newest_ms)
    return Remains(*where, len(times), newest_ms, until, what)


def until_of(config: Mapping[str, str], newest_ms: int) -> str:
    """Return until when a topic keeps a record, by its configuration; its segments may make it a little longer."""
    policy = config.get("cleanup.policy", "delete")
    if "delete" in policy:
        kept_ms = int(config.get("retention.ms", -1))
        return FOREVER if kept_ms < 0 else instant_text((newest_ms + kept_ms) // 1000 * 1000)
    lag_ms = int(config.get("max.compaction.lag.ms", NEVER_MS))
    if lag_ms == NEVER_MS:
        return COMPACTED
    return instant_text((newest_ms + lag_ms + int(config.get("delete.retention.ms", 0))) // 1000 * 1000)
