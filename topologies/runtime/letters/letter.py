"""Dead letters as they are read: what each says, what it becomes when it is sent again, and the note of that.

The note lies in the dead-letter topic, in the letter's partition and behind it,
so retention never takes it before the letter. It is written in the transaction
that sends the record again, and names the record that died, not the letter:
a rewind that sends everything again writes another letter of the same record.
"""

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from topologies.graph import Message
from topologies.runtime.batch import DeadRecord
from topologies.runtime.dead_letters import PREFIX, SOURCE, TIMER, Headers
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.partitioning import PARTITIONERS

REPLAYED = "replayed"
"""The form of a note."""

DIGITS_MAX = 19
"""Of what fits into 64 bits."""

EARLIEST_MS = 1
"""A producer that is told 0 takes the time of day."""

OBSTACLES: Mapping[str, str] = {
    "fact": "the record had waited, and what is kept here is not its bytes",
    "timer": "it was no record, but a timer that could not fire",
    "omitted": "the record was too large to be kept here",
}
"""Form → why nothing can be sent."""


class Place(NamedTuple):
    """Where a record stood when it died."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Return it as causes have it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class Letter(NamedTuple):
    """A dead letter; `partition` and `offset` are its own, `time_ms` is when it was written.

    `source`, `timestamp` and `headers` are the record's. `attempt` counts from
    1. `form` says what `value` is; empty: the record's own bytes.
    """

    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: bytes | None
    kind: str
    reason: str
    source: Place
    timestamp: int
    first_seen: int
    attempt: int
    form: str
    headers: Sequence[tuple[str, bytes]]

    @property
    def name(self) -> str:
        """How people call it."""
        return f"{self.partition}/{self.offset}"


class Note(NamedTuple):
    """A record that died at `source` was sent again, as this `attempt`, by somebody, at `time_ms`."""

    source: Place
    attempt: int
    by: str
    time_ms: int


class Again(NamedTuple):
    """A record that is sent again."""

    to: Partition
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int


def read(message: Message, headers: Headers) -> Letter | Note | None:
    """Return what a record of the dead-letter topic says; None when it is not ours."""
    said = {name.removeprefix(PREFIX): value for name, value in headers if name.startswith(PREFIX)}
    try:
        # Many letters, and the notes that are remembered, have few topics.
        source = Place(sys.intern(said["topic"].decode()), _whole(said["partition"]), _whole(said["offset"]))
        if (form := said.get("form", b"").decode()) == REPLAYED:
            return Note(source, _whole(said["attempt"]), said["by"].decode(errors="replace"), message.timestamp)
        return Letter(
            message.partition,
            message.offset,
            message.timestamp,
            message.key,
            message.value,
            said["class"].decode(),
            said["reason"].decode(),
            source,
            _whole(said["timestamp"]),
            _whole(said["first-seen"]),
            _whole(said["attempt"]),
            form,
            [(name.removeprefix(SOURCE), value) for name, value in headers if name.startswith(SOURCE)],
        )
    except (KeyError, ValueError):
        return None


def _whole(text: bytes) -> int:
    """A whole number as we write it. One below 0 is a time before 1970, or none."""
    if not text.removeprefix(b"-").isdigit() or len(text) > DIGITS_MAX:
        raise ValueError("no number of ours")
    return int(text)


def obstacle(letter: Letter, topics: Collection[str]) -> str | None:
    """Say why a letter cannot be sent again to one of these topics, the inputs; None: it can."""
    if letter.form or letter.source.topic == TIMER:
        return OBSTACLES.get(letter.form, f"what is kept here has an unknown form: {letter.form}")
    return None if letter.source.topic in topics else f"{letter.source.topic} is no input of this application"


def again(letter: Letter, partitioner: str, partitions: int) -> Again:
    """Return the record as it was, with its own time, as its next attempt.

    It goes where it lay; a `wrong-key` one where its key belongs.
    """
    choose, number = PARTITIONERS[partitioner], letter.source.partition
    if letter.kind == "wrong-key" and choose is not None and letter.key is not None:
        number = choose(letter.key, partitions)
    own = [(PREFIX + "first-seen", b"%d" % letter.first_seen), (PREFIX + "attempt", b"%d" % (letter.attempt + 1))]
    to = (letter.source.topic, number)
    return Again(to, letter.key, letter.value, [*own, *letter.headers], max(letter.timestamp, EARLIEST_MS))


def note(letter: Letter, by: str) -> DeadRecord:
    """Return the note that a letter was sent again."""
    headers = [
        (PREFIX + "form", REPLAYED.encode()),
        (PREFIX + "topic", letter.source.topic.encode()),
        (PREFIX + "partition", b"%d" % letter.source.partition),
        (PREFIX + "offset", b"%d" % letter.source.offset),
        (PREFIX + "attempt", b"%d" % (letter.attempt + 1)),
        (PREFIX + "by", by.encode(errors="replace")),
    ]
    return DeadRecord(letter.partition, letter.key, None, headers)
