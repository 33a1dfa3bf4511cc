"""How long a player's state stays, and that it does not grow."""

from typing import Any

import pytest
from saga import Saga
from samples import DAY, HOUR, MINUTE, NOON, bonus_change, order, wallet_call

from processors.facts import Fact
from processors.player import ROW_KINDS, ROW_VERSION, TIMERS, upgrade

ID = "111222333-77"


def spin(at: int, n: int, **said: Any) -> Fact:
    return wallet_call(at, call_id=f"s{n}", round_id=f"s{n}", is_free_spin=True, bonus_ref="fs", **said)


def bet(at: int, n: int, **said: Any) -> Fact:
    return wallet_call(at, call_id=f"b{n}", round_id=f"b{n}", bonus_amount=100, **said)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(7 * DAY, ["0/Created"], id="as old as the retention"),
        pytest.param(7 * DAY + 1, [], id="older"),
    ],
)
def test_a_bonus_record_older_than_the_retention_is_dropped(age: int, expected: list[str]) -> None:
    saga = Saga().pass_time(NOON + age).take(bonus_change())
    assert (saga.bonus(), saga.counts) == (expected, [] if expected else ["bonuses-too-old"])


def test_an_ended_bonus_is_known_for_as_long_as_a_repeat_would_be_taken() -> None:
    saga = Saga(bonus_change(), bonus_change(NOON + HOUR, status="Lost"))
    saga.take(bonus_change(NOON + DAY, status="Lost"))
    saga.pass_time(NOON + 8 * DAY).take(bonus_change(NOON + DAY, status="Lost"))
    assert (saga.bonus(), saga.counts) == (["0/Created", "0/Lost"], ["bonuses-dup", "bonuses-repeated"])
    assert saga.pass_time(NOON + 8 * DAY + 1).window.get("bonus", ID) is None


def test_an_ended_bonus_is_forgotten_a_retention_after_its_end() -> None:
    saga = Saga(bonus_change(), bonus_change(NOON + 30 * DAY, status="Forfeited"))
    assert saga.pass_time(NOON + 37 * DAY).window.get("bonus", ID) is not None
    assert saga.pass_time(NOON + 37 * DAY + 1).window.get("bonus", ID) is None


def test_a_bonus_that_lives_stays_half_a_year_after_its_last_change() -> None:
    saga = Saga(bonus_change(required=10**9))
    saga.take(bet(NOON + 170 * DAY, 1)).pass_time(NOON + 349 * DAY).take(bet(NOON + 349 * DAY, 2))
    assert saga.counts == ["bets-attributed", "bets-attributed"]
    assert saga.pass_time(NOON + (349 + 180) * DAY).window.get("bonus", ID) is None


def test_an_unnamed_bet_finds_a_bonus_however_long_it_has_lived() -> None:
    """The index outlives the bonuses in it, which bets keep alive without a change of status."""
    saga = Saga(bonus_change(required=10**9))
    saga.take(*[bet(NOON + n * 100 * DAY, n) for n in range(1, 12)])
    assert saga.counts == ["bets-attributed"] * 11


def test_a_timer_fires_before_its_row_is_forgotten() -> None:
    saga = Saga(bonus_change(expires_at=NOON + 180 * DAY - 1)).take(wallet_call(NOON + 400 * DAY))
    assert saga.bonus() == ["0/Created", "0/Expired"]


def test_a_round_that_nobody_ends_is_forgotten_a_retention_after_its_last_call() -> None:
    saga = Saga(bonus_change(), bet(NOON, 1))
    saga.take(wallet_call(NOON + DAY, call_id="w1", action="win", round_id="b1"))
    last = NOON + 2 * DAY
    saga.take(wallet_call(last, call_id="w2", action="win", round_id="b1"))
    assert [kind for kind, _ in saga.pass_time(last + 7 * DAY).window.living()].count("round") == 1
    assert [kind for kind, _ in saga.pass_time(last + 7 * DAY + 1).window.living()].count("round") == 0


def test_free_spins_may_be_played_for_as_long_as_their_bonus_lives() -> None:
    saga = Saga(bonus_change(user_bonus_id="fs", type="FreeSpins", free_spins=2))
    for n, at in enumerate([NOON, NOON + 30 * DAY]):
        saga.take(spin(at, n), wallet_call(at, call_id=f"w{n}", round_id=f"s{n}", action="win", is_round_end=True))
    assert saga.fields("fs/0/Created", "amount") == [[2.0]]


def test_spins_of_a_bonus_nobody_has_heard_of_are_forgotten_after_the_retention() -> None:
    saga = Saga(spin(NOON, 1, is_round_end=True)).pass_time(NOON + 7 * DAY)
    assert [kind for kind, _ in saga.window.living()].count("spins") == 1
    assert saga.pass_time(NOON + 7 * DAY + 1).window.get("spins", "fs") is None


def a_day(start: int, n: int) -> list[Fact]:
    """What a player can leave behind in a day."""
    name, deposit = f"bonus{n}", f"order{n}"
    granted = {"user_bonus_id": name, "bonus_id": f"c{n % 3}", "order_id": deposit, "required": 200}
    of_bonus = {"bonus_ref": name, "bonus_amount": 100, "round_id": name}
    bought = {"order_id": deposit, "created_at": start}
    refund = {"action": "refund", "amount": 0, "game_id": None, "round_id": None, "game_name": None}
    spins = {"user_bonus_id": f"fs{n}", "bonus_id": "free", "type": "FreeSpins", "free_spins": 9}
    return [
        wallet_call(start, call_id=f"p{n}"),
        bonus_change(start + 1, **{**granted, "status": "Pending"}),
        bonus_change(start + 1, **granted),
        wallet_call(start + 2, call_id=f"a{n}", **of_bonus),
        order(start + 3, status="completed", result="approved", **bought),
        wallet_call(start + 4, call_id=f"b{n}", is_round_end=True, **of_bonus),
        wallet_call(start + 5, call_id=f"r{n}", original_id=f"a{n}", **refund),
        wallet_call(start + 5, call_id=f"q{n}", original_id=f"never{n}", **refund),
        wallet_call(start + 6, call_id=f"u{n}", bonus_ref=f"never{n}", bonus_amount=1),
        bonus_change(start + 7, **spins, expires_at=start + HOUR),
        spin(start + 8, n),
        wallet_call(start + 9, call_id=f"o{n}", is_free_spin=True, bonus_ref=f"fs{n}", round_id=f"fs{n}"),
        bonus_change(start + MINUTE, user_bonus_id=f"x{n}", order_id=f"paid-never{n}", required=5),
    ]


def test_state_does_not_grow_under_a_steady_load() -> None:
    saga = Saga()
    sizes, largest = [], []
    for n in range(260):
        saga.take(*a_day(NOON + n * DAY, n))
        saga.window.collect()
        if n >= 200 and n % 15 == 0:
            rows = saga.window.living()
            sizes.append(len(rows) + len(saga.window.timers))
            largest.append(max(len(str(row)) for row in rows.values()))
    assert (len(set(sizes)), saga.refusals) == (1, [])
    assert max(largest) < 1.1 * min(largest)


def test_nothing_is_left_of_a_player_who_has_gone() -> None:
    saga = Saga(*a_day(NOON, 1), *a_day(NOON + DAY, 2)).pass_time(NOON + 400 * DAY)
    assert (saga.window.living(), saga.window.timers) == ({}, set())


def test_every_row_and_timer_is_declared() -> None:
    saga = Saga(*a_day(NOON, 1))
    assert {kind for kind, _ in saga.window.living()} <= set(ROW_KINDS)
    assert {timer.timer for timer in saga.window.timers} <= set(TIMERS)


def test_rows_of_a_version_that_never_was_are_not_read() -> None:
    assert upgrade("bet", ROW_VERSION, [1]) == [1]
    with pytest.raises(ValueError, match="row of kind bet has a version that never was: 9"):
        upgrade("bet", 9, [1])
