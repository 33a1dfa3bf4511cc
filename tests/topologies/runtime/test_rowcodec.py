import pytest

from topologies.runtime import head
from topologies.runtime.errors import Halted
from topologies.runtime.head import Head
from topologies.runtime.overlay import TimerKey, timer_key
from topologies.runtime.rowcodec import ABSENT, EXPIRY_BYTES, RowCodec, expiry_text

ROUND = b"p\0round\0r1"


def upgrade(kind: str, version: int, row: dict[str, int]) -> dict[str, int]:
    if kind != "round":
        raise AssertionError(f"{kind} is not a kind of this topology")
    return {**row, "came_from": version}


@pytest.mark.parametrize(
    ("expiry", "row"),
    [
        pytest.param(0, {"a": [1, None, "ä"]}, id="a row that never expires"),
        pytest.param(1_700_000_000_000, 7, id="a number with an expiry"),
        pytest.param(1, "", id="an empty text"),
        pytest.param(0, None, id="null is a value, not an absence"),
    ],
)
def test_a_row_comes_back_as_it_was(expiry: int, row: object) -> None:
    codec = RowCodec(3, upgrade)
    value = codec.encode((expiry, row))

    assert (expiry, row, value) == codec.decode(ROUND, value)
    assert expiry_text(expiry) == value[:EXPIRY_BYTES]
    assert ABSENT is not codec.decode(ROUND, value)


def test_a_row_of_an_older_release_is_upgraded() -> None:
    old = RowCodec(1, upgrade).encode((5, {"bets": 2}))

    assert (5, {"bets": 2, "came_from": 1}, old) == RowCodec(3, upgrade).decode(ROUND, old)


def test_a_row_of_a_newer_release_halts_its_task() -> None:
    new = RowCodec(4, upgrade).encode((0, {}))

    with pytest.raises(Halted, match="written by a newer release: row version 4, this release reads up to 3"):
        RowCodec(3, upgrade).decode(ROUND, new)


def test_head_and_timers_are_not_the_topologys_to_upgrade() -> None:
    old, new = RowCodec(1, upgrade), RowCodec(2, upgrade)
    last = Head(17, {"bets": 3}, 4)
    timer = timer_key(TimerKey(5, "expiry", "p", "b1")).encode()

    _, value = head.encode(last, old)
    assert value is not None
    assert last == head.decode(value, new)
    assert (0, 1) == new.decode(timer, old.encode((0, 1)))[:2]


def test_a_head_of_a_newer_release_halts_its_task() -> None:
    value = head.encode(Head(17, {"bets": 3}, 4), RowCodec(2, upgrade))[1]
    assert value is not None

    with pytest.raises(Halted, match="newer release"):
        head.decode(value, RowCodec(1, upgrade))
