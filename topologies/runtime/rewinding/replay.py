"""A replay: the inputs are taken again as they were taken, and the CRM hears what it has not heard.

An event whose key and id stand in the rows of what the CRM was told is not
news. With the same content nothing happens. With another, sending it again
would count it twice, so it is reported. Only what is not there is sent.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from topologies.graph import Emit
from topologies.runtime.batch import Batch
from topologies.runtime.forgetting.forgot import Forgot
from topologies.runtime.journal import writing
from topologies.runtime.journal.marker import Heard, Slice, content_hash
from topologies.runtime.journal.record import DIFFERENCE
from topologies.runtime.journal.replay import Cut
from topologies.runtime.lane import Item
from topologies.runtime.merge import Merge
from topologies.runtime.overlay import Overlay
from topologies.runtime.rewinding import row
from topologies.runtime.rewinding.row import Rewind
from topologies.runtime.rowcodec import ABSENT
from topologies.runtime.steps import AHEAD_MAX_MS, Steps
from topologies.wire import dump_json

Placed = tuple[Cut, int]
"""A slice to take again, and the journal's offset at which its commit's records begin."""

HEADER = "replay"

NOBODY_FORGOT = Forgot(())

SHOWN_BYTES_MAX = 100_000
"""Of an event in the report. A line that could not be written would cost the event itself."""

Expire = Callable[[str, int, int], bool]
"""Fires the wall-clock timers up to a key, at a wall time, up to so many steps; whether all are done."""

MANY = 1 << 62
"""Timers of one slice go into one batch, as they did: behind a commit, those that they schedule would come too early.
Only when a step at fault is looked for, it goes alone.
"""


class Replay:
    """One stretch of a replay: `cuts` are taken from the left; when none is left, the task begins anew.

    Records of players who were forgotten after them (`forgot`) are passed over.
    """

    def __init__(self, rewind: Rewind, cuts: Iterable[Placed], forgot: Forgot = NOBODY_FORGOT) -> None:
        self.rewind = rewind
        self._forgot = forgot
        self._passed: list[str] = []
        self._cuts = deque(cuts)
        self._is_moved = False

    @property
    def cut(self) -> Cut | None:
        """The slice that is being taken."""
        return self._cuts[0][0] if self._cuts else None

    @property
    def has_news(self) -> bool:
        """Whether a slice has ended since the last commit."""
        return self._is_moved

    def _next(self) -> None:
        cut, offset = self._cuts.popleft()
        self.rewind = self.rewind._replace(commit=cut.commit, done=cut.done, offset=offset)
        self._is_moved = True

    def follow(self, merge: Merge, steps: Steps, batch: Batch, steps_max: int, expire: Expire) -> int:
        """Take slices until a record has not come yet or the batch is full; return how many steps."""
        before = batch.steps
        while batch.steps < steps_max and (cut := self.cut) is not None:
            # Timers of the wall clock are looked for in the store: what lies before them has to be there.
            if cut.tick is not None and batch.steps:
                break
            if not self._take(cut, merge, steps, batch, steps_max):
                break
            if cut.tick is not None and not expire(cut.tick, cut.wall_ms, steps_max if steps_max == 1 else MANY):
                break
            self._next()
            if cut.tick is not None:
                break
        return batch.steps - before

    def _take(self, cut: Cut, merge: Merge, steps: Steps, batch: Batch, steps_max: int) -> bool:
        """Take what a slice has of records and timers due by stream time. False: not all of it."""
        before, due, is_full = batch.steps, None, False
        while not is_full and (lane := merge.next_within(cut.until, cut.wall_ms + AHEAD_MAX_MS)) is not None:
            if self._step(lane.items[0], steps, batch, cut.wall_ms, steps_max):
                lane.pop()
            else:
                due = batch.last_timer
            is_full = batch.steps >= steps_max
        is_whole = not is_full and merge.has_taken(cut.until)
        if is_whole:
            if cut.due is not None:
                is_whole = steps.fire_up_to(cut.due, batch, cut.wall_ms, steps_max)
                due = cut.due if is_whole else batch.last_timer
            for lane in merge.lanes:
                # Further on already when records were lost, and that was accepted.
                lane.taken = max(lane.taken, cut.until[lane.topic])
        if batch.steps > before or is_whole:
            batch.slices.append(Slice(merge.taken(), cut.wall_ms, due, None))
        return is_whole

    def _step(self, item: Item, steps: Steps, batch: Batch, wall_ms: int, steps_max: int) -> bool:
        if not self._forgot.is_before(item):
            return steps.take(item, batch, wall_ms, steps_max)
        is_passed = steps.pass_over(item, batch, wall_ms, steps_max)
        if is_passed:
            message = item.message
            self._passed.append(writing.dead_id(f"{message.topic}/{message.partition}/{message.offset}"))
        return is_passed

    def complete(self, batch: Batch, overlay: Overlay) -> None:
        """Sort out what a batch wants to say, and note in the batch how far the replay is."""
        find, counts = _found(overlay), Counter[str]()
        said = [self._emit(emit, find, batch, counts) for emit in batch.emits]
        batch.emits = [emit for emit in said if emit is not None]
        batch.dead = [
            letter
            for letter, dead in [(each, writing.dead(each)) for each in batch.dead]
            if self._is_news(dead, find, batch, counts)
        ]
        for dead_id in self._passed:
            find(row.told_key(writing.NOBODY, dead_id))
        self._passed.clear()
        self.rewind = self.rewind.counted(counts)
        overlay.batch[row.KEY] = (0, row.as_row(self.rewind))
        batch.rewind = self.rewind.command.id
        self._is_moved = False

    def _emit(self, emit: Emit, find: "Find", batch: Batch, counts: Counter[str]) -> Emit | None:
        heard = Heard(emit.key.decode(), emit.event_id, content_hash(emit.value))
        what, old = _compared(heard, find)
        counts[what] += 1
        mode = self.rewind.command.emit
        is_sent = mode == "all" or (mode == "delta" and what == "added")
        if what != "same":
            batch.differences.append(difference(self.rewind, what, heard, old, emit.value, is_sent=is_sent))
        if is_sent:
            batch.heard.append(heard)
            word = b"again" if what == "same" else what.encode()
            return replace(emit, headers=[*emit.headers, (HEADER, word)])
        if old is not None:
            batch.heard.append(replace(heard, hash=old))
        return None

    def _is_news(self, dead: Heard, find: "Find", batch: Batch, counts: Counter[str]) -> bool:
        """Dead letters are sorted out like events; those of the same reason are not written again."""
        what, old = _compared(dead, find)
        counts[f"dead-letters-{what}"] += 1
        mode = self.rewind.command.emit
        is_sent = mode == "all" or (mode == "delta" and what == "added")
        if is_sent or old is not None:
            batch.heard.append(dead if is_sent else replace(dead, hash=old or dead.hash))
        return is_sent


Find = Callable[[str], str | None]
"""The hash that the CRM was told under a key; asking for it takes it away."""


def _found(overlay: Overlay) -> Find:
    def find(key: str) -> str | None:
        entry = overlay.find(key)
        if entry is ABSENT:
            return None
        overlay.batch[key] = ABSENT
        return str(entry[1])

    return find


def _compared(heard: Heard, find: Find) -> tuple[str, str | None]:
    old = find(row.told_key(heard.key, heard.id))
    if old is None:
        return "added", None
    return ("same" if old == heard.hash else "changed"), old


def difference(  # noqa: PLR0913 - a line of the report
    rewind: Rewind, what: str, heard: Heard, old: str | None, value: bytes | None, *, is_sent: bool
) -> tuple[bytes, bytes]:
    """Return a line of the rewind's report, as a record of the journal."""
    line = {
        "what": what,
        "key": heard.key,
        "id": heard.id,
        "old": old,
        "new": None if value is None or len(value) > SHOWN_BYTES_MAX else value.decode(errors="replace"),
        "sent": is_sent,
    }
    return DIFFERENCE + rewind.command.id.encode(), dump_json(line)
