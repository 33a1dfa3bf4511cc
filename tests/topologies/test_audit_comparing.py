"""Two states of a task compared: what counts as a difference of a player, and what does not."""

import pytest

from topologies.operations.audit.comparing import RowDifference, differing
from topologies.runtime.overlay import TimerKey, timer_key
from topologies.wire import dump_json

NOW = 1_763_640_000_000
Rows = dict[str, bytes]

TIMER = timer_key(TimerKey(NOW + 1, "expiry", "anna", "b1"))


def row(value: object, expires_at: int = 0) -> bytes:
    return expires_at.to_bytes(8, "big") + dump_json((1, value))


def found(recorded: Rows, recomputed: Rows) -> list[RowDifference]:
    return list(differing(in_order(recorded), in_order(recomputed), NOW))


def in_order(rows: Rows) -> list[tuple[bytes, bytes]]:
    return sorted((key.encode(), value) for key, value in rows.items())


ROW = "anna\0bonus\0b1"

SAME = [
    pytest.param({}, {}, id="nothing at all"),
    pytest.param({ROW: row(1)}, {ROW: row(1)}, id="the same row"),
    pytest.param({TIMER: row(1)}, {TIMER: row(1)}, id="the same timer"),
    pytest.param({ROW: row(1, NOW)}, {}, id="a row that has expired and was not collected yet"),
    pytest.param({ROW: row(1, NOW - 9)}, {ROW: row(2, NOW)}, id="two rows that have expired"),
    pytest.param({"\0head\0": row(1)}, {"\0head\0": row(2)}, id="the task's own head"),
    pytest.param({"\0rewind\0": row(1)}, {}, id="a rewind's row"),
    pytest.param({}, {"\0replay\0anna\0casino/1": row("ab")}, id="what the CRM was told"),
]


@pytest.mark.parametrize(("recorded", "recomputed"), SAME)
def test_what_is_no_difference(recorded: Rows, recomputed: Rows) -> None:
    assert [] == found(recorded, recomputed)


DIFFERENT = [
    pytest.param(ROW, row(1), row(2), "bonus", "bonus/b1", id="another value"),
    pytest.param(ROW, row(1, NOW + 1), row(1, NOW + 2), "bonus", "bonus/b1", id="another expiry"),
    pytest.param(ROW, None, row(1), "bonus", "bonus/b1", id="a row that is missing"),
    pytest.param(ROW, row(1), None, "bonus", "bonus/b1", id="a row too many"),
    pytest.param(ROW, row(1, NOW), row(1, NOW + 1), "bonus", "bonus/b1", id="a row that has expired too early"),
    pytest.param("anna\0roster\0", row(1), row(2), "roster", "roster", id="a row of a kind that has one only"),
    pytest.param(TIMER, row(1), None, "", "timer/expiry/b1/2025-11-20T12:00:00.001Z", id="a timer too many"),
    pytest.param(TIMER, None, row(1), "", "timer/expiry/b1/2025-11-20T12:00:00.001Z", id="a timer that is missing"),
]


@pytest.mark.parametrize(("key", "recorded", "recomputed", "kind", "name"), DIFFERENT)
def test_what_is_a_difference(key: str, recorded: bytes | None, recomputed: bytes | None, kind: str, name: str) -> None:
    [one] = found(*({} if value is None else {key: value} for value in (recorded, recomputed)))

    shown = None if recorded is None or recorded == row(1, NOW) else recorded
    assert RowDifference("anna", key.encode(), shown, recomputed) == one
    assert (kind, name) == (one.kind, one.name)


def test_of_many_players_only_those_differ_that_do() -> None:
    recorded = {f"player{number:04}\0bonus\0b": row(number) for number in range(2_000)}
    recomputed = {**recorded, "player0007\0bonus\0b": row(0), "player1999\0bonus\0c": row(1)}
    del recomputed["player0100\0bonus\0b"]

    assert ["player0007", "player0100", "player1999"] == [each.player for each in found(recorded, recomputed)]
