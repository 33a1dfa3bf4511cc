"""What is there in the end, read by clients of our own."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from confluent_kafka import Consumer, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from tests.chaos.load import Place
from tests.chaos.oracle import Evidence, Partition, Told
from tests.chaos.remains import Change, Remains
from tests.integration import outputs
from tests.integration.crowd import PLACES, Laid
from tests.integration.installation import Installation
from tests.integration.records import Record, Servers
from topologies.runtime import head
from topologies.runtime.head import Head
from topologies.runtime.journal import assembly, record
from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.marker import content_hash

ANSWER_S = 5.0
LOOK_S = 0.05
SETTLE_S = 60.0
"""The longest that a transaction may be left open: its timeout, and until the coordinator looks."""

INTERNAL = "__consumer_offsets"


class Group:
    """Where the group stands, as far as anybody answers."""

    def __init__(self, croupier: Installation, servers: Servers) -> None:
        self._croupier = croupier
        self._servers = {**servers, "log_level": 0}
        self._consumer: Consumer | None = None

    def offsets(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return committed offsets; nothing when nobody answers."""
        asked = [TopicPartition(self._croupier.topic(topic), number) for topic, number in places]
        self._consumer = self._consumer or Consumer({**self._servers, "group.id": self._croupier.app})
        try:
            found = self._consumer.committed(asked, ANSWER_S)
        except KafkaException:
            return {}
        return {(self._croupier.plain(each.topic), each.partition): each.offset for each in found}

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()


def evidence(
    croupier: Installation,
    servers: Servers,
    told: Sequence[Laid],
    resident: Mapping[str, float],
    resident_mb_max: float,
    left: Sequence[Remains],
) -> Evidence:
    """Read everything; workers have ended, and `told` is what has been sent."""
    open_ends = settled(servers, croupier.app)
    sent = fed(croupier, told)
    places = [(topic, number) for number in {each.partition for each in sent} for topic in PLACES]
    group = Group(croupier, servers)
    offsets = group.offsets(places)
    group.close()
    written = outputs.written(croupier)
    events = _by_partition(croupier.read(croupier.topic("crm.events")))
    journal = _by_partition(croupier.read(f"{croupier.app}-journal"))
    state = _by_partition(croupier.read(croupier.state_topic))
    partitions = {
        number: Partition(
            there,
            [_told(each) for each in events.get(number, ())],
            [_plain(croupier, each) for each in _commits(journal.get(number, ()))],
            [_head(croupier, each) for each in state[number] if each.key == head.KEY],
            {topic: offset for (topic, partition), offset in offsets.items() if partition == number},
            [Change(each.offset, each.key or b"", each.value) for each in state[number]],
        )
        for number, there in written.items()
    }
    return Evidence(sent, partitions, open_ends, resident, resident_mb_max, left)


def fed(croupier: Installation, told: Sequence[Laid]) -> list[Laid]:
    """Return the records as they lie on their topics, each with what it means.

    What the source's client has sent twice is there twice. What became of records between source and topic is not our
    affair.
    """
    means = {_what(each): each.says for each in told}
    lying = []
    for topic in PLACES:
        for each in croupier.read(croupier.topic(topic)):
            value = each.value or b""
            says = means[topic, each.partition, each.timestamp, each.key, value]
            lying.append(Laid(topic, each.partition, each.offset, each.timestamp, each.key, value, says))
    return lying


def lost_by_the_source(told: Sequence[Laid], sent: Sequence[Laid]) -> list[str]:
    """Say what the source's client calls delivered, and is not there: then the harness itself is broken."""
    missing = {_what(each) for each in told} - {_what(each) for each in sent}
    return [f"the source has lost {len(missing)} of {len(told)} records by itself"] if missing else []


def _what(laid: Laid) -> tuple[object, ...]:
    return laid.topic, laid.partition, laid.timestamp, laid.key, laid.value


def settled(servers: Servers, app: str) -> dict[str, tuple[int, int]]:
    """Wait until no transaction is open any more; those partitions where one hangs, with both their ends."""
    admin = AdminClient({**servers, "log_level": 0})
    give_up_at_s = time.monotonic() + SETTLE_S
    while True:
        found = _open_ends(admin, app)
        if not found or time.monotonic() >= give_up_at_s:
            return found
        time.sleep(0.5)


def _open_ends(admin: AdminClient, app: str) -> dict[str, tuple[int, int]]:
    topics = admin.list_topics(timeout=ANSWER_S).topics
    places = [
        TopicPartition(name, number)
        for name, topic in topics.items()
        if name.startswith(app) or name == INTERNAL
        for number in topic.partitions
    ]
    stable = _ends(admin, places, IsolationLevel.READ_COMMITTED)
    return {
        place: (stable[place], high)
        for place, high in _ends(admin, places, IsolationLevel.READ_UNCOMMITTED).items()
        if stable[place] != high
    }


def _ends(admin: AdminClient, places: Sequence[TopicPartition], level: IsolationLevel) -> dict[str, int]:
    asked = {place: OffsetSpec.latest() for place in places}
    futures = admin.list_offsets(asked, isolation_level=level, request_timeout=ANSWER_S)
    return {f"{place.topic}/{place.partition}": future.result().offset for place, future in futures.items()}


def _by_partition(records: Iterable[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for each in records:
        found.setdefault(each.partition, []).append(each)
    return found


def _told(event: Record) -> Told:
    return (event.key or b"").decode(), event.headers["event-id"].decode(), content_hash(event.value or b"")


def _commits(records: Iterable[Record]) -> Iterable[Commit]:
    return assembly.commits(record.Record(each.offset, each.key or b"", each.value) for each in records)


def _plain(croupier: Installation, commit: Commit) -> Commit:
    inputs = {croupier.plain(topic): offset for topic, offset in commit.marker.inputs.items()}
    heard = [replace(each, id=croupier.plain(each.id)) for each in commit.marker.heard]
    inputs = {topic: inputs[topic] for topic in inputs if topic in PLACES}
    return commit._replace(marker=commit.marker._replace(inputs=inputs, heard=heard))


def _head(croupier: Installation, row: Record) -> Head:
    _, fields = orjson.loads((row.value or b"")[8:])
    inputs = {croupier.plain(topic): offset for topic, offset in fields["inputs"].items()}
    return Head(fields["stream_time"], {topic: inputs[topic] for topic in PLACES}, fields["commit"])


def wait(is_reached: Callable[[], bool], timeout_s: float, meanwhile: Callable[[], Any]) -> bool:
    """Wait for something, and do something else; whether it was reached."""
    give_up_at_s = time.monotonic() + timeout_s
    while not is_reached():
        meanwhile()
        if time.monotonic() >= give_up_at_s:
            return False
        time.sleep(LOOK_S)
    return True
