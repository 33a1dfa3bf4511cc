from dataclasses import replace

from topologies.graph import Message
from topologies.operations.explain import letters, words
from topologies.runtime.dead_letters import Verdict, of_message
from topologies.runtime.letters.letter import Letter, note, read

RECORD = of_message(Message("bets", 3, 17, 1_000, b"p1", b"{}"), Verdict("missing-rate", "no rate of USD"), [], 5_000)
LYING = Message("dead", 3, 9, 6_000, b"p1", b"{}")


def test_a_dead_letter_tells_its_class_and_reason_below_its_record() -> None:
    said = letters.said(LYING, RECORD.headers)

    assert ("dead-letter", "bets/3/17") == (said.what, said.cause)
    assert "dead letter, missing-rate: no rate of USD" == words.of_said(said)


def test_that_it_was_sent_again_stands_below_the_same_record() -> None:
    letter = read(LYING, RECORD.headers)
    assert isinstance(letter, Letter)
    said = letters.said(replace(LYING, offset=10, value=None), note(letter, "anna@laptop").headers)

    assert ("replayed", "bets/3/17") == (said.what, said.cause)
    assert "dead letter, sent again by anna@laptop as attempt 2" == words.of_said(said)
