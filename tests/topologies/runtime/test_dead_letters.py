import json
from dataclasses import replace

import pytest

from topologies.graph import Message, Timer, Waited
from topologies.runtime.dead_letters import (
    KEY_BYTES_MAX,
    REASON_CHARACTERS_MAX,
    Verdict,
    bare,
    of_message,
    of_timer,
    of_waited,
)

MESSAGE = Message("bets", 3, 17, 1_000, b"p1", b"\xff\x00")
VERDICT = Verdict("invalid", "no amount")


def test_a_dead_record_keeps_its_bytes_and_says_where_it_was() -> None:
    letter = of_message(MESSAGE, VERDICT, [], 5_000)

    assert (3, b"p1", b"\xff\x00") == (letter.partition, letter.key, letter.value)
    assert {
        "dead-letter.class": b"invalid",
        "dead-letter.reason": b"no amount",
        "dead-letter.topic": b"bets",
        "dead-letter.partition": b"3",
        "dead-letter.offset": b"17",
        "dead-letter.timestamp": b"1000",
        "dead-letter.first-seen": b"5000",
        "dead-letter.attempt": b"1",
    } == dict(letter.headers)


def test_the_sources_own_headers_follow_in_order() -> None:
    letter = of_message(MESSAGE, VERDICT, [("b", b"1"), ("a", b"2"), ("b", b"3")], 5_000)

    assert [("source.b", b"1"), ("source.a", b"2"), ("source.b", b"3")] == letter.headers[8:]


def test_a_replayed_dead_letter_that_dies_again_keeps_its_first_time_and_its_attempt() -> None:
    replayed = [
        ("dead-letter.first-seen", b"77"),
        ("dead-letter.attempt", b"4"),
        ("dead-letter.class", b"old"),
        ("x", b""),
    ]

    headers = of_message(MESSAGE, VERDICT, replayed, 5_000).headers

    own = dict(headers)
    assert (b"77", b"4", b"invalid", b"") == tuple(
        own[name] for name in ("dead-letter.first-seen", "dead-letter.attempt", "dead-letter.class", "source.x")
    )
    assert len(own) == len(headers)


@pytest.mark.parametrize("forged", [b"", b"x" * 1_000_000, b"-1", b"9" * 30])
def test_forged_headers_are_not_believed(forged: bytes) -> None:
    sent = [("dead-letter.first-seen", forged), ("dead-letter.attempt", forged)]

    own = dict(of_message(MESSAGE, VERDICT, sent, 5_000).headers)

    assert (b"5000", b"1") == (own["dead-letter.first-seen"], own["dead-letter.attempt"])


def test_a_record_without_key_and_value() -> None:
    letter = of_message(replace(MESSAGE, key=None, value=None), VERDICT, [], 5_000)

    assert (None, None) == (letter.key, letter.value)


def test_a_reason_is_short_and_can_be_encoded() -> None:
    letter = of_message(MESSAGE, Verdict("invalid", "\ud800" + "x" * 9_999), [], 5_000)

    assert b"?" + b"x" * (REASON_CHARACTERS_MAX - 1) == dict(letter.headers)["dead-letter.reason"]


def test_what_had_waited_is_told_as_a_fact() -> None:
    letter = of_waited(Waited("orders", 2, 5, 900, b"p1", b'{"n":1}'), VERDICT, 5_000)

    headers = dict(letter.headers)
    assert (2, b"p1", b'{"n":1}') == (letter.partition, letter.key, letter.value)
    assert (b"orders", b"5", b"900", b"fact") == tuple(
        headers[f"dead-letter.{name}"] for name in ("topic", "offset", "timestamp", "form")
    )


def test_a_timer_is_told_as_such() -> None:
    letter = of_timer(2, Timer(900, "expiry", "p1", "b7"), VERDICT, 5_000)

    headers = dict(letter.headers)
    assert {"due": 900, "name": "expiry", "key": "p1", "row_id": "b7"} == json.loads(letter.value or b"")
    assert (2, b"p1", b"timer", b"900") == (
        letter.partition,
        letter.key,
        headers["dead-letter.form"],
        headers["dead-letter.timestamp"],
    )


def test_the_barest_letter_has_nothing_large() -> None:
    message = replace(MESSAGE, key=b"k" * (KEY_BYTES_MAX + 1), value=b"v" * 10_000_000)

    letter = bare(of_message(message, VERDICT, [("huge", b"h" * 1_000_000)], 5_000))

    headers = dict(letter.headers)
    assert (None, None, b"omitted", b"10000000") == (
        letter.key,
        letter.value,
        headers["dead-letter.form"],
        headers["dead-letter.bytes"],
    )
    assert b"bets" == headers["dead-letter.topic"]
    assert sum(len(value) for value in headers.values()) < 1_000
