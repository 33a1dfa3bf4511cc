"""In which order a task takes the records of its inputs: by time, as far as they have arrived.

An input that has more is waited for without limit. One that is at its end is
waited for `idle_max_s`, to give a producer time (KIP-695). Pure: what the
clock and the client say is passed in.
"""

from collections.abc import Callable, Mapping

from topologies.runtime.lane import Lane


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
