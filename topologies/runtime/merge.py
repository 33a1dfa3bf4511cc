"""In which order a task takes the records of its inputs: by time, as far as they have arrived.

An input that has more is waited for without limit. One that is at its end is
waited for `idle_max_s`, to give a producer time (KIP-695). Pure: what the
clock and the client say is passed in.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from topologies.graph import Decoded, Message

ITEM_OVERHEAD_BYTES = 1_500
"""What a decoded record takes beside its bytes, which are there twice: ours and the client's."""


class Item(NamedTuple):
    """A decoded record that waits for its turn."""

    message: Message
    decoded: Decoded
    raw: Any
    """The client's own message: a dead letter needs its headers."""


class Lane:
    """One input of a task, from what was polled to what was taken.

    `position` is the next offset to come from the client, `taken` the next
    one to be processed: what a commit writes.
    """

    def __init__(self, topic: str, position: int, stop_at: int | None = None) -> None:
        self.topic = topic
        self.items: deque[Item] = deque()
        self.position = position
        self.taken = position
        self.stop_at = stop_at
        """When draining: the offset at which this input ends for us."""
        self.waiting_bytes = 0
        """Memory of the items, estimated."""
        self._is_known = False
        """Whether the client has said anything since we were positioned: its watermark may be older than that."""
        self._idle_since: float | None = None

    def add(self, item: Item) -> None:
        """Take a polled record in; records from `stop_at` on only move the position."""
        message = item.message
        offset = message.offset
        # Records from before a seek may still come out of the client.
        if offset < self.position:
            return
        self.position = offset + 1
        self._is_known = True
        self._idle_since = None
        if self.stop_at is None or offset < self.stop_at:
            self.items.append(item)
            self.waiting_bytes += ITEM_OVERHEAD_BYTES + 2 * len(message.value or b"")

    def pop(self) -> None:
        """The first item was taken."""
        message = self.items.popleft().message
        self.taken = message.offset + 1
        self.waiting_bytes -= ITEM_OVERHEAD_BYTES + 2 * len(message.value or b"")

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


class Merge:
    """The lanes of a task, in the topology's order, which decides at equal times."""

    def __init__(self, lanes: list[Lane], idle_max_s: float) -> None:
        self.lanes = lanes
        self._idle_max_s = idle_max_s

    def next_lane(self, now_s: float, ahead_ms: int, high_of: Callable[[str], int]) -> Lane | None:
        """Return the lane whose first record is next, or None: nothing is there, or one is to be waited for.

        A record later than `ahead_ms` is not to be believed. It is next at once: in its
        turn it would hold up its lane for as long as the others have records.
        """
        best: Lane | None = None
        best_time = 0
        is_one_empty = False
        for lane in self.lanes:
            items = lane.items
            if not items:
                is_one_empty = True
                continue
            time = items[0].message.timestamp
            if time > ahead_ms:
                return lane
            if best is None or time < best_time:
                best, best_time = lane, time
        if best is None or not is_one_empty:
            return best
        for lane in self.lanes:
            # All of them are asked, so that their moments pass at the same time.
            if not lane.items and not lane.is_idle(high_of(lane.topic), now_s, self._idle_max_s):
                best = None
        return best

    def next_within(self, until: Mapping[str, int], ahead_ms: int) -> Lane | None:
        """Return the lane whose record is next when each topic ends at `until`.

        None: some have not come yet, or all are taken (`has_taken`). With the same
        ends it is the order in which `next_lane` took what lay there.
        """
        best: Lane | None = None
        best_time = 0
        for lane in self.lanes:
            if not lane.items:
                if lane.position < until[lane.topic]:
                    return None
                continue
            first = lane.items[0].message
            if first.offset < until[lane.topic]:
                if first.timestamp > ahead_ms:
                    return lane
                if best is None or first.timestamp < best_time:
                    best, best_time = lane, first.timestamp
        return best

    def has_taken(self, until: Mapping[str, int]) -> bool:
        """Whether everything before `until` is taken."""
        return all(
            lane.items[0].message.offset >= until[lane.topic] if lane.items else lane.position >= until[lane.topic]
            for lane in self.lanes
        )

    def taken(self) -> tuple[int, ...]:
        """Return the next offset of each lane to be processed."""
        return tuple(lane.taken for lane in self.lanes)

    @property
    def is_empty(self) -> bool:
        """Nothing waits to be taken."""
        return not any(lane.items for lane in self.lanes)

    @property
    def is_finished(self) -> bool:
        """Draining: every lane has ended."""
        return all(lane.is_finished for lane in self.lanes)
