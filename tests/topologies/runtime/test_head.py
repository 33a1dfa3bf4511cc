"""Where a task stands: what was moved by hand is a break that the journal shows."""

import pytest

from topologies.runtime.head import Head, at

HEAD = Head(17, {"bets": 5, "orders": 3}, 7)


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        pytest.param({"bets": 5, "orders": 3}, HEAD, id="where it stood"),
        pytest.param({"bets": 5, "orders": 3, "refunds": 9}, HEAD, id="a new input"),
        pytest.param({"bets": 5}, HEAD, id="an input was dropped"),
        pytest.param({"bets": 9, "orders": 3}, Head(17, {"bets": 9, "orders": 3}, 8), id="somebody has moved it on"),
        pytest.param({"bets": 1, "orders": 3}, Head(17, {"bets": 1, "orders": 3}, 8), id="somebody has moved it back"),
    ],
)
def test_a_move_skips_a_number(positions: dict[str, int], expected: Head) -> None:
    assert expected == at(HEAD, positions)
