"""What waits in one input of a task: how far it is, when it is decoded, when it ends."""

from collections.abc import Iterable

import pytest
from confluent_kafka import Message as RawMessage

from tests.topologies.runtime.raws import decoded, lane, raw
from topologies.runtime.lane import DECODED_AHEAD, Item, Lane

BETS, ORDERS = "bets", "orders"


def test_behind_a_transaction_marker_the_end_itself_says_where_it_is() -> None:
    behind_marker = lane(ORDERS, 5)
    behind_marker.pop()
    assert not behind_marker.is_at_end(2)

    behind_marker.ended(2)
    behind_marker.settle()

    assert behind_marker.is_at_end(2)
    assert 2 == behind_marker.taken


def test_records_from_before_a_seek_are_dropped() -> None:
    sought = Lane(BETS, 10, decode=decoded)

    sought.add([raw(BETS, offset, 1) for offset in (9, 10, 10)])

    assert [10] == [each.message.offset for each in sought.items]


def test_an_end_from_before_the_position_says_nothing() -> None:
    sought = Lane(BETS, 10)

    sought.ended(9)

    assert (10, False) == (sought.position, sought.is_at_end(10))


def test_a_compacted_away_offset_is_no_gap() -> None:
    compacted = Lane(BETS, 0, decode=decoded)
    compacted.add([raw(BETS, 7, 1)])

    compacted.pop()
    compacted.settle()

    assert (8, 8) == (compacted.position, compacted.taken)


def test_waiting_memory_is_given_back() -> None:
    waiting = Lane(BETS, 0, decode=decoded)
    waiting.add([raw(BETS, 0, 1, b"[1, 2]"), raw(BETS, 1, 2, None)])
    waiting.add([raw(BETS, 2 + more, 3, b"17") for more in range(DECODED_AHEAD)])
    held = []

    while waiting.items:
        held.append(waiting.waiting_bytes)
        waiting.pop()

    assert held == sorted(set(held), reverse=True)
    assert (DECODED_AHEAD + 2, 0) == (len(held), waiting.waiting_bytes)


def test_records_are_decoded_when_they_are_about_to_be_taken() -> None:
    batches: list[list[int]] = []

    def watched(raws: list[RawMessage]) -> Iterable[Item]:
        batches.append([each.offset() or 0 for each in raws])
        return decoded(raws)

    waiting = Lane(BETS, 0, decode=watched)
    offsets = range(2 * DECODED_AHEAD + 1)
    first, second, third = (list(offsets[at : at + DECODED_AHEAD]) for at in range(0, len(offsets), DECODED_AHEAD))

    waiting.add([raw(BETS, offset, 1) for offset in offsets])
    assert [first] == batches

    for _ in first[:-1]:
        waiting.pop()
    assert [first] == batches, "one is left"
    waiting.pop()
    assert [first, second] == batches

    order = []
    while waiting.items:
        order.append(waiting.items[0].message.offset)
        waiting.pop()
    assert (second + third, [first, second, third]) == (order, batches)


@pytest.mark.parametrize(
    ("times", "end", "expected"),
    [
        pytest.param((), 0, True, id="nothing to drain"),
        pytest.param((1,), 2, False, id="more is to come"),
        pytest.param((1, 2), 2, True, id="all came"),
        pytest.param((1, 2, 3), 2, True, id="what came later is left for the next run"),
    ],
)
def test_a_draining_lane_ends_where_the_input_ended_at_the_start(
    times: tuple[int, ...], end: int, *, expected: bool
) -> None:
    draining = lane(BETS, *times, stop_at=end)
    kept = len(draining.items)
    while draining.items:
        draining.pop()
    draining.settle()

    assert (min(len(times), end), expected) == (kept, draining.is_finished)
    assert min(len(times), end) == draining.taken


def test_a_draining_lane_behind_a_marker_finishes_at_the_end_that_the_client_sees() -> None:
    draining = lane(BETS, 1, stop_at=2)
    draining.pop()
    assert not draining.is_finished

    draining.ended(2)
    draining.settle()

    assert (True, 2) == (draining.is_finished, draining.taken)


def test_a_draining_lane_never_commits_beyond_its_end() -> None:
    """Records and markers that came since are not processed, so they stay for the next run."""
    draining = lane(BETS, 1, stop_at=1)
    draining.pop()
    draining.ended(9)
    draining.settle()

    assert 1 == draining.taken
