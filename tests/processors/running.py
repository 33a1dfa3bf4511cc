"""A player's records taken one after the other, as a task does it: due timers first, refused records leave no trace."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from window import Window

from processors import player
from processors.events import Event
from processors.outcome import Arrival, Due, Outcome, Refusal
from processors.rates import Rates
from processors.rules import Rules

PLAYER = "p"
"""Whose timers fire."""


class Run(NamedTuple):
    """What a series of records came to, and the rows it left behind."""

    window: Window
    events: list[Event]
    refusals: list[Refusal]
    counts: Counter[str]


def run(arrivals: Iterable[Arrival], rules: Rules, rates: Rates, window: Window | None = None) -> Run:
    """Take the records in this order; stream time is the largest of their times so far."""
    window = Window() if window is None else window
    whole = Run(window, [], [], Counter())
    for arrival in arrivals:
        _fire_due(whole, arrival.time, rules, rates)
        window.now = max(window.now, arrival.time)
        before = window.copy()
        outcome = player.step(window, arrival, rules, rates)
        if any(refusal.waited is None for refusal in outcome.refusals):
            assert not outcome.events, "a refused record has no events"
            window.restore(before)
        _gather(whole, outcome)
    return whole


def let_pass(whole: Run, until: int, rules: Rules, rates: Rates) -> None:
    """Let stream time pass without a record of this player."""
    _fire_due(whole, until, rules, rates)
    whole.window.now = max(whole.window.now, until)


def _fire_due(whole: Run, until: int, rules: Rules, rates: Rates) -> None:
    window = whole.window
    while (timer := window.pop_due(until)) is not None:
        stream_time, window.now = window.now, timer.due
        _gather(whole, player.fire(window, Due(PLAYER, *timer, cause=f"timer/0/{timer.due}"), rules, rates))
        window.now = max(stream_time, timer.due)
        whole.counts[f"timer {timer.timer}"] += 1


def _gather(whole: Run, outcome: Outcome) -> None:
    whole.events.extend(outcome.events)
    whole.refusals.extend(outcome.refusals)
    whole.counts.update(outcome.counts)
