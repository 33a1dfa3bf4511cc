"""One input of a task: the records that were polled and not yet taken, decoded a few at a time. Pure, as `merge` is."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from topologies.graph import Decoded, Message

RAW_OVERHEAD_BYTES: Final = 500
"""What a record that waits takes beside its value: the client's message, its key, its topic's name."""

DECODED_AHEAD: Final = 64
"""Records are decoded when they are about to be taken, so many at once: decoded, a record is several times as large,
and a processor's cache still has it when it is taken.
"""


class Raw(Protocol):
    """A record as the client gives it. Its length is that of its value."""

    def offset(self) -> int | None:
        """Return where it stands."""

    def __len__(self) -> int: ...


@dataclass(init=False)
class Item:
    """A decoded record that waits for its turn."""

    message: Final[Message]
    decoded: Final[Decoded]
    raw: Final[Any]
    """The client's own message: a dead letter needs its headers."""

    def __init__(self, message: Message, decoded: Decoded, raw: Any) -> None:  # noqa: ANN401 - as the client gave it
        self.message = message
        self.decoded = decoded
        self.raw = raw


Decode = Callable[[list[Any]], Iterable[Item]]
"""Same length and order as its argument, which are `Raw` ones. Whatever it raises ends the run: nothing was taken."""


def undecoded(_records: list[Any]) -> Iterable[Item]:
    """Stand where nothing comes to be decoded."""
    return ()


class Lane:
    """One input of a task, from what was polled to what was taken.

    `position` is the next offset to come from the client, `taken` the next
    one to be processed: what a commit writes. `items` are the next ones,
    decoded; as long as any record waits, there is one.
    """

    def __init__(self, topic: str, position: int, stop_at: int | None = None, decode: Decode = undecoded) -> None:
        self.topic = topic
        self.items: deque[Item] = deque()
        self._waiting: deque[Any] = deque()
        """Behind the items, as the client gave them."""
        self._decode = decode
        self.position = position
        self.taken = position
        self.stop_at = stop_at
        """When draining: the offset at which this input ends for us."""
        self.waiting_bytes = 0
        """Memory of what waits, estimated."""
        self._is_known = False
        """Whether the client has said anything since we were positioned: its watermark may be older than that."""
        self._idle_since: float | None = None

    def add(self, records: Sequence[Raw]) -> None:
        """Take polled records in; those from `stop_at` on only move the position."""
        for record in records:
            offset = record.offset() or 0
            # Records from before a seek may still come out of the client.
            if offset < self.position:
                continue
            self.position = offset + 1
            self._is_known = True
            self._idle_since = None
            if self.stop_at is None or offset < self.stop_at:
                self._waiting.append(record)
                self.waiting_bytes += RAW_OVERHEAD_BYTES + len(record)
        if not self.items:
            self._ripen()

    def pop(self) -> None:
        """The first item was taken."""
        message = self.items.popleft().message
        self.taken = message.offset + 1
        self.waiting_bytes -= RAW_OVERHEAD_BYTES + len(message.value or b"")
        if not self.items:
            self._ripen()

    def _ripen(self) -> None:
        waiting = self._waiting
        if waiting:
            self.items.extend(self._decode([waiting.popleft() for _ in range(min(DECODED_AHEAD, len(waiting)))]))

    def ended(self, offset: int) -> None:
        """The client stood at the end, at `offset`.

        Behind a transaction's marker no record says so: the end's own offset is the next one.
        """
        if offset >= self.position:
            self.position = offset
            self._is_known = True

    def settle(self) -> None:
        """All that came was taken: the next offset is where the client stands."""
        if not self.items:
            self.taken = self.position if self.stop_at is None else max(self.taken, min(self.position, self.stop_at))

    @property
    def is_finished(self) -> bool:
        """Draining: everything up to `stop_at` was taken."""
        return self.stop_at is not None and not self.items and self.position >= self.stop_at

    def is_at_end(self, high: int) -> bool:
        """Whether nothing more is known to be there; `high` is the cached high watermark.

        An end seen below the watermark means records on their way, or an open
        transaction of the producer: both are waited for.
        """
        return self._is_known and not self.items and self.position >= high

    def is_idle(self, high: int, now_s: float, idle_max_s: float) -> bool:
        """Whether the others may go on without this empty input."""
        if self.stop_at is not None:
            return self.position >= self.stop_at
        if not self.is_at_end(high):
            self._idle_since = None
            return False
        if self._idle_since is None:
            self._idle_since = now_s
        return now_s - self._idle_since >= idle_max_s
