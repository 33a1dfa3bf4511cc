"""Which bonus a bet belongs to, and what it waits for."""

from typing import Any

import pytest
from saga import Saga
from samples import HOUR, MINUTE, NOON, bonus_change, order, wallet_call

from processors.facts import WalletCall

MINE = "111222333-77"
TOTAL = {"required": 100000}


def bet(at: int, **said: Any) -> WalletCall:
    """A bet of 1.00 bonus money in a round of its own."""
    return wallet_call(at, **{"call_id": f"t{at}", "round_id": f"r{at}", "bonus_amount": 100, **said})


def owners(saga: Saga) -> list[str]:
    """Whose wagering began, in order."""
    return [event.payload["user_bonus_id"] for event in saga.events if event.payload["status"] == "Ongoing"]


def grant(at: int, name: str, campaign: str = "13et", status: str = "Created", **said: Any) -> Any:
    return bonus_change(at, **{"user_bonus_id": name, "bonus_id": campaign, "status": status, **TOTAL, **said})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"bonus_ref": "B"}, ["B"], id="the instance it names"),
        pytest.param({"bonus_ref": "camp-b"}, ["B"], id="the campaign it names"),
        pytest.param({}, ["A"], id="bonus money without a name: the oldest active bonus"),
        pytest.param({"bonus_amount": 0}, [], id="real money without a name"),
        pytest.param({"is_free_spin": True, "bonus_ref": "B"}, [], id="a free spin"),
    ],
)
def test_a_bet_belongs_to(said: dict[str, Any], expected: list[str]) -> None:
    saga = Saga(grant(NOON, "A", "camp-a"), grant(NOON + 1, "B", "camp-b"), bet(NOON + 2, **said))
    assert owners(saga) == expected


def test_a_real_bet_that_names_a_bonus_belongs_to_it_and_counts_nothing() -> None:
    saga = Saga(grant(NOON, "A"), bet(NOON + 1, bonus_ref="A", bonus_amount=0))
    assert (owners(saga), saga.counts) == ([], ["bets-attributed"])


def test_a_campaign_means_its_active_instance() -> None:
    saga = Saga(
        grant(NOON, "old"),
        grant(NOON + 1, "mine"),
        grant(NOON + 2, "old", status="Lost"),
        grant(NOON + 3, "next", status="Pending"),
        bet(NOON + 4, bonus_ref="13et"),
    )
    assert owners(saga) == ["mine"]


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        pytest.param("Forfeited", "bets-unattributed", id="which has ended"),
        pytest.param("Pending", "bets-waiting", id="which is not active yet"),
    ],
)
def test_a_campaign_without_an_active_instance_means_its_last(status: str, counted: str) -> None:
    saga = Saga(
        grant(NOON, "old"),
        grant(NOON + 1, "old", status="Lost"),
        grant(NOON + 2, "last", status=status),
        bet(NOON + 3, bonus_ref="13et"),
    )
    assert saga.counts == [counted]


def test_the_last_instance_of_a_campaign_is_the_one_heard_of_last_whatever_moved_since() -> None:
    saga = Saga(
        grant(NOON, "old"),
        grant(NOON + 1, "last", status="Pending"),
        grant(NOON + 2, "old", status="Lost"),
        bet(NOON + 3, bonus_ref="13et"),
        grant(NOON + 4, "last"),
    )
    assert owners(saga) == ["last"]


def test_oldest_means_first_activated() -> None:
    saga = Saga(
        grant(NOON, "A", status="Pending"), grant(NOON + 1, "B"), grant(NOON + 2, "A"), bet(NOON + 3), bet(NOON + 4)
    )
    assert owners(saga) == ["B"]


def test_a_reversed_bonus_is_as_old_as_it_was() -> None:
    saga = Saga(
        grant(NOON, "A"),
        grant(NOON + 1, "A", status="Forfeited"),
        grant(NOON + 2, "B"),
        grant(NOON + 3, "A", status="Reversed"),
        bet(NOON + 4),
    )
    assert owners(saga) == ["A"]


@pytest.mark.parametrize("status", ["Completed", "Forfeited", "Expired", "Lost", "AutoCompleted"])
@pytest.mark.parametrize(
    "said", [{"bonus_ref": "A"}, {"bonus_ref": "13et"}, {}], ids=["instance", "campaign", "unnamed"]
)
def test_a_bet_of_a_bonus_that_has_ended_is_unattributed_at_once(status: str, said: dict[str, Any]) -> None:
    saga = Saga(grant(NOON, "A"), grant(NOON + 1, "A", status=status), bet(NOON + 2, **said))
    assert (owners(saga), saga.counts) == ([], ["bets-unattributed"])


def test_bonus_money_of_a_player_without_any_bonus_is_unattributed_at_once() -> None:
    assert Saga(bet(NOON)).counts == ["bets-unattributed"]


PENDING = grant(NOON, MINE, status="Pending")
UNPAID = grant(NOON, MINE, order_id="123_4567899")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        pytest.param([], {"bonus_ref": MINE}, id="the instance it names is unseen"),
        pytest.param([], {"bonus_ref": "13et"}, id="the campaign it names is unseen"),
        pytest.param([PENDING], {"bonus_ref": MINE}, id="the instance is pending"),
        pytest.param([PENDING], {"bonus_ref": "13et"}, id="the campaign's instance is pending"),
        pytest.param([PENDING], {}, id="unnamed, a bonus is pending"),
        pytest.param([UNPAID], {"bonus_ref": MINE}, id="the instance waits for its payment"),
        pytest.param([UNPAID], {}, id="unnamed, a bonus waits for its payment"),
    ],
)
def test_a_bet_waits_for_a_bonus_that_is_not_active_yet(known: list[Any], said: dict[str, Any]) -> None:
    saga = Saga(*known, bet(NOON + 1, **said))
    assert (saga.casino(), saga.counts[-1]) == ([f"casino/debit/t{NOON + 1}"], "bets-waiting")
    paid = [order(), order(NOON + 2, status="completed", result="approved")] if UNPAID in known else []
    saga.take(*paid, grant(NOON + 3, MINE, order_id="123_4567899" if paid else None))
    assert saga.bonus()[-2:] == ["0/Created", "0/Ongoing/0"]
    assert [event.cause for event in saga.events if event.event_id.endswith("Ongoing/0")] == [
        f"topic/0/{len(known) + 1}"
    ]


@pytest.mark.parametrize(
    ("late", "expected", "counted"),
    [
        pytest.param(HOUR - 1, [MINE], ["bets-waiting", "bets-attributed"], id="just in time"),
        pytest.param(HOUR, [], ["bets-waiting", "bets-unattributed"], id="over at exactly its time"),
    ],
)
def test_a_bet_waits_an_hour_of_stream_time_from_its_arrival(
    late: int, expected: list[str], counted: list[str]
) -> None:
    saga = Saga().pass_time(NOON + MINUTE).take(bet(NOON, bonus_ref=MINE)).take(grant(NOON + MINUTE + late, MINE))
    assert (owners(saga), saga.counts, saga.window.timers) == (expected, counted, set())


def test_calls_that_waited_are_applied_in_their_order() -> None:
    saga = Saga(
        bet(NOON + 1, bonus_ref=MINE, amount=50000, bonus_amount=50000),
        bet(NOON + 2, bonus_ref="13et", amount=50000, bonus_amount=50000, is_round_end=True, bonus_balance=777),
        bet(NOON + 3, bonus_ref=MINE, is_round_end=True, bonus_balance=0),
        grant(NOON + 4, MINE),
    )
    assert saga.bonus() == ["0/Created", "0/Ongoing/0", "0/Ongoing/1", "0/Completed"]
    assert saga.fields("Completed", "bonus_turned_real", "timestamp") == [[7.77, "2026-11-20T12:00:00.004Z"]]
    assert saga.counts[3:] == ["bets-attributed", "bets-attributed", "bonuses-ended-by-round", "bets-unattributed"]


def test_unnamed_bets_give_up_when_the_last_pending_bonus_ends() -> None:
    saga = Saga(PENDING, bet(NOON + 1), grant(NOON + 2, MINE, status="Forfeited"))
    assert (saga.counts, saga.window.timers) == (["bets-waiting", "bets-unattributed"], set())


def test_unnamed_bets_go_on_waiting_while_another_bonus_is_pending() -> None:
    saga = Saga(
        PENDING,
        grant(NOON, "other", status="Pending"),
        bet(NOON + 1),
        grant(NOON + 2, MINE, status="Forfeited"),
        grant(NOON + 3, "other"),
    )
    assert owners(saga) == ["other"]


def test_a_named_bet_goes_on_waiting_when_its_bonus_begins_with_an_end() -> None:
    saga = Saga(
        bet(NOON, bonus_ref=MINE), grant(NOON + 1, MINE, status="Forfeited"), grant(NOON + 2, MINE, status="Reversed")
    )
    assert saga.bonus() == ["0/Forfeited", "1/Reversed", "1/Ongoing/0"]


def test_a_round_end_waits_with_its_bets() -> None:
    saga = Saga(
        bet(NOON, bonus_ref=MINE, round_id="r"),
        wallet_call(NOON + 1, action="win", round_id="r", is_round_end=True, bonus_balance=0),
        grant(NOON + 2, MINE),
    )
    assert saga.bonus() == ["0/Created", "0/Ongoing/0", "0/Lost"]
    assert saga.counts[:2] == ["bets-waiting", "ends-waiting"]


def test_a_round_end_waits_for_every_bonus_of_its_bets() -> None:
    saga = Saga(
        bet(NOON, bonus_ref="A", round_id="r"),
        bet(NOON + 1, bonus_ref="B", round_id="r"),
        wallet_call(NOON + 2, action="win", round_id="r", is_round_end=True, bonus_balance=0),
        grant(NOON + 3, "A"),
        grant(NOON + 4, "B"),
    )
    assert [event.event_id for event in saga.events if event.payload["status"] == "Lost"] == [
        "bonus/A/0/Lost",
        "bonus/B/0/Lost",
    ]


def test_a_round_end_whose_bet_gave_up_decides_nothing() -> None:
    saga = Saga(
        bet(NOON, bonus_ref=MINE, round_id="r"),
        wallet_call(NOON + 30 * MINUTE, action="win", round_id="r", is_round_end=True, bonus_balance=0),
        grant(NOON + 61 * MINUTE, MINE),
    )
    assert saga.bonus() == ["0/Created"]


def test_a_round_that_ends_after_its_bet_was_released_decides() -> None:
    saga = Saga(
        bet(NOON, bonus_ref=MINE, round_id="r"),
        grant(NOON + 1, MINE),
        wallet_call(NOON + 2, action="win", round_id="r", is_round_end=True, bonus_balance=0),
    )
    assert saga.bonus() == ["0/Created", "0/Ongoing/0", "0/Lost"]


def test_nothing_is_left_of_what_waited() -> None:
    saga = Saga(bet(NOON, bonus_ref=MINE), bet(NOON + 1, bonus_ref="never")).pass_time(NOON + 2 * HOUR)
    assert ({kind for kind, _ in saga.window.living()}, saga.window.timers) == ({"bet", "round"}, set())


def test_what_waits_now_is_not_taken_for_what_waited_before() -> None:
    """Ids of waiting calls are used again: the refund of a bet that was released does not wait with another."""
    refund = wallet_call(NOON + 4, call_id="r", action="refund", original_id=f"t{NOON}", amount=0, is_round_end=None)
    saga = Saga(
        bet(NOON, bonus_ref=MINE),
        grant(NOON + 1, MINE),
        grant(NOON + 2, MINE, status="Forfeited"),
        bet(NOON + 3, bonus_ref="never"),
        refund,
        grant(NOON + 5, MINE, status="Reversed"),
        bet(NOON + 6, bonus_ref=MINE),
    )
    assert saga.fields("1/Ongoing/0", "meta") == [[{"wagered_amount": 1.0, "open_requirement": 999.0}]]
    assert saga.counts == ["bets-waiting", "bets-attributed", "bets-waiting", "bets-attributed"]
