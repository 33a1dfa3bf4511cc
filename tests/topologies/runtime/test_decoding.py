"""Micro-batches of records as they are decoded, whatever the decoder does."""

from collections.abc import Sequence

import pytest

from tests.topologies.runtime.raws import facts, raw
from topologies.graph import Decoded, Entry, Message, Unanswered, Undecodable
from topologies.runtime.decoding import DecodeSource, decoded

RAWS = [raw("bets", offset, 100 + offset, value) for offset, value in enumerate((b"1", b"{", b"3"))]


def in_silence(messages: Sequence[Message]) -> list[Decoded]:
    """Leave out what is no JSON document."""
    return facts([each for each in messages if each.value != b"{"])


@pytest.mark.parametrize("decode", [facts, in_silence])
def test_a_decoders_bug_costs_the_record_at_fault_alone(decode: DecodeSource) -> None:
    one, bad, three = decoded(decode, RAWS)

    assert [Entry("p", 1), Entry("p", 3)] == [one.decoded, three.decoded]
    assert isinstance(bad.decoded, Undecodable)
    assert ("bug", True) == (bad.decoded.kind, bad.decoded.reason.endswith(" while decoding"))


def test_each_goes_with_its_record() -> None:
    items = list(decoded(facts, [RAWS[2], RAWS[0]]))

    assert [Message("bets", 0, 2, 102, b"p", b"3"), Message("bets", 0, 0, 100, b"p", b"1")] == [
        each.message for each in items
    ]
    assert [RAWS[2], RAWS[0]] == [each.raw for each in items]


def test_what_nobody_can_know_now_is_not_the_records_fault() -> None:
    """A schema registry is away: called undecodable, the records would be dead."""

    def unanswered(_: Sequence[Message]) -> list[Decoded]:
        raise Unanswered

    with pytest.raises(Unanswered):
        decoded(unanswered, RAWS)
