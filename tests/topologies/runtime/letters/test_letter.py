from collections.abc import Sequence
from dataclasses import replace

import pytest

from topologies.graph import Message, Timer, Waited
from topologies.runtime.batch import DeadRecord
from topologies.runtime.dead_letters import Verdict, bare, of_message, of_timer, of_waited
from topologies.runtime.letters.letter import Again, Letter, Note, Place, again, note, obstacle, read
from topologies.runtime.partitioning import java_default

RECORD = Message("bets", 3, 17, 1_000, b"p1", b"\xff\x00")
VERDICT = Verdict("missing-rate", "no rate of USD")
SOURCES = [("trace", b"x"), ("trace", b"y")]

WRITTEN = of_message(RECORD, VERDICT, SOURCES, 5_000)
WAITED = of_waited(Waited("bets", 3, 17, 1_000, b"p1", b"{}"), VERDICT, 5_000)
TIMED = of_timer(3, Timer(77, "expiry", "p1", "b1"), VERDICT, 5_000)


def lying(record: DeadRecord, offset: int = 9) -> Message:
    return Message("dead", record.partition, offset, 6_000, record.key, record.value)


def letter(record: DeadRecord = WRITTEN) -> Letter:
    read_again = read(lying(record), record.headers)
    assert isinstance(read_again, Letter)
    return read_again


def test_what_was_written_is_read() -> None:
    place = Place("bets", 3, 17)
    expected = Letter(
        3, 9, 6_000, b"p1", b"\xff\x00", "missing-rate", "no rate of USD", place, 1_000, 5_000, 1, "", SOURCES
    )

    assert expected == letter()
    assert ("3/9", "bets/3/17") == (letter().name, str(place))


@pytest.mark.parametrize(
    ("record", "form"), [(WRITTEN, ""), (WAITED, "fact"), (TIMED, "timer"), (bare(WRITTEN), "omitted")]
)
def test_each_form_is_known(record: DeadRecord, form: str) -> None:
    assert form == letter(record).form


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("dead-letter.topic", b"bets")],
        [*WRITTEN.headers[1:]],
        [("dead-letter.partition", b"one"), *(each for each in WRITTEN.headers if each[0] != "dead-letter.partition")],
        [("dead-letter.class", b"\xff"), *WRITTEN.headers[1:]],
    ],
    ids=["none", "a few", "no class", "no number", "no text"],
)
def test_what_somebody_else_has_written_is_passed_over(headers: Sequence[tuple[str, bytes]]) -> None:
    assert None is read(lying(WRITTEN), headers)


def test_it_is_sent_again_as_it_was_as_its_next_attempt() -> None:
    own = [("dead-letter.first-seen", b"5000"), ("dead-letter.attempt", b"2")]

    assert Again(("bets", 3), b"p1", b"\xff\x00", [*own, *SOURCES], 1_000) == again(letter(), "murmur2", 6)


def test_dying_again_it_keeps_its_first_time_its_headers_and_its_count() -> None:
    sent = again(letter(), "murmur2", 6)
    second = letter(of_message(replace(RECORD, offset=40), VERDICT, sent.headers, 9_000))
    third = again(second, "murmur2", 6)

    assert (2, 5_000, SOURCES, Place("bets", 3, 40)) == (
        second.attempt,
        second.first_seen,
        second.headers,
        second.source,
    )
    assert [("dead-letter.first-seen", b"5000"), ("dead-letter.attempt", b"3"), *SOURCES] == third.headers


@pytest.mark.parametrize(
    ("timestamp", "expected"), [(1_000, 1_000), (0, 1), (-1, 1)], ids=["its own", "which none is told by", "none"]
)
def test_it_keeps_its_time(timestamp: int, expected: int) -> None:
    dead = letter(of_message(replace(RECORD, timestamp=timestamp), VERDICT, [], 5_000))

    assert (timestamp, expected) == (dead.timestamp, again(dead, "murmur2", 6).timestamp)


@pytest.mark.parametrize(
    ("kind", "key", "partitioner", "expected"),
    [
        ("invalid", b"p1", "murmur2", 3),
        ("wrong-key", b"p1", "murmur2", java_default(b"p1", 6)),
        ("wrong-key", b"p1", "none", 3),
        ("wrong-key", None, "murmur2", 3),
    ],
    ids=["any class: where it lay", "wrong-key: where its key belongs", "any partition is right", "no key"],
)
def test_it_goes_where_it_lay_or_belongs(kind: str, key: bytes | None, partitioner: str, expected: int) -> None:
    assert java_default(b"p1", 6) != 3

    assert ("bets", expected) == again(letter()._replace(kind=kind, key=key), partitioner, 6).to


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (WRITTEN, None),
        (WAITED, "the record had waited, and what is kept here is not its bytes"),
        (TIMED, "it was no record, but a timer that could not fire"),
        (bare(WRITTEN), "the record was too large to be kept here"),
        (of_message(replace(RECORD, topic="old"), VERDICT, [], 0), "old is no input of this application"),
        (
            WRITTEN._replace(headers=[*WRITTEN.headers, ("dead-letter.form", b"new")]),
            "what is kept here has an unknown form: new",
        ),
    ],
    ids=["a record", "one that had waited", "a timer", "too large", "another input", "a newer release's"],
)
def test_what_cannot_be_sent_says_why(record: DeadRecord, expected: str | None) -> None:
    assert expected == obstacle(letter(record), ["bets"])


def test_the_note_names_the_record_not_the_letter() -> None:
    written = note(letter(), "anna@laptop")

    assert (3, b"p1", None) == written[:3]
    assert Note(Place("bets", 3, 17), 2, "anna@laptop", 6_000) == read(lying(written), written.headers)
