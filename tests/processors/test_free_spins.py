"""Free spins: the first event of their bonus is sent when they are over."""

from typing import Any

import pytest
from saga import Saga
from samples import DAY, HOUR, NOON, bonus_change, order, wallet_call

from processors.facts import BonusChange, Fact, WalletCall

ID = "111222333-77"
SPENT = NOON + DAY


def grant(at: int = NOON, status: str = "Created", **said: Any) -> BonusChange:
    """Two free spins, 20.00 by the platform's word."""
    return bonus_change(at, **{"status": status, "type": "FreeSpins", "free_spins": 2, "required": None, **said})


def spin(n: int, **said: Any) -> WalletCall:
    """The debit of the n-th round."""
    fresh = {"call_id": f"d{n}", "round_id": f"r{n}", "bonus_amount": 100, "is_free_spin": True, "bonus_ref": ID}
    return wallet_call(NOON + n, **{**fresh, **said})


def win(n: int, cents: int, **said: Any) -> WalletCall:
    """The credit that ends the n-th round."""
    fresh = {"call_id": f"w{n}", "action": "win", "amount": cents, "bonus_amount": 0, "is_round_end": True}
    return spin(n, **{**fresh, **said})


TWO_ROUNDS: list[WalletCall] = [spin(1), win(1, 150), spin(2), win(2, 250)]


def told(*facts: Fact) -> tuple[list[str], list[float]]:
    """BONUS events and their amounts."""
    saga = Saga(*facts)
    assert saga.refusals == []
    amounts = [event.payload["amount"] for event in saga.events if event.type == "BONUS"]
    return saga.bonus(), amounts


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([grant()], [], id="nothing before they are over"),
        pytest.param([grant(), *TWO_ROUNDS[:3]], [], id="nor while the last goes on"),
        pytest.param([grant(), *TWO_ROUNDS], [4.0], id="what was won when they are"),
        pytest.param([*TWO_ROUNDS, grant(NOON + 9)], [4.0], id="played before the bonus is known"),
        pytest.param([TWO_ROUNDS[0], grant(NOON + 1), *TWO_ROUNDS[1:]], [4.0], id="known in the middle of a round"),
        pytest.param([grant(), *TWO_ROUNDS, *TWO_ROUNDS], [4.0], id="every call told twice"),
        pytest.param(
            [grant(), spin(1, is_round_end=True), spin(2, is_round_end=True)],
            [0.0],
            id="nothing won, ended by the debits",
        ),
        pytest.param(
            [grant(), *TWO_ROUNDS[:2], win(1, 100, call_id="w1b"), *TWO_ROUNDS[2:]], [5.0], id="a win after the end"
        ),
        pytest.param([grant(), *TWO_ROUNDS, spin(3), win(3, 999)], [4.0], id="a round beyond the granted ones"),
        pytest.param([*TWO_ROUNDS, spin(3), win(3, 999), grant(NOON + 9)], [4.0], id="likewise before it is known"),
        pytest.param([grant(free_spins=None), *TWO_ROUNDS], [], id="of an unknown number they are never over"),
        pytest.param(
            [grant(), *[one._replace(bonus_ref=None) for one in TWO_ROUNDS]], [], id="unnamed spins touch no bonus"
        ),
        pytest.param(
            [grant(), spin(1), win(1, 150, bonus_ref=None), spin(2), win(2, 250, bonus_ref=None, is_free_spin=False)],
            [4.0],
            id="wins that do not name the bonus",
        ),
        pytest.param(
            [
                *[
                    one if one.action == "bet" else one._replace(bonus_ref=None, is_free_spin=False)
                    for one in TWO_ROUNDS
                ],
                grant(NOON + 9),
            ],
            [4.0],
            id="such wins before it is known",
        ),
        pytest.param(
            [grant(), spin(1, bonus_ref=None), win(1, 150), spin(2, bonus_ref=None), win(2, 250)],
            [4.0],
            id="rounds that only the win names",
        ),
        pytest.param(
            [grant(), spin(1), win(1, 150, currency="EUR"), spin(2), win(2, 250)], [2.5], id="a win in another currency"
        ),
    ],
)
def test_the_spins_are_over_with_the_last_granted_round(facts: list[Fact], expected: list[float]) -> None:
    assert told(*facts) == (["0/Created"] * len(expected), expected)


def test_created_is_dated_and_caused_by_what_ended_the_spins() -> None:
    saga = Saga(grant(), *TWO_ROUNDS)
    assert [(saga.events[-1].cause, saga.events[-1].payload["timestamp"])] == [
        ("topic/0/5", "2026-11-20T12:00:00.002Z")
    ]


def test_created_that_comes_after_the_spins_has_the_later_time() -> None:
    saga = Saga(*TWO_ROUNDS, grant(NOON + 1))
    assert saga.fields("Created", "timestamp") == [["2026-11-20T12:00:00.002Z"]]


@pytest.mark.parametrize(
    ("status", "expected", "amounts"),
    [
        pytest.param("Ongoing", ["0/Created", "0/Ongoing/0"], [20.0, 20.0], id="ongoing"),
        pytest.param("Completed", ["0/Created", "0/Completed"], [20.0, 20.0], id="completed"),
        pytest.param("AutoCompleted", ["0/Created", "0/AutoCompleted"], [20.0, 20.0], id="autocompleted"),
        pytest.param("Lost", ["0/Created", "0/Lost"], [20.0, 20.0], id="lost"),
        pytest.param("Forfeited", ["0/Forfeited"], [20.0], id="forfeited: alone"),
        pytest.param("Expired", ["0/Expired"], [20.0], id="expired, nothing won: alone"),
    ],
)
def test_a_word_of_the_platform_ends_the_spins(status: str, expected: list[str], amounts: list[float]) -> None:
    assert told(grant(), spin(1), grant(NOON + 5, status)) == (expected, amounts)


def test_expired_by_the_platform_after_something_was_won_is_created_and_expired() -> None:
    assert told(grant(), *TWO_ROUNDS[:2], grant(NOON + 5, "Expired")) == (["0/Created", "0/Expired"], [20.0, 20.0])


def test_forfeited_by_the_platform_after_something_was_won_is_forfeited_alone() -> None:
    assert told(grant(), *TWO_ROUNDS[:2], grant(NOON + 5, "Forfeited")) == (["0/Forfeited"], [20.0])


def test_what_was_won_is_the_amount_until_the_platforms_next_record() -> None:
    bet = wallet_call(NOON + 6, bonus_ref=ID, bonus_amount=100)
    later: list[Fact] = [bet, grant(NOON + 7, "Ongoing", amount=777), grant(NOON + 8, "Lost", amount=777)]
    assert told(grant(), *TWO_ROUNDS, *later) == (
        ["0/Created", "0/Ongoing/0", "0/Ongoing/1", "0/Lost"],
        [4.0, 4.0, 7.77, 7.77],
    )


def test_spins_that_end_after_the_platforms_word_change_nothing() -> None:
    assert told(grant(), grant(NOON, "Ongoing"), *TWO_ROUNDS) == (["0/Created", "0/Ongoing/0"], [20.0, 20.0])


@pytest.mark.parametrize("late", [0, 9], ids=["pending first", "played first"])
def test_while_only_pending_is_known_created_waits_for_the_platforms(late: int) -> None:
    facts: list[Fact] = sorted([grant(NOON + late, "Pending"), *TWO_ROUNDS], key=lambda fact: fact.at)
    assert told(*facts) == ([], [])
    assert told(*facts, grant(NOON + 10, "Created", amount=1)) == (["0/Created"], [4.0])


def test_spins_beyond_the_granted_ones_win_nothing_while_the_bonus_is_pending() -> None:
    facts: list[Fact] = [grant(NOON, "Pending"), *TWO_ROUNDS, spin(3), win(3, 999), grant(NOON + 10)]
    assert told(*facts) == (["0/Created"], [4.0])


@pytest.mark.parametrize("status", ["Reversed"])
@pytest.mark.parametrize("known", [[], [grant(NOON, "Pending")], [grant()]], ids=["unseen", "pending", "created"])
def test_a_reversal_of_spins_that_go_on_is_refused(known: list[BonusChange], status: str) -> None:
    saga = Saga(*known, grant(NOON + 1, status))
    assert (saga.bonus(), [kind for kind, _ in saga.refused()]) == ([], ["illegal-transition"])


@pytest.mark.parametrize(
    ("facts", "expected", "amounts"),
    [
        pytest.param([grant(expires_at=SPENT), *TWO_ROUNDS[:2]], ["0/Created"], [1.5], id="something won: created"),
        pytest.param([grant(expires_at=SPENT), spin(1)], ["0/Expired"], [20.0], id="nothing won: expired alone"),
        pytest.param([grant(expires_at=SPENT)], ["0/Expired"], [20.0], id="never played: expired alone"),
        pytest.param(
            [grant(NOON, "Pending", expires_at=SPENT)], ["0/Expired"], [20.0], id="never claimed: expired alone"
        ),
        pytest.param([grant(NOON, "Pending", expires_at=SPENT), *TWO_ROUNDS[:2]], [], [], id="won, but not claimed"),
        pytest.param([grant(expires_at=SPENT), *TWO_ROUNDS], ["0/Created"], [4.0], id="spent when they were over"),
        pytest.param(
            [grant(expires_at=SPENT, free_spins=None), *TWO_ROUNDS], ["0/Created"], [4.0], id="of an unknown number"
        ),
    ],
)
def test_at_their_expiry(facts: list[Fact], expected: list[str], amounts: list[float]) -> None:
    saga = Saga(*facts).pass_time(SPENT + DAY)
    assert (saga.bonus(), saga.fields("", "amount")[-len(expected) :] if expected else []) == (
        expected,
        [[amount] for amount in amounts],
    )


def test_claimed_after_they_had_expired_with_something_won() -> None:
    facts: list[Fact] = [
        grant(NOON, "Pending", expires_at=SPENT),
        *TWO_ROUNDS[:2],
        grant(SPENT + HOUR, "Created", expires_at=SPENT),
    ]
    assert told(*facts) == (["0/Created"], [1.5])


def test_created_when_their_time_has_passed_already() -> None:
    assert told(grant(expires_at=NOON - 1)) == (["0/Expired"], [20.0])
    assert told(*TWO_ROUNDS[:2], grant(NOON + 5, expires_at=NOON - 1)) == (["0/Created"], [1.5])


def by_campaign(*calls: WalletCall) -> list[WalletCall]:
    return [one._replace(bonus_ref="13et") for one in calls]


def test_spins_may_name_the_campaign() -> None:
    assert told(grant(), *by_campaign(*TWO_ROUNDS)) == (["0/Created"], [4.0])
    assert told(*by_campaign(*TWO_ROUNDS), grant(NOON + 5)) == (["0/Created"], [4.0])


def test_spins_of_a_bonus_not_known_yet_may_name_it_in_two_ways() -> None:
    saga = Saga(*by_campaign(*TWO_ROUNDS[:2]), *TWO_ROUNDS[2:], grant(NOON))
    assert saga.fields("Created", "amount", "timestamp") == [[4.0, "2026-11-20T12:00:00.002Z"]]


def test_a_campaign_means_the_instance_whose_spins_are_not_over() -> None:
    again = [one._replace(call_id=f"{one.call_id}x", round_id=f"{one.round_id}x") for one in by_campaign(*TWO_ROUNDS)]
    second = grant(NOON + 3, user_bonus_id="second")
    facts: list[Fact] = [grant(), *by_campaign(*TWO_ROUNDS), second, *again]
    assert told(*facts) == (["0/Created", "bonus/second/0/Created"], [4.0, 4.0])


def test_a_win_by_campaign_stays_with_the_instance_of_its_round() -> None:
    second = grant(NOON, user_bonus_id="second")
    saga = Saga(
        grant(free_spins=1), second, *by_campaign(spin(1, is_round_end=True)), *by_campaign(win(1, 150), spin(2))
    )
    assert (saga.bonus(), saga.fields("Created", "amount")) == (["0/Created"], [[0.0]])
    saga.take(*by_campaign(win(2, 250)), spin(3, bonus_ref="second", is_round_end=True))
    assert saga.fields("second/0/Created", "amount") == [[2.5]]


def test_bets_wait_until_the_spins_are_over() -> None:
    bet = wallet_call(NOON, bonus_ref=ID, bonus_amount=100)
    assert told(grant(required=1000), bet, *TWO_ROUNDS) == (["0/Created", "0/Ongoing/0"], [4.0, 4.0])


def test_free_spins_of_a_deposit_wait_for_the_money_too() -> None:
    approved = order(NOON + 9, status="completed", result="approved")
    by_order = grant(order_id="123_4567899")
    assert told(by_order, order(), *TWO_ROUNDS, approved) == (["0/Created"], [4.0])
    assert told(by_order, order(), TWO_ROUNDS[0], approved, *TWO_ROUNDS[1:]) == (["0/Created"], [4.0])


def test_free_spins_whose_deposit_was_rejected_are_forfeited_alone() -> None:
    rejected = order(NOON + 9, status="completed", result="declined")
    assert told(grant(order_id="123_4567899"), order(), *TWO_ROUNDS, rejected)[0] == ["0/Forfeited"]


def test_free_spins_whose_deposit_was_rolled_back_are_forfeited_when_they_are_over() -> None:
    money = [
        order(),
        order(NOON, status="completed", result="approved"),
        order(NOON, status="voided", result="approved"),
    ]
    assert told(*money, grant(order_id="123_4567899"), *TWO_ROUNDS)[0] == ["0/Created", "0/Forfeited"]


def test_the_winnings_can_be_wagered_like_any_bonus() -> None:
    bet = wallet_call(NOON + 9, bonus_amount=1000, amount=1000, is_round_end=True, bonus_balance=321)
    assert told(grant(required=1000), *TWO_ROUNDS, bet)[0] == ["0/Created", "0/Ongoing/0", "0/Completed"]


def test_nothing_is_left_of_spins_that_the_platform_ended() -> None:
    saga = Saga(grant(), *TWO_ROUNDS[:2], grant(NOON + 5, "Completed"))
    assert [kind for kind, _ in saga.window.living() if kind.startswith("spins")] == []


def test_nothing_is_left_of_spins_that_expired() -> None:
    saga = Saga(grant(expires_at=NOON + HOUR), *TWO_ROUNDS[:2]).pass_time(NOON + HOUR)
    assert [kind for kind, _ in saga.window.living() if kind.startswith("spins")] == []


@pytest.mark.parametrize("kind", ["FreeSpins", "WelcomeBonus"])
def test_a_bonus_without_spins_leaves_no_row_of_spins(kind: str) -> None:
    assert {row for row, _ in Saga(grant(type=kind)).window.living()} == {"bonus", "campaign", "roster"}


def test_nothing_is_left_of_the_spins_in_the_end() -> None:
    saga = Saga(spin(9, bonus_ref="never"), grant(), *TWO_ROUNDS).pass_time(NOON + 9 * DAY)
    assert {kind for kind, _ in saga.window.living()} == {"bonus", "campaign", "roster"}


def test_spins_played_before_the_platform_says_created_have_its_time() -> None:
    saga = Saga(grant(NOON + HOUR), *TWO_ROUNDS)
    assert saga.fields("Created", "timestamp") == [["2026-11-20T13:00:00Z"]]
