"""Bonuses that expire by themselves."""

from typing import Any

import pytest
from saga import RULES, Saga, pound_rates
from samples import DAY, HOUR, MINUTE, NOON, bonus_change, wallet_call

from processors.outcome import Due
from processors.player import TIMERS, WALL_CLOCK_TIMERS, fire

ID = "111222333-77"
END = NOON + DAY


def said(*statuses: str, **fields: Any) -> Saga:
    """One status a minute, of a bonus that ends in a day."""
    return Saga(
        *[
            bonus_change(NOON + n * MINUTE, status=status, **{"expires_at": END, **fields})
            for n, status in enumerate(statuses)
        ]
    )


@pytest.mark.parametrize("statuses", [["Pending"], ["Created"], ["Ongoing"]], ids=["pending", "created", "ongoing"])
def test_a_bonus_expires_when_its_time_passes_while(statuses: list[str]) -> None:
    saga = said(*statuses).pass_time(END - 1)
    assert "0/Expired" not in saga.bonus()
    saga.pass_time(END)
    assert saga.bonus()[-1] == "0/Expired"
    assert saga.fields("Expired", "timestamp") == [["2026-11-21T12:00:00Z"]]
    assert saga.events[-1].cause == f"timer/0/{END}"


@pytest.mark.parametrize("end", ["Completed", "AutoCompleted", "Forfeited", "Lost"])
def test_a_bonus_that_has_ended_does_not_expire(end: str) -> None:
    saga = said("Created", end)
    assert (saga.window.timers, saga.pass_time(END).bonus()) == (set(), ["0/Created", f"0/{end}"])


@pytest.mark.parametrize(
    ("comes_at", "expected"),
    [
        pytest.param(END - 1, ["0/Created", "0/Ongoing/0"], id="just before the time"),
        pytest.param(END, ["0/Created", "0/Expired"], id="at the same time"),
    ],
)
def test_expiry_comes_before_a_record_of(comes_at: int, expected: list[str]) -> None:
    assert said("Created").take(wallet_call(comes_at, bonus_amount=100)).bonus() == expected


def test_the_platforms_last_word_moves_the_time() -> None:
    saga = said("Created").take(bonus_change(NOON + HOUR, status="Ongoing", expires_at=END + DAY)).pass_time(END)
    assert saga.bonus() == ["0/Created", "0/Ongoing/0"]
    assert saga.pass_time(END + DAY).bonus()[-1] == "0/Expired"


def test_the_platforms_last_word_takes_the_time_away() -> None:
    saga = said("Created").take(bonus_change(NOON + HOUR, status="Ongoing", expires_at=None))
    assert saga.window.timers == set()


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        pytest.param(["Created"], ["0/Created", "0/Expired"], id="created"),
        pytest.param(["Ongoing"], ["0/Created", "0/Ongoing/0", "0/Expired"], id="ongoing"),
        pytest.param(["Pending"], ["0/Pending", "0/Expired"], id="pending"),
    ],
)
@pytest.mark.parametrize("expires_at", [NOON - HOUR, NOON], ids=["an hour ago", "now"])
def test_a_time_that_has_passed_expires_the_bonus_right_after_it_is(
    statuses: list[str], expected: list[str], expires_at: int
) -> None:
    saga = said(*statuses, expires_at=expires_at)
    assert (saga.bonus(), saga.window.timers) == (expected, set())
    assert {event.cause for event in saga.events} == {"topic/0/1"}


def test_bets_that_waited_find_a_bonus_expired_right_after_created() -> None:
    saga = Saga(wallet_call(NOON, bonus_ref=ID, bonus_amount=100)).take(bonus_change(NOON + 1, expires_at=NOON))
    assert saga.bonus() == ["0/Created", "0/Expired"]


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [
        pytest.param(NOON, [], id="by a time before its reversal"),
        pytest.param(NOON + 2 * MINUTE, [], id="by the time of its reversal"),
        pytest.param(NOON + HOUR, ["1/Expired"], id="by a later time"),
    ],
)
def test_whether_a_reversed_bonus_expires(expires_at: int, expected: list[str]) -> None:
    saga = said("Created", "Forfeited", expires_at=END).take(
        bonus_change(NOON + 2 * MINUTE, status="Reversed", expires_at=expires_at)
    )
    assert saga.pass_time(END + DAY).bonus()[3:] == expected


def test_a_reversed_bonus_at_work_is_still_a_reversed_bonus() -> None:
    saga = said("Created").pass_time(END)
    saga.take(bonus_change(END + 1, status="Reversed", expires_at=END), wallet_call(END + 2, bonus_amount=100))
    saga.take(bonus_change(END + 3, status="Ongoing", expires_at=END)).pass_time(END + HOUR)
    assert saga.bonus() == ["0/Created", "0/Expired", "1/Reversed", "1/Ongoing/0", "1/Ongoing/1"]


def test_what_expired_by_itself_and_the_platform_reports_later_is_a_dup() -> None:
    saga = said("Created").take(bonus_change(END + 1, status="Expired", expires_at=END))
    assert (saga.bonus(), saga.counts) == (["0/Created", "0/Expired"], ["bonuses-expired", "bonuses-dup"])


def test_the_wall_clock_fires_expiry_and_nothing_else() -> None:
    assert WALL_CLOCK_TIMERS == ("bonus-expiry",)
    assert set(WALL_CLOCK_TIMERS) < set(TIMERS)


def test_a_timer_of_the_wall_clock_says_its_due_time() -> None:
    saga = said("Created")
    saga.window.now = END
    outcome = fire(saga.window, Due("111222333", END, "bonus-expiry", ID, f"timer/0/{END}"), RULES, pound_rates())
    assert [(event.event_id, event.payload["timestamp"]) for event in outcome.events] == [
        (f"bonus/{ID}/0/Expired", "2026-11-21T12:00:00Z")
    ]


@pytest.mark.parametrize("timer", TIMERS)
def test_a_timer_whose_row_is_gone_means_nothing(timer: str) -> None:
    saga = Saga()
    outcome = fire(saga.window, Due("111222333", NOON, timer, f"{NOON}@gone", "timer/0/1"), RULES, pound_rates())
    assert (outcome.events, outcome.refusals, outcome.counts) == ([], [], [])
