"""JSON documents to their topics: right topic, key, timestamp and Avro bytes."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from topologies import prepared
from topologies.codecs import Codec
from topologies.documents import BadDocument, Problem
from topologies.operations import json_files
from topologies.operations.json_files import Found, Lines
from topologies.operations.keeping import Keeping
from topologies.prepared import Prepared
from topologies.runtime.kafka.sender import Sender


class Bad(NamedTuple):
    """A document that cannot be sent."""

    file: str
    line: int
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        """One line: where, which field, what is wrong."""
        said = "; ".join(": ".join(filter(None, problem)) for problem in self.problems)
        return f"{self.file}, line {self.line}: {said}"


class Good(NamedTuple):
    """A document that can be sent."""

    file: str
    line: int
    record: Prepared
    key: str | None = None
    """Instead of the record's own."""


def documents(files: Iterable[tuple[str, Lines]], topics: Mapping[str, str]) -> Iterator[Good | Bad]:
    """Every document of every file, checked; `topics` is source → topic.

    Each file keeps its own order. Between files the earlier record comes first, so that histories told one in a file
    arrive as they happened.
    """
    kinds = {topic: kind for kind, topic in topics.items()}
    timed = (_timed(_of_file(file, lines, kinds)) for file, lines in files)
    yield from (document for _, document in heapq.merge(*timed, key=itemgetter(0)))


def _timed(read: Iterable[Good | Bad]) -> Iterator[tuple[int, Good | Bad]]:
    """Documents with their times; one without has that of the one before it."""
    time = 0
    for document in read:
        if isinstance(document, Good) and document.record.timestamp_ms is not None:
            time = document.record.timestamp_ms
        yield time, document


def _of_file(file: str, lines: Lines, kinds: Mapping[str, str]) -> Iterator[Good | Bad]:
    for each in json_files.found(lines()):
        yield _document(file, each, kinds)


def _document(file: str, each: Found, kinds: Mapping[str, str]) -> Good | Bad:
    if each.problem is not None:
        return Bad(file, each.line, (Problem("", each.problem),))
    try:
        return Good(file, each.line, *_record(each.value, kinds))
    except BadDocument as error:
        return Bad(file, each.line, tuple(error.problems))


def _record(value: Any, kinds: Mapping[str, str]) -> tuple[Prepared, str | None]:  # noqa: ANN401  a JSON value
    """A document, or `{"topic": …, "value": {…}}`, optionally with `"key"`."""
    if not (isinstance(value, dict) and "topic" in value):
        return prepared.document(None, value), None
    kind = kinds.get(value["topic"]) if isinstance(value["topic"], str) else None
    if kind is None:
        raise BadDocument(Problem("topic", f"should be one of {', '.join(kinds)}"))
    key = value.get("key")
    if not isinstance(key, str | None):
        raise BadDocument(Problem("key", "should be text"))
    return prepared.document(kind, value.get("value")), key


def shift_to(now_ms: int, loaded: Iterable[Good | Bad]) -> int:
    """What moves all times so that the newest fact is now. Whole seconds, as the vendors' times are."""
    times = (each.record.timestamp_ms for each in loaded if isinstance(each, Good))
    newest = max((time for time in times if time is not None), default=now_ms)
    return (now_ms - newest) // 1000 * 1000


class Loading:
    """Sends documents one by one; without a sender it only checks that they could be sent.

    Args:
        codec: makes the bytes.
        topics: source → topic.
        sender: None for a dry run.
        now_ms: the timestamp of records that have none of their own.
        shift_ms: added to all times.
        keeping: is told of what is sent.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a record needs on its way
        self,
        codec: Codec,
        topics: Mapping[str, str],
        sender: Sender | None,
        now_ms: int,
        shift_ms: int,
        keeping: Keeping | None = None,
    ) -> None:
        self.counts = Counter[str]()
        self._codec = codec
        self._topics = topics
        self._sender = sender
        self._now_ms = now_ms
        self._shift_ms = shift_ms
        self._keeping = keeping

    def take(self, document: Good) -> Bad | None:
        """Send a document; what is wrong with it if its bytes cannot be made."""
        record = prepared.shifted(document.record, self._shift_ms) if self._shift_ms else document.record
        topic = self._topics[record.kind]
        try:
            key = (record.key if document.key is None else document.key).encode()
            value = self._codec.encode(record.kind, record.value)
        except ValueError as error:
            return Bad(document.file, document.line, (Problem("", str(error)),))
        if self._sender is not None:
            timestamp = self._now_ms if record.timestamp_ms is None else record.timestamp_ms
            self._sender.send(topic, key, value, timestamp)
            if self._keeping is not None:
                self._keeping.take(topic, timestamp)
        self.counts[topic] += 1
        return None

    def finish(self) -> None:
        """Wait until the broker has everything."""
        if self._sender is not None:
            self._sender.flush()
