"""Reads what the topics have about one player: one partition of each, from a time on; keeps the player's records."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from topologies import units
from topologies.codecs import Codec
from topologies.graph import Message, Undecodable
from topologies.operations.explain import forgotten, letters
from topologies.operations.explain.found import Commit, Found, Input, Said
from topologies.operations.explain.journal import Journal
from topologies.operations.rewind import asking
from topologies.operations.rewind.search import newest
from topologies.operations.rewind.site import Read, Site, headers
from topologies.prepared import TIMES
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.marker import content_hash
from topologies.runtime.kafka import polled
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.partitioning import PARTITIONERS, java_default
from topologies.wire import load_json

SLACK_MS = 60_000
"""The records of one commit have times of their own, and clocks differ."""

Begins = Mapping[str, int]


class _Start(NamedTuple):
    """Where reading begins: `offset` in the journal, `inputs` there (empty: not known), and the time."""

    offset: int
    inputs: Begins
    time_ms: int


class Topics:
    """The topics of an application, as far as they concern one player.

    Args:
        site: the application.
        codec: reads its inputs.
        sources: topic → source of each input.
        player: the normalised id.
    """

    def __init__(self, site: Site, codec: Codec, sources: Mapping[str, str], player: str) -> None:
        self._site = site
        self._codec = codec
        self._sources = sources
        self._player = player
        self._key = player.encode()

    def partitions(self) -> Sequence[int]:
        """Return where the player's records lie; all when only the inputs' producer knows."""
        choose = PARTITIONERS[self._site.settings.partitioner]
        numbers = self._site.partitions
        return sorted(numbers) if choose is None else [choose(self._key, len(numbers))]

    def found(self, partition: int, since_ms: int | None) -> Found:
        """Return what a partition has since a time; None: as far back as the journal reaches.

        Raises:
            StreamError: the cluster does not answer, or a newer release wrote the journal.
            RegistryUnavailable, RegistryRefused: inputs cannot be decoded without it.
        """
        site = self._site
        journal_end = site.admin.stable_ends([(site.own.journal, partition)])[site.own.journal, partition]
        start = self._start(partition, since_ms, journal_end)
        events = [each for each in self._events(start.time_ms) if _is_of(partition, each[1])]
        written = [*events, *self._letters(partition, start.time_ms)]
        journal = Journal(self._player, {said.id for _, said in written}, start.inputs)
        where = (site.own.journal, partition)
        commits = list(journal.commits(each.message for each in site.read({where: (start.offset, journal_end)})))
        forgot = forgotten.forgotten(site, partition, self._player)
        if forgot is not None:
            forgot = forgot._replace(inputs=forgotten.inputs(commits, forgot))
            commits = forgotten.without(commits, forgot)
        heard = {each.id for commit in commits for each in commit.heard}
        said = [each for at_ms, each in written if at_ms >= start.time_ms or each.id in heard]
        begins = self._begins(partition, start, journal.lowest, since_ms)
        inputs = list(self._inputs(partition, _behind(begins, said) if not start.inputs else begins))
        now = self._now(partition, commits)
        reasons = self._reasons() if any(each.rewound_to is not None for each in commits) else {}
        return Found(self._player, partition, inputs, said, commits, now, journal.ends, reasons, forgot)

    def _start(self, partition: int, since_ms: int | None, end: int) -> _Start:
        """Return the end of the last commit before a time."""
        site, where = self._site, (self._site.own.journal, partition)
        first, _ = site.bounds(partition)
        if since_ms is None:
            oldest = None if first == 0 else next(site.read({where: (first, end)}), None)
            return _Start(first, {}, 0 if oldest is None else oldest.message.timestamp)
        at = min(site.admin.offsets_at([where], since_ms)[where], end)
        try:
            before = newest((first, at), partial(site.records, partition))
        except Refused:
            return _Start(first, {}, since_ms)
        return _Start(before.ends_at + 1, before.marker.inputs, since_ms)

    def _begins(self, partition: int, start: _Start, known: Begins, since_ms: int | None) -> Begins:
        """Return where the inputs begin: where the commits do; before the first that is known, by time."""
        if known and (start.inputs or since_ms is None):
            return known
        found = self._site.admin.offsets_at([(topic, partition) for topic in self._site.inputs], since_ms or 0)
        return {topic: min(offset, known.get(topic, offset)) for (topic, _), offset in found.items()}

    def _ours(self, ranges: Mapping[Partition, tuple[int, int]]) -> Iterator[Read]:
        return (each for each in self._site.read(ranges) if each.message.key == self._key)

    def _since(self, where: Sequence[Partition], time_ms: int) -> dict[Partition, tuple[int, int]]:
        admin = self._site.admin
        begins, ends = admin.offsets_at(where, max(0, time_ms - SLACK_MS)), admin.stable_ends(where)
        return {each: (begins[each], ends[each]) for each in where}

    def _events(self, time_ms: int) -> Iterator[tuple[int, Said]]:
        states = self._site.admin.topics(self._site.outputs)
        where = [(topic, java_default(self._key, state.partitions)) for topic, state in states.items()]
        for message, raw in self._ours(self._since(where, time_ms)):
            yield message.timestamp, _event(message, headers(raw))

    def _letters(self, partition: int, time_ms: int) -> Iterator[tuple[int, Said]]:
        where = [(self._site.own.dead_letters, partition)]
        for message, raw in self._ours(self._since(where, time_ms)):
            yield message.timestamp, letters.said(message, polled.headers(raw))

    def _inputs(self, partition: int, begins: Begins) -> Iterator[Input]:
        admin, where = self._site.admin, [(topic, partition) for topic in self._site.inputs]
        first, ends = admin.beginnings(where), admin.stable_ends(where)
        ranges = {each: (max(first[each], begins.get(each[0], 0)), ends[each]) for each in where}
        for message, _ in self._ours(ranges):
            yield self._input(message)

    def _input(self, message: Message) -> Input:
        source = self._sources[message.topic]
        value = self._codec.decode(source, [message])[0]
        known = (message.topic, message.partition, message.offset, message.timestamp, source)
        if isinstance(value, Undecodable):
            return Input(*known, None, f"{value.kind}, {value.reason}")
        return Input(*known, {**value, **{name: _time(value[name]) for name in TIMES[source]}})

    def _now(self, partition: int, commits: Iterable[Commit]) -> dict[bytes, bytes]:
        """Return the changed rows as the state topic has them now. What is not in it since the change is gone."""
        changed = {key: commit.time_ms for commit in commits for key, _ in commit.images}
        if not changed:
            return {}
        where = [(self._site.own.state, partition)]
        now: dict[bytes, bytes] = {}
        for message, _ in self._site.read(self._since(where, min(changed.values()))):
            if message.key in changed:
                now.pop(message.key, None)
                if message.value is not None:
                    now[message.key] = message.value
        return now

    def _reasons(self) -> Mapping[str, str]:
        return {each.command.id: each.command.reason for each in asking.ever_asked(self._site)}


def _event(message: Message, told: Mapping[str, bytes]) -> Said:
    names = ("event-id", "cause", "type", "replay")
    event_id, cause, type_, replay = (told.get(name, b"").decode(errors="replace") for name in names)
    value = _object(message.value)
    where = f"{message.topic}/{message.partition}/{message.offset}"
    content = content_hash(message.value or b"")
    return Said(where, _instant(value, message), "event", event_id, content, cause, type_, value, replay or None)


def _is_of(partition: int, said: Said) -> bool:
    """Whether a task has said this: the same player may have been in another's hands."""
    _, *place = said.cause.rsplit("/", 2)
    return place[:1] in ([], [str(partition)])


def _behind(begins: Begins, all_said: Iterable[Said]) -> Begins:
    """Where the first commit that is known has begun is told by what was said."""
    found = dict(begins)
    for said in all_said:
        topic, _, offset = said.cause.rpartition("/")
        topic = topic.rpartition("/")[0]
        if topic in found and offset.isdecimal():
            found[topic] = min(found[topic], int(offset))
    return found


def _object(value: bytes | None) -> Mapping[str, object]:
    try:
        found = load_json(value or b"")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _instant(value: Mapping[str, object], message: Message) -> int:
    try:
        return units.instant(str(value["timestamp"]))
    except (KeyError, ValueError):
        return message.timestamp


def _time(value: int | None) -> str | int | None:
    """As `load` takes it; what is no time of this era stays a number."""
    try:
        return None if value is None else units.instant_text(value)
    except OverflowError:
        return value
