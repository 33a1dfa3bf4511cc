"""Which dead letters a person means."""

import re
from typing import Literal, NamedTuple

from topologies.runtime.letters.letter import Letter, Note

Name = tuple[int, int]
"""Partition and offset in the dead-letter topic."""

_NUMBER = re.compile(r"[0-9]{1,18}")

State = Literal["open", "replayed"]

STATES: tuple[State, ...] = ("open", "replayed")


class Selection(NamedTuple):
    """All that is given must hold; what is empty or None asks for nothing.

    `topics` are inputs. Times are when letters were written, ms, `until_ms` not included.
    """

    names: frozenset[Name] = frozenset()
    classes: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    player: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    partitions: frozenset[int] | None = None

    def wants(self, letter: Letter) -> bool:
        """Whether a letter is one of them."""
        return (
            (not self.names or (letter.partition, letter.offset) in self.names)
            and (not self.classes or letter.kind in self.classes)
            and (not self.topics or letter.source.topic in self.topics)
            and (self.player is None or letter.key == self.player.encode())
            and (self.since_ms is None or letter.time_ms >= self.since_ms)
            and (self.until_ms is None or letter.time_ms < self.until_ms)
        )

    def has(self, partition: int) -> bool:
        """Whether such letters may lie in a partition."""
        named = not self.names or any(number == partition for number, _ in self.names)
        return named and (self.partitions is None or partition in self.partitions)

    def begin(self, partition: int, first: int) -> int:
        """Return the offset from which on they may lie, at least `first`."""
        return max(first, min((offset for number, offset in self.names if number == partition), default=0))


class Listed(NamedTuple):
    """A letter, and the note when its record was sent again."""

    letter: Letter
    note: Note | None

    @property
    def state(self) -> State:
        """Whether it was sent again."""
        return "open" if self.note is None else "replayed"


def name(text: str, topic: str) -> Name:
    """Read `2/17`, or the same behind the dead-letter topic's name.

    Raises:
        ValueError: it is neither.
    """
    partition, _, offset = text.removeprefix(f"{topic}/").partition("/")
    if not (_NUMBER.fullmatch(partition) and _NUMBER.fullmatch(offset)):
        raise ValueError(f"`{text}` is no dead letter such as 2/17, its partition and offset")
    return int(partition), int(offset)
