"""A topology as data: what is read, by which function, into which state and outputs.

The runtime runs any `Topology`. Nothing here does IO.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from processors.rows import Row, Rows

Fact = Any
"""What a source's `decode` makes of a record: any value of the topology's own."""


@dataclass(init=False)
class Message:
    """One record as it came from the log; `timestamp` in ms."""

    topic: Final[str]
    partition: Final[int]
    offset: Final[int]
    timestamp: Final[int]
    key: Final[bytes | None]
    value: Final[bytes | None]

    def __init__(  # noqa: PLR0913, PLR0917 - a record has as many
        self, topic: str, partition: int, offset: int, timestamp: int, key: bytes | None, value: bytes | None
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value


@dataclass(init=False)
class Entry:
    """A decoded record: the key that it must have, and its fact."""

    key: Final[str]
    fact: Final[Fact]

    def __init__(self, key: str, fact: Fact) -> None:
        self.key = key
        self.fact = fact


class Undecodable(NamedTuple):
    """A record that has no fact: the dead letter's class and reason."""

    kind: str
    reason: str


Decoded = Entry | Undecodable


class Unanswered(Exception):
    """What records say cannot be known until something outside answers, or is set right: no record is at fault."""


class Waited(NamedTuple):
    """A record that had waited in state: its coordinates, its key, its fact as JSON."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes


class DeadLetter(NamedTuple):
    """What a step refused. `waited` is None for the record in hand."""

    kind: str
    reason: str
    waited: Waited | None = None


@dataclass(init=False)
class Emit:
    """One record for an output topic, partitioned by its key; `headers` complete and in order."""

    topic: Final[str]
    key: Final[bytes]
    value: Final[bytes]
    headers: Final[list[tuple[str, bytes]]]
    event_id: Final[str]

    def __init__(self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]], event_id: str) -> None:
        self.topic = topic
        self.key = key
        self.value = value
        self.headers = headers
        self.event_id = event_id


@dataclass(init=False)
class Result:
    """What a step comes to, ready to be written. `counts` has one name per occurrence."""

    emits: Final[Sequence[Emit]]
    dead_letters: Final[Sequence[DeadLetter]]
    counts: Final[Sequence[str]]

    def __init__(
        self, emits: Sequence[Emit] = (), dead_letters: Sequence[DeadLetter] = (), counts: Sequence[str] = ()
    ) -> None:
        self.emits = emits
        self.dead_letters = dead_letters
        self.counts = counts


class Timer(NamedTuple):
    """A timer that is due: `name` was scheduled for `row_id` of `key` at `due` ms."""

    due: int
    name: str
    key: str
    row_id: str


Tables = Mapping[str, Any]
"""The reference tables by name, each as its `Table.add` has built it."""


class Step(Protocol):
    """Say what one record means. May change `rows`; on an exception the changes are forgotten."""

    def __call__(self, rows: Rows, fact: Fact, cause: str, time: int, tables: Tables, /) -> Result:
        """`time`: the record's timestamp, ms."""


class Fire(Protocol):
    """Say what a due timer means, at `rows.now` = its due time."""

    def __call__(self, rows: Rows, timer: Timer, cause: str, tables: Tables, /) -> Result:
        """`cause`: `timer/<partition>/<due ms>`."""


@dataclass(frozen=True, slots=True)
class Source:
    """A fact topic. At equal record times, sources are taken in the topology's order."""

    name: str
    topic: str
    decode: Callable[[Sequence[Message]], list[Decoded]]
    """Same length and order as its argument; never raises for bad bytes.

    Raises:
        Unanswered: the records are to be taken again, later.
    """


@dataclass(frozen=True, slots=True)
class Table:
    """A compacted reference topic that every worker reads whole before any fact, and goes on reading."""

    name: str
    topic: str
    empty: Callable[[], Any]
    add: Callable[[Any, Sequence[Message]], None]
    """Apply records to the value that `empty` made, in order; bad ones are counted by the table itself."""


@dataclass(frozen=True, slots=True)
class Output:
    """A topic that is produced to, in the same transaction as state and offsets."""

    name: str
    topic: str


@dataclass(frozen=True, slots=True)
class Topology:
    """All that the runtime needs to know.

    `timers` names every timer of the state; those in `wall_clock_timers` also
    fire by the wall clock, in a task that is at its end.
    `upgrade(kind, version, row)` turns a row of an older `row_version` into today's.
    `retriable` has the classes of dead letters that only lacked something, and
    says of a fact whether the tables have it now.

    Raises:
        ValueError: a sentence that names what does not fit together.
    """

    name: str
    sources: tuple[Source, ...]
    tables: tuple[Table, ...]
    outputs: tuple[Output, ...]
    step: Step
    fire: Fire
    row_kinds: tuple[str, ...]
    timers: tuple[str, ...]
    wall_clock_timers: tuple[str, ...]
    row_version: int
    upgrade: Callable[[str, int, Row], Row]
    retriable: Mapping[str, Callable[[Fact, Tables], bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what could not run."""
        if not self.sources:
            raise ValueError(f"topology {self.name} reads nothing: give it at least one source")
        topics = [source.topic for source in self.sources]
        topics += [table.topic for table in self.tables]
        topics += [output.topic for output in self.outputs]
        twice = sorted({topic for topic in topics if topics.count(topic) > 1})
        if twice:
            raise ValueError(f"topology {self.name} uses a topic in two roles: {', '.join(twice)}")
        unknown = sorted(set(self.wall_clock_timers) - set(self.timers))
        if unknown:
            raise ValueError(f"topology {self.name} has wall-clock timers that are no timers: {', '.join(unknown)}")
