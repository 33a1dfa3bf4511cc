"""Records that cannot be processed, as they stand in the dead-letter topic."""

from collections.abc import Sequence
from typing import NamedTuple

from topologies.graph import Message, Timer, Waited
from topologies.runtime.batch import DeadRecord
from topologies.wire import dump_json

Headers = Sequence[tuple[str, bytes]]

PREFIX = "dead-letter."
SOURCE = "source."

TIMER = "timer"
"""In the place of the topic: it was no record."""

REASON_CHARACTERS_MAX = 500
KEY_BYTES_MAX = 1_000
"""Of a dead letter that could not be written otherwise."""


class Verdict(NamedTuple):
    """Why a record is dead: `kind` is the dead letter's class."""

    kind: str
    reason: str


class Refusal(NamedTuple):
    """What was said of a step whose output could not be written.

    `is_bare`: even its dead letter could not, so it goes without the record's bytes.
    """

    verdict: Verdict
    is_bare: bool


def bare(letter: DeadRecord) -> DeadRecord:
    """Return a dead letter without what the source sent: it was too large to be written twice."""
    own = [(name, value) for name, value in letter.headers if not name.startswith(SOURCE)]
    size = b"%d" % len(letter.value or b"")
    key = letter.key if letter.key is None or len(letter.key) <= KEY_BYTES_MAX else None
    return DeadRecord(letter.partition, key, None, [*own, (PREFIX + "form", b"omitted"), (PREFIX + "bytes", size)])


def of_message(message: Message, verdict: Verdict, source_headers: Headers, seen_at: int) -> DeadRecord:
    """Return the dead letter of a record as it came: its own bytes, its own headers behind ours.

    A record that came from a replayed dead letter keeps its first time and its attempt.
    """
    earlier = dict(source_headers)
    first_seen = number(earlier.get(PREFIX + "first-seen")) or b"%d" % seen_at
    attempt = number(earlier.get(PREFIX + "attempt")) or b"1"
    own = [
        *_verdict(verdict),
        *_where(message.topic, message.partition, message.offset, message.timestamp),
        (PREFIX + "first-seen", first_seen),
        (PREFIX + "attempt", attempt),
    ]
    kept = [(SOURCE + name, value) for name, value in source_headers if not name.startswith(PREFIX)]
    return DeadRecord(message.partition, message.key, message.value, own + kept)


def of_waited(waited: Waited, verdict: Verdict, seen_at: int) -> DeadRecord:
    """Return the dead letter of a record that had waited in state: its fact as JSON."""
    own = [
        *_verdict(verdict),
        *_where(waited.topic, waited.partition, waited.offset, waited.timestamp),
        (PREFIX + "first-seen", b"%d" % seen_at),
        (PREFIX + "attempt", b"1"),
        (PREFIX + "form", b"fact"),
    ]
    return DeadRecord(waited.partition, waited.key, waited.value, own)


def of_timer(partition: int, timer: Timer, verdict: Verdict, seen_at: int) -> DeadRecord:
    """Return the dead letter of a timer that could not fire: the timer as JSON."""
    own = [
        *_verdict(verdict),
        *_where(TIMER, partition, timer.due, timer.due),
        (PREFIX + "first-seen", b"%d" % seen_at),
        (PREFIX + "attempt", b"1"),
        (PREFIX + "form", b"timer"),
    ]
    return DeadRecord(partition, timer.key.encode(), dump_json(timer._asdict()), own)


def number(text: bytes | None) -> bytes | None:
    """Return a header's number. Anybody may send headers: ours are believed when they can be ours."""
    return text if text is not None and text.isdigit() and len(text) < len(b"9223372036854775808") else None


def _verdict(verdict: Verdict) -> Headers:
    reason = verdict.reason[:REASON_CHARACTERS_MAX]
    return [(PREFIX + "class", verdict.kind.encode()), (PREFIX + "reason", reason.encode(errors="replace"))]


def _where(topic: str, partition: int, offset: int, timestamp: int) -> Headers:
    return [
        (PREFIX + "topic", topic.encode()),
        (PREFIX + "partition", b"%d" % partition),
        (PREFIX + "offset", b"%d" % offset),
        (PREFIX + "timestamp", b"%d" % timestamp),
    ]
