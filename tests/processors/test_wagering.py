"""Wagering: what counts, when progress is told, and what the end of a round decides."""

from typing import Any

import pytest
from saga import Saga
from samples import NOON, bonus_change, wallet_call

from processors.facts import WalletCall
from processors.rules import Rules

REQUIRED = 10000


def bet(n: int, cents: int, **said: Any) -> WalletCall:
    """The n-th bet, of bonus money, in a round of its own that goes on."""
    return wallet_call(
        NOON + n, **{"call_id": f"t{n}", "round_id": f"r{n}", "amount": cents, "bonus_amount": cents, **said}
    )


def end(n: int, of: str, balance: int | None, **said: Any) -> WalletCall:
    return wallet_call(
        NOON + n,
        **{"call_id": f"w{n}", "action": "win", "round_id": of, "is_round_end": True, "bonus_balance": balance, **said},
    )


def wagering(*calls: WalletCall, rules: dict[str, Any] | None = None, **said: Any) -> Saga:
    created = bonus_change(NOON, **{"required": REQUIRED, **said})
    return Saga(created, *calls, rules=Rules(origin="brand.com", **(rules or {})))


@pytest.mark.parametrize(
    ("said", "rules", "expected"),
    [
        pytest.param({}, {}, 1.01, id="slots count in full"),
        pytest.param({"game_type": "table_games"}, {}, 0.101, id="table games a tenth, kept exactly"),
        pytest.param({"game_type": "bingo"}, {}, 1.01, id="other games in full"),
        pytest.param({"game_type": None}, {}, 1.01, id="a game of no type in full"),
        pytest.param(
            {"game_type": "bingo"}, {"wagering_contribution": {"bingo": 33}}, 0.3333, id="as the operator says"
        ),
        pytest.param({"amount": 500}, {}, 1.01, id="bonus money only"),
        pytest.param({"amount": 500}, {"wagering_counts": "amount"}, 5.0, id="the whole bet by policy"),
        pytest.param({"bonus_amount": 0}, {}, None, id="real money does not count"),
        pytest.param({"bonus_amount": 0, "amount": 500}, {"wagering_counts": "amount"}, 5.0, id="real money by policy"),
        pytest.param({"currency": "EUR"}, {}, None, id="another currency does not count"),
        pytest.param({"is_free_spin": True}, {}, None, id="a free spin does not count"),
        pytest.param({"game_type": "x"}, {"wagering_contribution": {"x": 0}}, None, id="a game that counts nothing"),
    ],
)
def test_what_a_bet_counts(said: dict[str, Any], rules: dict[str, Any], expected: float | None) -> None:
    saga = wagering(bet(1, 101, bonus_ref="111222333-77", **said), rules=rules)
    told = [] if expected is None else [[{"wagered_amount": expected, "open_requirement": 100 - expected}]]
    assert saga.fields("Ongoing/0", "meta") == told


def test_wagering_begins_with_the_first_bet_that_counts() -> None:
    saga = wagering(bet(1, 0, bonus_ref="111222333-77"), bet(2, 1), bet(3, 1))
    assert saga.bonus() == ["0/Created", "0/Ongoing/0"]
    assert saga.fields("Ongoing/0", "timestamp") == [["2026-11-20T12:00:00.002Z"]]


@pytest.mark.parametrize(
    ("cents", "step", "expected"),
    [
        pytest.param([1, 2498, 1], 25, [0, 1], id="told at a quarter"),
        pytest.param([2500, 2499, 1], 25, [0, 1], id="the first event tells its step too"),
        pytest.param([1, 5000], 25, [0, 1], id="two steps at once are told once"),
        pytest.param([1, 5000, 2000, 499], 25, [0, 1, 2], id="and the next is the third"),
        pytest.param([1, 9999, 1, 50000], 25, [0, 1], id="100 % is told, nothing beyond"),
        pytest.param([1, 2999, 3000, 3000, 999, 1], 30, [0, 1, 2, 3], id="steps of 30 % end at 90"),
        pytest.param([1, 9998, 1, 5000], 100, [0, 1], id="one step of 100 %"),
        pytest.param([1, 9999, 1], 0, [0], id="no steps"),
    ],
)
def test_progress(cents: list[int], step: int, expected: list[int]) -> None:
    bets = [bet(n, amount) for n, amount in enumerate(cents, start=1)]
    assert wagering(*bets, rules={"progress_step": step}).bonus()[1:] == [f"0/Ongoing/{k}" for k in expected]


def test_progress_without_a_requirement_tells_what_was_wagered_and_nothing_open() -> None:
    saga = wagering(bet(1, 100), bet(2, 100000), required=None)
    assert saga.bonus() == ["0/Created", "0/Ongoing/0"]
    assert saga.fields("Ongoing/0", "meta") == [[{"wagered_amount": 1.0}]]


def test_the_platforms_ongoing_tells_our_progress_beside_its_own_meta() -> None:
    saga = wagering(bet(1, 1000)).take(bonus_change(NOON + 2, status="Ongoing", required=REQUIRED, meta='{"level": 3}'))
    assert saga.fields("Ongoing/1", "meta") == [[{"level": 3, "wagered_amount": 10.0, "open_requirement": 90.0}]]


def test_a_step_that_the_platforms_ongoing_told_is_not_told_again() -> None:
    saga = wagering(bet(1, 1), bet(2, 1000)).take(bonus_change(NOON + 3, status="Ongoing", required=4000))
    saga.take(bet(4, 1), bet(5, 1000))
    assert saga.bonus()[1:] == ["0/Ongoing/0", "0/Ongoing/1", "0/Ongoing/2"]


def test_a_reversed_bonus_keeps_its_wagering_and_begins_a_new_count() -> None:
    saga = wagering(bet(1, 3000), end(2, "r1", 0))
    saga.take(bonus_change(NOON + 3, status="Reversed", required=REQUIRED), bet(4, 1000), bet(5, 1000))
    assert saga.bonus() == ["0/Created", "0/Ongoing/0", "0/Lost", "1/Reversed", "1/Ongoing/0", "1/Ongoing/1"]
    assert saga.fields("1/Ongoing/1", "meta") == [[{"wagered_amount": 50.0, "open_requirement": 50.0}]]


ENOUGH, SHORT = 10000, 9999


@pytest.mark.parametrize(
    ("cents", "balance", "required", "expected"),
    [
        pytest.param(ENOUGH, 4210, REQUIRED, "Completed", id="wagered: completed"),
        pytest.param(ENOUGH, 0, REQUIRED, "Completed", id="wagered, nothing left: completed before lost"),
        pytest.param(SHORT, 0, REQUIRED, "Lost", id="nothing left: lost"),
        pytest.param(SHORT, 9, REQUIRED, "AutoCompleted", id="9 pence left: autocompleted"),
        pytest.param(SHORT, 10, REQUIRED, None, id="10 pence left: goes on"),
        pytest.param(SHORT, None, REQUIRED, None, id="balance unknown: goes on"),
        pytest.param(ENOUGH, 4210, None, None, id="no requirement: never completed by us"),
        pytest.param(ENOUGH, 0, None, None, id="no requirement: never lost by us"),
        pytest.param(ENOUGH, 0, 0, None, id="a requirement of zero: never lost by us"),
        pytest.param(ENOUGH, 9, None, "AutoCompleted", id="no requirement: autocompleted"),
    ],
)
def test_the_end_of_a_round_decides(
    cents: int, balance: int | None, required: int | None, expected: str | None
) -> None:
    by_win = wagering(bet(1, cents), end(2, "r1", balance), required=required).bonus()
    by_bet = wagering(bet(1, cents, is_round_end=True, bonus_balance=balance), required=required).bonus()
    decided = [] if expected is None else [f"0/{expected}"]
    assert (by_win[2:], by_bet[2:]) == (decided, decided)


@pytest.mark.parametrize(
    ("balance", "below", "expected"),
    [
        pytest.param(9, "0", [], id="switched off"),
        pytest.param(99, "1", ["0/AutoCompleted"], id="below a pound"),
        pytest.param(9, "0.095", ["0/AutoCompleted"], id="a fraction of a penny"),
    ],
)
def test_when_a_rest_is_autocompleted(balance: int, below: str, expected: list[str]) -> None:
    saga = wagering(bet(1, 1), end(2, "r1", balance), rules={"autocomplete_below": below})
    assert saga.bonus()[2:] == expected


def test_what_turned_real_is_the_balance_of_the_call_that_ended_the_round() -> None:
    saga = wagering(bet(1, ENOUGH, bonus_balance=5000), end(2, "r1", 4210))
    assert saga.fields("Completed", "bonus_turned_real") == [[42.1]]


def test_nothing_ends_in_the_middle_of_a_round() -> None:
    saga = wagering(bet(1, ENOUGH, bonus_balance=0), end(2, "r1", 700, is_round_end=False))
    assert saga.bonus() == ["0/Created", "0/Ongoing/0"]
    saga.take(end(3, "r1", 800))
    assert saga.fields("Completed", "bonus_turned_real") == [[8.0]]


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        pytest.param({"response_currency": "EUR"}, [], id="a balance of another currency"),
        pytest.param({"response_currency": None}, ["0/Lost"], id="an answer without currency is in the request's"),
        pytest.param({"round_id": "other"}, [], id="another round"),
        pytest.param({"game_id": "2"}, [], id="the same round of another game"),
        pytest.param({"is_free_spin": True}, [], id="a round with free spins"),
    ],
)
def test_a_round_end_that_may_not_decide(said: dict[str, Any], ends: list[str]) -> None:
    assert wagering(bet(1, SHORT), end(2, "r1", 0, **said)).bonus()[2:] == ends


def test_a_requirement_that_is_met_completes_without_a_balance_too() -> None:
    saga = wagering(bet(1, ENOUGH), end(2, "r1", 0, response_currency="EUR"))
    assert saga.fields("Completed", "bonus_turned_real") == [[None]]


def test_a_round_concerns_only_the_bonuses_its_bets_belong_to() -> None:
    other = bonus_change(NOON + 1, user_bonus_id="other", required=REQUIRED)
    saga = wagering().take(other, bet(2, 1, bonus_ref="other", is_round_end=True, bonus_balance=0))
    assert saga.bonus() == ["0/Created", "bonus/other/0/Created", "bonus/other/0/Ongoing/0", "bonus/other/0/Lost"]


def test_a_round_may_concern_two_bonuses() -> None:
    other = bonus_change(NOON + 1, user_bonus_id="other", required=REQUIRED)
    saga = wagering().take(
        other,
        bet(2, 1, round_id="r", bonus_ref="other"),
        bet(3, 1, round_id="r", bonus_ref="111222333-77"),
        end(4, "r", 0),
    )
    assert saga.bonus()[-2:] == ["bonus/other/0/Lost", "0/Lost"]


def test_the_end_of_a_round_decides_nothing_about_a_bonus_that_has_ended() -> None:
    other = bonus_change(NOON + 1, user_bonus_id="other", required=REQUIRED)
    saga = wagering(bet(1, 1)).take(
        other, bonus_change(NOON + 2, status="Forfeited", required=REQUIRED), end(3, "r1", 0)
    )
    assert saga.bonus() == ["0/Created", "0/Ongoing/0", "bonus/other/0/Created", "0/Forfeited"]


def test_completed_is_never_told_before_ongoing() -> None:
    saga = wagering(bet(1, ENOUGH)).take(
        bonus_change(NOON + 2, status="Forfeited", required=REQUIRED),
        bonus_change(NOON + 3, status="Reversed", required=REQUIRED),
        bet(4, 0, bonus_ref="111222333-77", is_round_end=True, bonus_balance=500),
    )
    assert saga.bonus()[2:] == ["0/Forfeited", "1/Reversed", "1/Ongoing/0", "1/Completed"]


def test_what_we_computed_and_the_platform_reports_later_is_a_dup() -> None:
    saga = wagering(bet(1, ENOUGH, is_round_end=True))
    saga.take(bonus_change(NOON + 2, status="Completed", required=REQUIRED))
    assert (saga.bonus(), saga.counts[-1]) == (["0/Created", "0/Ongoing/0", "0/Completed"], "bonuses-dup")


def test_wins_belong_to_the_bonus_of_their_round() -> None:
    assert wagering(bet(1, 1), end(2, "r1", 500)).counts == ["bets-attributed", "wins-attributed"]


def test_casino_comes_before_bonus() -> None:
    saga = wagering(bet(1, ENOUGH, is_round_end=True))
    assert saga.ids() == ["0/Created", "casino/debit/t1", "0/Ongoing/0", "0/Completed"]
