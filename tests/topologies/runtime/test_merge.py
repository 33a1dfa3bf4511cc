"""In which order records are taken, by values: what has arrived, what the client knows, what time it is."""

import pytest

from tests.topologies.runtime.raws import lane, raw
from topologies.runtime.lane import Lane
from topologies.runtime.merge import Merge

IDLE_MAX_S = 0.5
FAR_AHEAD_MS = 1_000_000
BETS, BONUSES, ORDERS = "bets", "bonuses", "orders"


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

    silent.add([raw(ORDERS, 1, 10)])

    assert [(ORDERS, 10)] == taken(merge, {ORDERS: 2, BETS: 2}, 0.6)
    assert [(BETS, 10), (BETS, 20)] == taken(merge, {ORDERS: 2, BETS: 2}, 1.1)


def test_records_behind_a_silent_input_restart_its_moment() -> None:
    silent = ended(ORDERS)
    merge = Merge([silent, lane(BETS, 10)], IDLE_MAX_S)
    taken(merge, {ORDERS: 0, BETS: 1}, 0.0)

    assert [] == taken(merge, {ORDERS: 3, BETS: 1}, 0.6), "the watermark has grown: three records are on their way"
    assert [] == taken(merge, {ORDERS: 0, BETS: 1}, 0.7)
    assert [(BETS, 10)] == taken(merge, {ORDERS: 0, BETS: 1}, 1.2)


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


def test_draining_waits_for_what_was_there_and_for_nothing_else() -> None:
    merge = Merge([lane(ORDERS, stop_at=1), lane(BETS, 10, stop_at=1)], IDLE_MAX_S)

    assert [] == taken(merge, {ORDERS: 1, BETS: 1}, 3600.0)
    merge.lanes[0].add([raw(ORDERS, 0, 5)])

    assert [(ORDERS, 5), (BETS, 10)] == taken(merge, {ORDERS: 1, BETS: 1}, 3600.0)
    assert merge.is_finished
