"""In which order records are taken, by values: what has arrived, what the client knows, what time it is."""

import pytest

from topologies.graph import Entry, Message
from topologies.runtime.merge import Item, Lane, Merge

IDLE_MAX_S = 0.5
FAR_AHEAD_MS = 1_000_000
BETS, BONUSES, ORDERS = "bets", "bonuses", "orders"


def item(topic: str, offset: int, time: int, value: bytes = b"") -> Item:
    return Item(Message(topic, 0, offset, time, b"p", value), Entry("p", None), None)


def lane(topic: str, *times: int, stop_at: int | None = None) -> Lane:
    """A lane that holds records of these times from offset 0 on."""
    made = Lane(topic, 0, stop_at)
    for offset, time in enumerate(times):
        made.add(item(topic, offset, time))
    return made


def taken(merge: Merge, ends: dict[str, int], now_s: float = 0.0) -> list[tuple[str, int]]:
    """Take all that may be taken now."""
    order = []
    while (found := merge.next_lane(now_s, FAR_AHEAD_MS, lambda topic: ends[topic])) is not None:
        order.append((found.topic, found.items[0].message.timestamp))
        found.pop()
    return order


def ended(topic: str, at: int = 0) -> Lane:
    """An empty lane whose end the client has seen."""
    made = Lane(topic, at)
    made.ended(at)
    return made


def test_records_are_taken_by_time() -> None:
    merge = Merge([lane(ORDERS, 10, 40), lane(BETS, 20, 30, 50)], IDLE_MAX_S)

    assert [(ORDERS, 10), (BETS, 20), (BETS, 30), (ORDERS, 40)] == taken(merge, {ORDERS: 2, BETS: 3})


def test_at_equal_times_the_topologys_order_decides() -> None:
    merge = Merge([lane(ORDERS, 10, 10, 20), lane(BETS, 10)], IDLE_MAX_S)

    assert [(ORDERS, 10), (ORDERS, 10), (BETS, 10)] == taken(merge, {ORDERS: 3, BETS: 1})


@pytest.mark.parametrize("now_s", [0.0, 1.0, 3600.0])
def test_an_input_that_has_more_is_waited_for_without_limit(now_s: float) -> None:
    behind = Lane(ORDERS, 5)
    behind.ended(5)
    merge = Merge([behind, lane(BETS, 10)], IDLE_MAX_S)

    assert [] == taken(merge, {ORDERS: 6, BETS: 1}, 0.0)
    assert [] == taken(merge, {ORDERS: 6, BETS: 1}, now_s)


@pytest.mark.parametrize("now_s", [0.0, 1.0, 3600.0])
def test_an_input_of_which_nothing_was_heard_is_waited_for(now_s: float) -> None:
    """Its watermark is unknown, or of the time before we were positioned."""
    merge = Merge([Lane(ORDERS, 5), lane(BETS, 10)], IDLE_MAX_S)

    assert [] == taken(merge, {ORDERS: -1, BETS: 1}, 0.0)
    assert [] == taken(merge, {ORDERS: 5, BETS: 1}, 0.0)
    assert [] == taken(merge, {ORDERS: 5, BETS: 1}, now_s)


@pytest.mark.parametrize(
    ("now_s", "expected"),
    [
        pytest.param(0.0, [], id="at once"),
        pytest.param(0.49, [], id="just before"),
        pytest.param(0.5, [(BETS, 10)], id="then the others go on"),
    ],
)
def test_an_input_at_its_end_is_given_a_moment(now_s: float, expected: list[tuple[str, int]]) -> None:
    merge = Merge([ended(ORDERS), lane(BETS, 10)], IDLE_MAX_S)

    taken(merge, {ORDERS: 0, BETS: 1}, 0.0)

    assert expected == taken(merge, {ORDERS: 0, BETS: 1}, now_s)


def test_inputs_that_are_silent_together_are_given_one_moment() -> None:
    merge = Merge([ended(ORDERS), ended(BONUSES), lane(BETS, 10)], IDLE_MAX_S)
    ends = {ORDERS: 0, BONUSES: 0, BETS: 1}

    assert [] == taken(merge, ends, 0.0)

    assert [(BETS, 10)] == taken(merge, ends, 0.5)


def test_the_moment_begins_anew_with_each_end() -> None:
    silent = lane(ORDERS, 5)
    merge = Merge([silent, lane(BETS, 10, 20)], IDLE_MAX_S)
    assert [(ORDERS, 5)] == taken(merge, {ORDERS: 1, BETS: 2}, 0.0)
    assert [] == taken(merge, {ORDERS: 1, BETS: 2}, 0.4)

    silent.add(item(ORDERS, 1, 10))

    assert [(ORDERS, 10)] == taken(merge, {ORDERS: 2, BETS: 2}, 0.6)
    assert [(BETS, 10), (BETS, 20)] == taken(merge, {ORDERS: 2, BETS: 2}, 1.1)


def test_records_behind_a_silent_input_restart_its_moment() -> None:
    silent = ended(ORDERS)
    merge = Merge([silent, lane(BETS, 10)], IDLE_MAX_S)
    taken(merge, {ORDERS: 0, BETS: 1}, 0.0)

    assert [] == taken(merge, {ORDERS: 3, BETS: 1}, 0.6), "the watermark has grown: three records are on their way"
    assert [] == taken(merge, {ORDERS: 0, BETS: 1}, 0.7)
    assert [(BETS, 10)] == taken(merge, {ORDERS: 0, BETS: 1}, 1.2)


def test_behind_a_transaction_marker_the_end_itself_says_where_it_is() -> None:
    behind_marker = lane(ORDERS, 5)
    behind_marker.pop()
    assert not behind_marker.is_at_end(2)

    behind_marker.ended(2)
    behind_marker.settle()

    assert behind_marker.is_at_end(2)
    assert 2 == behind_marker.taken


def test_an_open_transaction_of_a_producer_is_waited_for() -> None:
    """The end of what is visible lies before the watermark: the records are there, and may come any moment."""
    open_transaction = ended(ORDERS, 3)
    merge = Merge([open_transaction, lane(BETS, 10)], IDLE_MAX_S)

    assert [] == taken(merge, {ORDERS: 4, BETS: 1}, 0.0)
    assert [] == taken(merge, {ORDERS: 4, BETS: 1}, 60.0)


def test_a_record_far_ahead_does_not_hold_up_its_lane() -> None:
    """In its turn it would wait for as long as the others have records; it is refused anyway."""
    merge = Merge([lane(ORDERS, FAR_AHEAD_MS + 1, 20), lane(BETS, 10, 30)], IDLE_MAX_S)

    order = taken(merge, {ORDERS: 2, BETS: 2})

    assert [(ORDERS, FAR_AHEAD_MS + 1), (BETS, 10), (ORDERS, 20)] == order


def test_records_from_before_a_seek_are_dropped() -> None:
    sought = Lane(BETS, 10)

    sought.add(item(BETS, 9, 1))
    sought.add(item(BETS, 10, 1))
    sought.add(item(BETS, 10, 1))

    assert [10] == [each.message.offset for each in sought.items]


def test_an_end_from_before_the_position_says_nothing() -> None:
    sought = Lane(BETS, 10)

    sought.ended(9)

    assert (10, False) == (sought.position, sought.is_at_end(10))


def test_a_compacted_away_offset_is_no_gap() -> None:
    compacted = Lane(BETS, 0)
    compacted.add(item(BETS, 7, 1))

    compacted.pop()
    compacted.settle()

    assert (8, 8) == (compacted.position, compacted.taken)


def test_waiting_memory_is_given_back() -> None:
    waiting = lane(BETS, 1, 2, 3)
    assert 0 < waiting.waiting_bytes

    for _ in range(3):
        waiting.pop()

    assert 0 == waiting.waiting_bytes


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


def test_draining_waits_for_what_was_there_and_for_nothing_else() -> None:
    merge = Merge([Lane(ORDERS, 0, 1), lane(BETS, 10, stop_at=1)], IDLE_MAX_S)

    assert [] == taken(merge, {ORDERS: 1, BETS: 1}, 3600.0)
    merge.lanes[0].add(item(ORDERS, 0, 5))

    assert [(ORDERS, 5), (BETS, 10)] == taken(merge, {ORDERS: 1, BETS: 1}, 3600.0)
    assert merge.is_finished
