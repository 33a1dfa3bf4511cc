"""Where the law ends: the smallest histories whose BONUS events do depend on how the topics interleave.

Each is told in time order first, which is what a task does and what the CRM
should hear. The chains stay legal in every order, and payments and play the same.
"""

from collections.abc import Callable
from random import Random

import histories
import law
import pytest
from histories import RULES
from judging import RATES
from running import run
from samples import NOON
from teller import Teller

from processors.outcome import Arrival


def given_back_by_another_topic(tell: Teller) -> list[str]:
    """Bets end the bonus, the platform gives it back: before its end there is nothing to give back."""
    bonus = tell.new_bonus()
    tell.platform(bonus, "Created")
    tell.later()
    tell.bet(bonus_ref=bonus.user_bonus_id, is_round_end=True, bonus_balance=0)
    tell.later()
    tell.platform(bonus, "Reversed")
    return ["0/Created", "0/Lost", "1/Reversed"]


def given_back_after_a_rollback(tell: Teller) -> list[str]:
    """A Rollback of the deposit forfeits the bonus, the platform gives it back."""
    order = tell.new_order()
    bonus = tell.new_bonus(order_id=order.order_id)
    tell.platform(bonus, "Created")
    tell.version(order, "completed", "approved")
    tell.later()
    tell.version(order, "voided", "approved")
    tell.later()
    tell.platform(bonus, "Reversed")
    return ["0/Created", "0/Forfeited", "1/Reversed"]


def ended_again_after_a_payout(tell: Teller) -> list[str]:
    """A canceled payout gives the bonus back, and only then can the platform complete it."""
    order = tell.new_order(kind="withdrawal")
    bonus = tell.new_bonus()
    tell.platform(bonus, "Created")
    tell.later()
    tell.platform(bonus, "Forfeited", forfeited_by=order.order_id)
    tell.later()
    tell.version(order, "canceled")
    tell.later()
    tell.platform(bonus, "Completed")
    return ["0/Created", "0/Forfeited", "1/Reversed", "1/Completed"]


def expired_with_something_won(tell: Teller) -> list[str]:
    """The platform lets free spins expire: whether they had won something by then is the wallet's to say."""
    bonus = tell.new_bonus(type="FreeSpins", free_spins=5, required=None)
    tell.platform(bonus, "Created")
    tell.later()
    bet = tell.bet(bonus_ref=bonus.user_bonus_id, is_free_spin=True)
    tell.win(bet)
    tell.later()
    tell.platform(bonus, "Expired")
    return ["0/Created", "0/Expired"]


def another_requirement(tell: Teller) -> list[str]:
    """The platform changes what has to be wagered, and bets that were enough are no longer."""
    bonus = tell.new_bonus(required=tell.money(1))
    tell.platform(bonus, "Created")
    tell.later()
    tell.bet(bonus_ref=bonus.user_bonus_id, bonus_amount=tell.money(1), is_round_end=True)
    tell.later()
    tell.platform(bonus, "Ongoing", required=tell.money(9))
    return ["0/Created", "0/Completed"]


LIMITS = [
    given_back_by_another_topic,
    given_back_after_a_rollback,
    ended_again_after_a_payout,
    expired_with_something_won,
    another_requirement,
]


@pytest.mark.parametrize("tell", [pytest.param(tell, id=tell.__name__) for tell in LIMITS])
def test_time_order_is_right_and_another_order_differs(tell: Callable[[Teller], list[str]]) -> None:
    teller = Teller(Random(1), "p", NOON, "", "EUR")
    expected = tell(teller)
    history = histories.of_story(teller.story("", is_settled=False))

    assert expected == _bonus_events(histories.in_time_order(history))
    assert any(expected != _bonus_events(order) for order in histories.every_order(history)), "the law holds after all"


@pytest.mark.parametrize("tell", [pytest.param(tell, id=tell.__name__) for tell in LIMITS])
def test_every_order_is_legal_and_payments_and_play_the_same(tell: Callable[[Teller], list[str]]) -> None:
    teller = Teller(Random(1), "p", NOON, "", "EUR")
    tell(teller)
    history = histories.of_story(teller.story("", is_settled=False))
    runs = [run(order, RULES, RATES) for order in histories.every_order(history)]

    assert [] == [breach for one in runs for breach in law.broken(history, one.events)]
    for clause in law.SAME_EVENTS[:2]:
        assert all(law.told(runs[0].events, clause) == law.told(one.events, clause) for one in runs)


def _bonus_events(order: list[Arrival]) -> list[str]:
    events = run(order, RULES, RATES).events
    statuses = [event.event_id.split("/", 2)[2] for event in events if event.type == "BONUS"]
    return [status for status in statuses if "Ongoing" not in status]
