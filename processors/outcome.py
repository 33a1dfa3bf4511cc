"""What one record, or one timer that is due, comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from processors.events import Event
from processors.facts import Fact

RefusalClass = Literal[
    "invalid",
    "unmapped-origin",
    "missing-rate",
    "unknown-combination",
    "illegal-transition",
]


@dataclass(init=False)
class Arrival:
    """A fact and where it came from; what a waiting row keeps."""

    fact: Final[Fact]
    cause: Final[str]
    """`topic/partition/offset` of the record; the event header of the same name."""
    time: Final[int]
    """The record's Kafka timestamp, ms. Merging and stream time go by it."""

    def __init__(self, fact: Fact, cause: str, time: int) -> None:
        self.fact = fact
        self.cause = cause
        self.time = time


class Due(NamedTuple):
    """A timer that fires: at `rows.now` = `due`."""

    player: str
    due: int
    timer: str
    row_id: str
    cause: str
    """`timer/<partition>/<due ms>`."""


class Refusal(NamedTuple):
    """Why a record became a dead letter: it changed nothing and sent nothing."""

    kind: RefusalClass
    reason: str
    waited: Arrival | None = None
    """The waiting record that was refused when it was released; None: the record in hand."""


@dataclass(init=False)
class Outcome:
    """All that follows from one step. A refused record in hand has no events."""

    events: Final[Sequence[Event]]
    refusals: Final[Sequence[Refusal]]
    counts: Final[Sequence[str]]
    """Names of what was dropped or happened, one entry per occurrence (`orders-late`)."""

    def __init__(
        self, events: Sequence[Event] = (), refusals: Sequence[Refusal] = (), counts: Sequence[str] = ()
    ) -> None:
        self.events = events
        self.refusals = refusals
        self.counts = counts


class Refused(Exception):
    """Raised by a decision before it has changed anything: this record cannot be accepted."""

    def __init__(self, kind: RefusalClass, reason: str) -> None:
        super().__init__(reason)
        self.kind: RefusalClass = kind
        self.reason = reason
