"""Whether a history comes to what it should: a story to what it expects, any history to the law."""

from random import Random

import histories
import law
from histories import RULES, History
from running import Run, let_pass, run
from samples import DAY

from processors.outcome import Arrival

RATES = histories.rates()
MIXES = 3
"""In how many ways a history's topics are interleaved, besides the order of time."""


def story_holds(history: History) -> None:
    """Told in time order, a story comes to the events it expects, in their order, with what matters in them."""
    story = history.stories[0]
    order = histories.in_time_order(history)
    told = run(order, RULES, RATES)
    text = histories.as_text(history)
    assert story.expected == [event.event_id for event in told.events], text
    payloads = {event.event_id: event.payload for event in told.events}
    said = {
        event_id: {name: payloads[event_id].get(name) for name in story.fields[event_id]} for event_id in story.fields
    }
    assert story.fields == said, text
    facts = {arrival.cause: arrival.fact for arrival in order}
    causes = {event.event_id: facts.get(event.cause) for event in told.events if event.event_id in story.causes}
    assert story.causes == causes, text
    assert story.refused == [refusal.waited and refusal.waited.fact for refusal in told.refusals], text
    assert story.counted == {name: told.counts[name] for name in story.counted}, text
    assert [] == law.broken(history, told.events), text


def law_holds(history: History, random: Random) -> None:
    """Every clause holds in time order and interleaved; everything twice changes nothing; nothing stays for ever."""
    orders = [histories.in_time_order(history), *(histories.interleaved(random, history) for _ in range(MIXES))]
    runs = [run(order, RULES, RATES) for order in orders]
    assert [] == [breach for one in runs for breach in law.broken(history, one.events)]
    for clause in law.SAME_EVENTS:
        if clause.holds_for(history):
            in_time, *mixed = (law.told(one.events, clause) for one in runs)
            for told in mixed:
                assert in_time == told
    for order, one in zip(orders[:2], runs[:2], strict=True):
        _twice_changes_nothing(order, one)
        _nothing_stays(one)


def smallest_that_breaks_the_law(history: History) -> History:
    """Leave out one record after the other for as long as what is left breaks the law in some order."""
    less = next((less for less in histories.smaller(history) if breaks_the_law(less)), None)
    return history if less is None else smallest_that_breaks_the_law(less)


def breaks_the_law(history: History) -> bool:
    """Look for an order in which the law is broken, not for ever."""
    try:
        for seed in range(8):
            law_holds(history, Random(seed))
    except AssertionError:
        return True
    return False


def _twice_changes_nothing(order: list[Arrival], once: Run) -> None:
    """Feed everything again, and each record twice in a row; unless a record was refused."""
    if once.refusals:
        return
    each_twice = run([arrival for arrival in order for _ in range(2)], RULES, RATES)
    assert once.events == each_twice.events
    window = once.window
    let_pass(once, window.now, RULES, RATES)
    before = window.copy()
    again = run(order, RULES, RATES, window)
    assert ([], before.living(), before.timers) == (again.events, window.living(), window.timers)


def _nothing_stays(one: Run) -> None:
    """After every retention no row is left, and no timer."""
    let_pass(one, one.window.now + 400 * DAY, RULES, RATES)
    assert ({}, set()) == (one.window.living(), one.window.timers)
