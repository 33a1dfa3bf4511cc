"""Who was forgotten, for those who look at what lies before: a rewind, and a replay."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from topologies.graph import Entry
from topologies.runtime.dead_letters import PREFIX, number
from topologies.runtime.forgetting.row import Forgotten, salted
from topologies.runtime.journal.marker import Heard, Part
from topologies.runtime.journal.record import Record, owner
from topologies.runtime.journal.undo import Undo, undo
from topologies.runtime.journal.writing import NOBODY
from topologies.runtime.kafka.polled import headers
from topologies.runtime.lane import Item

DEAD_TIMER = "dead-letter/timer/"
"""What the id of a timer's dead letter begins with: partition, due time, name, player and row follow."""

_PLAYER_IN_TIMER = 3

FIRST_SEEN = PREFIX + "first-seen"
NEVER_MS = 1 << 62

REMEMBERED_MAX = 100_000


class Forgot:
    """The players of one task who were forgotten; false when nobody was.

    Asked of the same player again, it remembers.
    """

    def __init__(self, rows: Iterable[Forgotten]) -> None:
        # Who was forgotten twice: what lies before the second time lies before all.
        self._rows = sorted(rows, key=lambda each: each.commit, reverse=True)
        self._salts = [bytes.fromhex(each.salt) for each in self._rows]
        self._known: dict[str, Forgotten | None] = {}

    def __bool__(self) -> bool:
        """Whether anybody was forgotten."""
        return bool(self._rows)

    def last(self, player: str) -> Forgotten | None:
        """Return when a player was forgotten for the last time, if ever."""
        if player not in self._known:
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            self._known[player] = self._look(player.encode())
        return self._known[player]

    def _look(self, player: bytes) -> Forgotten | None:
        pairs = zip(self._rows, self._salts, strict=True)
        return next((row for row, salt in pairs if row.hash == salted(player, salt)), None)

    def is_before(self, item: Item) -> bool:
        """Whether a record is of a player who was forgotten after it, or after it became a dead letter.

        Also one that cannot be decoded: its dead letter would keep anew what it has of the player.
        """
        message, whose = item.message, _whose(item) if self._rows else None
        if whose is None or (found := self.last(whose)) is None:
            return False
        return message.offset < found.inputs.get(message.topic, 0) or _first_seen_ms(item) < found.at_ms

    def undone(self, records: Iterable[Record], reached: int) -> Undo:
        """Return what takes some commits back to `reached`, as `undo` does: nothing of what was forgotten after it."""
        found = undo(records, self._heard)
        gone = {key: None for key in found.rows if self._is_gone(owner(key).decode(), reached)}
        return found._replace(rows={**found.rows, **gone})

    def _heard(self, part: Part) -> Sequence[Heard]:
        said = (*part.heard, *part.vanished)
        # What was forgotten in this very commit, or later.
        return [each for each in said if not any(self._is_gone(whose, part.commit - 1) for whose in _owners(each))]

    def _is_gone(self, player: str, commit: int) -> bool:
        found = self.last(player)
        return found is not None and found.commit > commit


def _whose(item: Item) -> str | None:
    if isinstance(item.decoded, Entry):
        return item.decoded.key
    return None if item.message.key is None else item.message.key.decode(errors="replace")


def _first_seen_ms(item: Item) -> int:
    """Return when a dead letter was written for the first time that is sent again; never, for other records."""
    seen = number(dict(headers(item.raw)).get(FIRST_SEEN)) if item.raw is not None else None
    return NEVER_MS if seen is None else int(seen)


def _owners(heard: Heard) -> Iterator[str]:
    """Yield whose it may be. The dead letter of a record does not say it: it goes when its record is passed over."""
    if heard.key != NOBODY:
        yield heard.key
    elif heard.id.startswith(DEAD_TIMER):
        # Ids may contain slashes.
        words = heard.id.removeprefix(DEAD_TIMER).split("/")[_PLAYER_IN_TIMER:-1]
        yield from accumulate(words, "{}/{}".format)
