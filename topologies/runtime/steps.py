"""Record by record: what each one, and each timer that is due, does to a task's open batch."""

from topologies.graph import DeadLetter, Entry, Message, Result, Tables, Timer, Topology
from topologies.runtime import dead_letters
from topologies.runtime.batch import Batch
from topologies.runtime.dead_letters import Verdict
from topologies.runtime.kafka.polled import headers
from topologies.runtime.merge import Item
from topologies.runtime.overlay import Overlay, TimerKey, Window, timer_key
from topologies.runtime.partitioning import Placement
from topologies.runtime.rowcodec import ABSENT
from topologies.runtime.timers import Timers

AHEAD_MAX_MS = 3_600_000
"""A record further ahead of the wall clock would carry stream time away with it: it is refused."""

_AHEAD = Verdict("invalid", "its timestamp is more than an hour ahead")

TIMERS_PER_CALL_MAX = 5_000


class Steps:
    """Applies records to the overlay and gathers what follows.

    `stream_time` is the largest record time so far. `too_large` names records,
    by topic and offset, whose output the broker refused for its size.
    """

    def __init__(
        self, topology: Topology, overlay: Overlay, timers: Timers, placement: Placement, tables: Tables
    ) -> None:
        self._topology = topology
        self._overlay = overlay
        self._timers = timers
        self._placement = placement
        self._tables = tables
        self._window = Window(overlay)
        self.stream_time = 0
        self.too_large: dict[tuple[str, int], str] = {}

    def take(self, item: Item, batch: Batch, wall_ms: int) -> bool:
        """Process one record. False: so many timers come first that the batch should be committed now."""
        message = item.message
        time = message.timestamp
        is_ahead = time > wall_ms + AHEAD_MAX_MS
        if not is_ahead:
            if self._timers.next_due <= time and not self._fire_until(time, batch, wall_ms):
                return False
            self.stream_time = max(self.stream_time, time)
        decoded = item.decoded
        if isinstance(decoded, Entry):
            verdict = self._misplaced(message, decoded) or (
                _AHEAD if is_ahead else self._step(message, decoded, batch, wall_ms)
            )
        else:
            verdict = Verdict(decoded.kind, decoded.reason)
        if verdict is not None:
            self._bury(item, batch, verdict, wall_ms)
        return True

    def fire(self, timer: TimerKey, batch: Batch, wall_ms: int) -> None:
        """Let one timer fire, at its due time."""
        key = timer_key(timer)
        cause = f"timer/{batch.partition}/{timer.due}"
        due = Timer(*timer)
        self._overlay.record[key] = ABSENT
        try:
            result = self._topology.fire(self._window.at(timer.key, timer.due), due, cause, self._tables)
        except Exception as error:  # noqa: BLE001 - a bug of a processor must not stop the stream
            self._overlay.drop()
            self._overlay.record[key] = ABSENT
            batch.dead.append(dead_letters.of_timer(batch.partition, due, _bug(error), wall_ms))
            batch.counts["dead-letter-bug"] += 1
            result = Result()
        self._overlay.keep()
        self._gather(result, batch, wall_ms)

    def _fire_until(self, time: int, batch: Batch, wall_ms: int) -> bool:
        for fired, timer in enumerate(self._timers.due(time)):
            self.stream_time = max(self.stream_time, timer.due)
            self.fire(timer, batch, wall_ms)
            if fired >= TIMERS_PER_CALL_MAX:
                return False
        return True

    def _misplaced(self, message: Message, entry: Entry) -> Verdict | None:
        """Say why a record is dead before any processor has seen it."""
        key = entry.key.encode()
        if message.key != key:
            return Verdict("wrong-key", "the record's key is not its player")
        if not self._placement.is_right(key):
            return Verdict("wrong-key", "the record's partition is not its key's")
        if self.too_large:
            reason = self.too_large.get((message.topic, message.offset))
            return Verdict("invalid", reason) if reason else None
        return None

    def _step(self, message: Message, entry: Entry, batch: Batch, wall_ms: int) -> Verdict | None:
        cause = f"{message.topic}/{message.partition}/{message.offset}"
        window = self._window.at(entry.key, self.stream_time)
        try:
            result = self._topology.step(window, entry.fact, cause, message.timestamp, self._tables)
        except Exception as error:  # noqa: BLE001 - a bug of a processor must not stop the stream
            self._overlay.drop()
            return _bug(error)
        own = next((each for each in result.dead_letters if each.waited is None), None)
        if own is not None:
            self._overlay.drop()
            return Verdict(own.kind, own.reason)
        self._overlay.keep()
        self._gather(result, batch, wall_ms)
        return None

    def _gather(self, result: Result, batch: Batch, wall_ms: int) -> None:
        batch.emits.extend(result.emits)
        if result.counts:
            batch.counts.update(result.counts)
        for each in result.dead_letters:
            self._bury_waited(each, batch, wall_ms)

    def _bury_waited(self, letter: DeadLetter, batch: Batch, wall_ms: int) -> None:
        if letter.waited is not None:
            verdict = Verdict(letter.kind, letter.reason)
            batch.dead.append(dead_letters.of_waited(letter.waited, verdict, wall_ms))
            batch.counts[f"dead-letter-{letter.kind}"] += 1

    def _bury(self, item: Item, batch: Batch, verdict: Verdict, wall_ms: int) -> None:
        batch.dead.append(dead_letters.of_message(item.message, verdict, headers(item.raw), wall_ms))
        batch.counts[f"dead-letter-{verdict.kind}"] += 1


def _bug(error: Exception) -> Verdict:
    """Name an exception and its place, not its text: that may quote what the source sent."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return Verdict("bug", type(error).__name__)
    file = trace.tb_frame.f_code.co_filename.rsplit("/", 1)[-1]
    return Verdict("bug", f"{type(error).__name__} at {file}:{trace.tb_lineno}")
