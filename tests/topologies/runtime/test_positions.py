"""Where a task goes on, and how much of its state is read: by what the cluster and the store say."""

from typing import Any

import pytest

from topologies.runtime.errors import Halted
from topologies.runtime.head import Head
from topologies.runtime.names import STATE_DELETE_RETENTION_MS
from topologies.runtime.positions import Ground, input_positions, restore_from
from topologies.runtime.store import Applied

NOW = 1_700_000_000_000
HALF = STATE_DELETE_RETENTION_MS // 2

GROUND = Ground(
    committed={"bets": 10, "orders": 5},
    beginnings={"bets": 0, "orders": 0},
    ends={"bets": 100, "orders": 100},
    fresh={"bets": 7, "orders": 8},
    stop_at=None,
    state=("state", 3),
    state_id="id",
    state_begin=0,
    state_end=50,
    partitions=6,
)
HEAD = Head(NOW, {"bets": 10, "orders": 5}, 1)


@pytest.mark.parametrize(
    ("applied", "expected"),
    [
        pytest.param(Applied("id", 30, NOW), 30, id="what is missing"),
        pytest.param(Applied("id", 50, NOW), 50, id="nothing is missing"),
        pytest.param(Applied("id", 20, NOW), 20, id="at the topic's beginning"),
        pytest.param(None, None, id="never here"),
        pytest.param(Applied("other", 30, NOW), None, id="the topic was recreated"),
        pytest.param(Applied("id", 51, NOW), None, id="ahead of the topic"),
        pytest.param(Applied("id", 19, NOW), None, id="behind the topic's beginning"),
        pytest.param(Applied("id", 30, NOW - HALF), 30, id="just young enough"),
        pytest.param(Applied("id", 30, NOW - HALF - 1), None, id="older than tombstones may be"),
        pytest.param(Applied("id", 30, NOW + 1_000), 30, id="the clock was set back"),
    ],
)
def test_the_store_is_trusted_when_it_can_be(applied: Applied | None, expected: int | None) -> None:
    assert expected == restore_from(applied, "id", 20, 50, NOW)


@pytest.mark.parametrize(
    ("head", "ground", "expected"),
    [
        pytest.param(HEAD, {}, {"bets": 10, "orders": 5}, id="state and offsets agree"),
        pytest.param(HEAD._replace(state_id="id"), {}, {"bets": 10, "orders": 5}, id="in the topic it was written to"),
        pytest.param(None, {"committed": {}}, {"bets": 7, "orders": 8}, id="a new application starts where it is told"),
        pytest.param(
            HEAD,
            {"beginnings": {"bets": 10, "orders": 5}},
            {"bets": 10, "orders": 5},
            id="the next record is the first",
        ),
        pytest.param(
            HEAD, {"ends": {"bets": 10, "orders": 5}}, {"bets": 10, "orders": 5}, id="the next record is to be written"
        ),
        pytest.param(
            HEAD,
            {
                "fresh": {"bets": 7, "orders": 8, "new": 9},
                "beginnings": {"bets": 0, "orders": 0, "new": 0},
                "ends": {"bets": 100, "orders": 100, "new": 100},
            },
            {"bets": 10, "orders": 5, "new": 9},
            id="an input that is new in this release",
        ),
        pytest.param(
            Head(NOW, {"bets": 10, "orders": 5, "dropped": 77}, 1),
            {},
            {"bets": 10, "orders": 5},
            id="one that was dropped",
        ),
    ],
)
def test_a_task_goes_on(head: Head | None, ground: dict[str, Any], expected: dict[str, int]) -> None:
    assert expected == input_positions(3, head, GROUND._replace(**ground), accept_offsets=False)


AGAINST = "task 3: somebody has moved the group's offsets: the state stands at bets 10, orders 5, the offsets are "
ADVICE = ". set them back, or take them as they are with: croupier run --accept-offsets"


@pytest.mark.parametrize(
    ("head", "ground", "expected"),
    [
        pytest.param(HEAD, {"committed": {"bets": 9, "orders": 5}}, AGAINST + "bets 9, orders 5" + ADVICE, id="moved"),
        pytest.param(HEAD, {"committed": {"orders": 5}}, AGAINST + "orders 5" + ADVICE, id="one of them is gone"),
        pytest.param(
            HEAD, {"committed": {}}, AGAINST + "none (they have expired or were deleted)" + ADVICE, id="all are gone"
        ),
        pytest.param(
            None,
            {},
            "task 3: somebody has moved the group's offsets: the state stands at no position (there is no state), the "
            "offsets are bets 10, orders 5" + ADVICE,
            id="the state is gone",
        ),
        pytest.param(
            HEAD,
            {"beginnings": {"bets": 11, "orders": 0}},
            "task 3: records were deleted before they were processed: bets is at 10, its first record is 11. to go on "
            "without them: croupier run --accept-offsets",
            id="records were deleted",
        ),
        pytest.param(
            HEAD._replace(state_id="another"),
            {},
            "task 3: the state topic was recreated while a worker ran: what was written before is missing in it. to go "
            "on with what there is: croupier run --accept-offsets",
            id="the state was recreated under a worker",
        ),
        pytest.param(
            HEAD,
            {"ends": {"bets": 9, "orders": 100}},
            "task 3: bets is at 10, but ends at 9: it was recreated or cut. set the group's offsets to where to go on, "
            "then: croupier run --accept-offsets",
            id="the input was recreated",
        ),
    ],
)
def test_a_task_halts_with_a_sentence(head: Head | None, ground: dict[str, Any], expected: str) -> None:
    with pytest.raises(Halted) as halted:
        input_positions(3, head, GROUND._replace(**ground), accept_offsets=False)

    assert expected == str(halted.value)


@pytest.mark.parametrize(
    ("head", "ground", "expected"),
    [
        pytest.param(HEAD, {"committed": {"bets": 9, "orders": 6}}, {"bets": 9, "orders": 6}, id="moved"),
        pytest.param(HEAD, {"committed": {"bets": 9}}, {"bets": 9, "orders": 5}, id="the state tells the rest"),
        pytest.param(HEAD._replace(state_id="another"), {}, {"bets": 10, "orders": 5}, id="the state was recreated"),
        pytest.param(None, {"committed": {"bets": 9}}, {"bets": 9, "orders": 8}, id="the start tells the rest"),
        pytest.param(HEAD, {"beginnings": {"bets": 11, "orders": 0}}, {"bets": 11, "orders": 5}, id="records are gone"),
    ],
)
def test_offsets_are_accepted_as_they_are(head: Head | None, ground: dict[str, Any], expected: dict[str, int]) -> None:
    assert expected == input_positions(3, head, GROUND._replace(**ground), accept_offsets=True)


def test_offsets_beyond_the_end_cannot_be_accepted() -> None:
    with pytest.raises(Halted, match="bets is at 10, but ends at 9"):
        input_positions(3, HEAD, GROUND._replace(ends={"bets": 9, "orders": 100}), accept_offsets=True)
