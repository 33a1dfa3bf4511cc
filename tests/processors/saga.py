"""A player's story as the runtime tells it to `player`: timers first, then the record."""

from typing import Any

from samples import arrival
from window import Window

from processors.events import Event
from processors.facts import Fact, Rate
from processors.outcome import Arrival, Due, Outcome, Refusal
from processors.player import fire, step
from processors.rates import Rates
from processors.rules import Rules

RULES = Rules(origin="brand.com", origin_by_casino={"123": "brand.com"})


def pound_rates() -> Rates:
    rates = Rates("EUR")
    rates.add(Rate("GBP", "1.17", 0))
    return rates


class Saga:
    """What came of all facts so far."""

    def __init__(self, *facts: Fact, rules: Rules = RULES, rates: Rates | None = None) -> None:
        self.rules = rules
        self.rates = rates or pound_rates()
        self.window = Window()
        self.stream_time = 0
        self.events: list[Event] = []
        self.refusals: list[Refusal] = []
        self.counts: list[str] = []
        self._number = 0
        self.take(*facts)

    def take(self, *facts: Fact) -> "Saga":
        """Each fact comes at its own time, from its own offset."""
        for fact in facts:
            self._number += 1
            self.arrive(arrival(fact, f"topic/0/{self._number}"))
        return self

    def arrive(self, arrived: Arrival) -> None:
        """One record; a refused one leaves no row."""
        self.pass_time(arrived.time)
        self.stream_time = self.window.now = max(self.stream_time, arrived.time)
        before = self.window.copy()
        outcome = step(self.window, arrived, self.rules, self.rates)
        if any(refusal.waited is None for refusal in outcome.refusals):
            assert not outcome.events
            self.window = before
        self._add(outcome)

    def pass_time(self, until: int) -> "Saga":
        """All timers up to this time fire, each at its own."""
        while timer := self.window.pop_due(until):
            self.stream_time = self.window.now = max(self.stream_time, timer.due)
            due = Due("111222333", timer.due, timer.timer, timer.row_id, f"timer/0/{timer.due}")
            self._add(fire(self.window, due, self.rules, self.rates))
        self.stream_time = self.window.now = max(self.stream_time, until)
        return self

    def ids(self, kind: str = "") -> list[str]:
        """Ids of the events of a kind (`bonus`, `casino`, `payment`), shortened for the sample bonus."""
        ids = [event.event_id for event in self.events]
        return [one.replace("bonus/111222333-77/", "") for one in ids if one.startswith(kind)]

    def bonus(self) -> list[str]:
        return self.ids("bonus/")

    def casino(self) -> list[str]:
        return self.ids("casino/")

    def fields(self, of: str, *names: str) -> list[Any]:
        """Fields of the events whose id ends so, one list each."""
        found = [event.payload for event in self.events if event.event_id.endswith(of)]
        return [[payload.get(name) for name in names] for payload in found]

    def refused(self) -> list[tuple[str, str]]:
        return [(refusal.kind, refusal.reason) for refusal in self.refusals]

    def _add(self, outcome: Outcome) -> None:
        self.events.extend(outcome.events)
        self.refusals.extend(outcome.refusals)
        self.counts.extend(outcome.counts)
