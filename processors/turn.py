"""What one step works with, and what it gathers on the way."""

from dataclasses import dataclass
from typing import Final

from processors.events import Event
from processors.outcome import Outcome, Refusal
from processors.rates import Rates
from processors.rows import Rows
from processors.rules import Rules


@dataclass(init=False)
class Moment:
    """What causes an event, and the time the event would have by itself."""

    cause: Final[str]
    at: Final[int]

    def __init__(self, cause: str, at: int) -> None:
        self.cause = cause
        self.at = at

    def not_before(self, at: int) -> "Moment":
        """Return the moment of something that waited until `at`."""
        return self if self.at >= at else Moment(self.cause, at)


class Turn:
    """One step of one player: the window on its rows, the policies, and the growing outcome."""

    __slots__ = ("counts", "events", "player", "rates", "refusals", "rows", "rules")

    def __init__(self, rows: Rows, player: str, rules: Rules, rates: Rates) -> None:
        self.rows = rows
        self.player = player
        self.rules = rules
        self.rates = rates
        self.events: list[Event] = []
        self.refusals: list[Refusal] = []
        self.counts: list[str] = []

    def outcome(self) -> Outcome:
        """Return all that followed."""
        return Outcome(self.events, self.refusals, self.counts)
