"""The law: whatever way the topics interleave, chains are legal and events the same; twice changes nothing."""

from random import Random

import histories
import law
import pytest
from histories import RULES
from hypothesis import given, note, settings
from hypothesis import strategies as st
from running import Run, let_pass, run
from samples import DAY

from processors.outcome import Arrival

RATES = histories.rates()

RANDOMS = st.randoms(use_true_random=False) | st.integers(0, 2**32).map(Random)
"""The first shrink to the smallest counter-example, the second reach further."""

KINDS = {
    "legal": histories.history,
    "settled": histories.settled,
    "spoiled": histories.spoiled,
}


@pytest.mark.parametrize("kind", KINDS)
@given(random=RANDOMS)
@settings(max_examples=600, deadline=None)
def test_the_law(kind: str, random: Random) -> None:
    """1,800 histories: legal ones, such as BONUS events are compared for, and such as cannot be."""
    history = KINDS[kind](random)
    note(histories.as_text(history))
    orders = [histories.in_time_order(history), histories.interleaved(random, history)]
    runs = [run(order, RULES, RATES) for order in orders]
    assert [] == [breach for one in runs for breach in law.broken(history, one.events)]
    for clause in law.SAME_EVENTS:
        if clause.holds_for(history):
            in_time, mixed = (law.told(one.events, clause) for one in runs)
            assert in_time == mixed
    for order, one in zip(orders, runs, strict=True):
        twice_changes_nothing(order, one)
        nothing_stays(one)


def twice_changes_nothing(order: list[Arrival], once: Run) -> None:
    """Feed everything again, unless a record was refused."""
    if once.refusals:
        return
    window = once.window
    let_pass(once, window.now, RULES, RATES)
    before = window.copy()
    again = run(order, RULES, RATES, window)
    assert ([], before.living(), before.timers) == (again.events, window.living(), window.timers)


def nothing_stays(one: Run) -> None:
    """After every retention no row is left, and no timer."""
    let_pass(one, one.window.now + 400 * DAY, RULES, RATES)
    assert ({}, set()) == (one.window.living(), one.window.timers)
