"""Record by record: what each one, and each timer that is due, does to a task's open batch."""

from collections.abc import Mapping
from typing import Final

from topologies.graph import DeadLetter, Entry, Message, Result, Tables, Timer, Topology, Undecodable
from topologies.runtime import dead_letters
from topologies.runtime.batch import Batch, StepName
from topologies.runtime.dead_letters import Refusal, Verdict
from topologies.runtime.errors import StreamError
from topologies.runtime.kafka.polled import headers
from topologies.runtime.lane import Item
from topologies.runtime.overlay import Overlay, TimerKey, Window, parse_timer, timer_key
from topologies.runtime.partitioning import Placement
from topologies.runtime.rowcodec import ABSENT
from topologies.runtime.timers import Timers

AHEAD_MAX_MS: Final = 3_600_000
"""A record further ahead of the wall clock would carry stream time away with it: it is refused."""

_AHEAD: Final = Verdict("invalid", "its timestamp is more than an hour ahead")


class Steps:
    """Applies records to the overlay and gathers what follows.

    `stream_time` is the largest record time so far. `refused` holds, by name,
    the steps whose output could not be written: they become dead letters.
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
        self.refused: Mapping[StepName, Refusal] = {}

    def take(self, item: Item, batch: Batch, wall_ms: int, steps_max: int) -> bool:
        """Process one record, and before it the timers that are due. False: they have filled the batch."""
        message, decoded = item.message, item.decoded
        time = message.timestamp
        is_ahead = time > wall_ms + AHEAD_MAX_MS
        if not is_ahead:
            if self._timers.next_due <= time and not self._fire_until(time, batch, wall_ms, steps_max):
                return False
            self.stream_time = max(self.stream_time, time)
        if isinstance(decoded, Undecodable):
            verdict: Verdict | None = Verdict(decoded.kind, decoded.reason)
        else:
            verdict = self._misplaced(message, decoded) or (
                _AHEAD if is_ahead else self._step(message, decoded, batch, wall_ms)
            )
        if verdict is not None:
            self._bury(item, batch, verdict, wall_ms)
        batch.records += 1
        batch.steps += 1
        batch.last = (message.topic, message.offset)
        return True

    def pass_over(self, item: Item, batch: Batch, wall_ms: int, steps_max: int) -> bool:
        """Let time go on to a record, and do nothing else of it. False: the timers before it have filled the batch."""
        time = item.message.timestamp
        if time <= wall_ms + AHEAD_MAX_MS:
            if self._timers.next_due <= time and not self._fire_until(time, batch, wall_ms, steps_max):
                return False
            self.stream_time = max(self.stream_time, time)
        batch.records += 1
        batch.steps += 1
        batch.last = (item.message.topic, item.message.offset)
        return True

    def fire(self, timer: TimerKey, batch: Batch, wall_ms: int) -> None:
        """Let one timer fire, at its due time."""
        key = timer_key(timer)
        self._overlay.record[key] = ABSENT
        result = self._fired(timer, batch)
        if isinstance(result, Verdict):
            self._overlay.drop()
            self._overlay.record[key] = ABSENT
            batch.dead.append(dead_letters.of_timer(batch.partition, Timer(*timer), result, wall_ms))
            batch.counts[f"dead-letter-{result.kind}"] += 1
            result = Result()
        self._overlay.keep()
        self._gather(result, batch, wall_ms)
        batch.steps += 1
        batch.last = timer

    def _fired(self, timer: TimerKey, batch: Batch) -> Result | Verdict:
        """Return what a timer comes to, or why it is dead."""
        if (refusal := self.refused.get(timer)) is not None:
            return refusal.verdict
        window = self._window.at(timer.key, timer.due, max(timer.due, self.stream_time))
        try:
            result = self._topology.fire(window, Timer(*timer), f"timer/{batch.partition}/{timer.due}", self._tables)
        except StreamError:
            # State that cannot be read is no bug.
            raise
        except Exception as error:  # noqa: BLE001 - a bug of a processor must not stop the stream
            return _bug(error)
        return _own_verdict(result) or result

    def fire_up_to(self, last: str, batch: Batch, wall_ms: int, steps_max: int) -> bool:
        """Fire, by stream time, the timers up to the key `last`. False: they have filled the batch."""
        return self._fire_until(parse_timer(last).due, batch, wall_ms, steps_max, last)

    def _fire_until(self, time: int, batch: Batch, wall_ms: int, steps_max: int, last: str | None = None) -> bool:
        for timer in self._timers.due(time, last):
            self.stream_time = max(self.stream_time, timer.due)
            self.fire(timer, batch, wall_ms)
            if batch.steps >= steps_max:
                return False
        return True

    def _misplaced(self, message: Message, entry: Entry) -> Verdict | None:
        """Say why a record is dead before any processor has seen it."""
        key = entry.key
        known = self._placement.right.get(key)
        if known is None or message.key != known:
            if message.key != key.encode():
                return Verdict("wrong-key", "the record's key is not its player")
            if not self._placement.is_right(key):
                return Verdict("wrong-key", "the record's partition is not its key's")
        if self.refused and (refusal := self.refused.get((message.topic, message.offset))) is not None:
            return refusal.verdict
        return None

    def _step(self, message: Message, entry: Entry, batch: Batch, wall_ms: int) -> Verdict | None:
        cause = f"{message.topic}/{message.partition}/{message.offset}"
        window = self._window.at(entry.key, self.stream_time, self.stream_time)
        try:
            result = self._topology.step(window, entry.fact, cause, message.timestamp, self._tables)
        except StreamError:
            # State that cannot be read is no bug.
            raise
        except Exception as error:  # noqa: BLE001 - a bug of a processor must not stop the stream
            self._overlay.drop()
            return _bug(error)
        if result.dead_letters and (own := _own_verdict(result)) is not None:
            self._overlay.drop()
            return own
        self._overlay.keep()
        self._gather(result, batch, wall_ms)
        return None

    def _gather(self, result: Result, batch: Batch, wall_ms: int) -> None:
        if result.emits:
            batch.emits += result.emits
        if result.counts:
            for name in result.counts:
                batch.counts[name] += 1
        for each in result.dead_letters:
            self._bury_waited(each, batch, wall_ms)

    def _bury_waited(self, letter: DeadLetter, batch: Batch, wall_ms: int) -> None:
        if letter.waited is not None:
            verdict = Verdict(letter.kind, letter.reason)
            batch.dead.append(dead_letters.of_waited(letter.waited, verdict, wall_ms))
            batch.counts[f"dead-letter-{letter.kind}"] += 1

    def _bury(self, item: Item, batch: Batch, verdict: Verdict, wall_ms: int) -> None:
        message = item.message
        letter = dead_letters.of_message(message, verdict, headers(item.raw), wall_ms)
        refusal = self.refused.get((message.topic, message.offset))
        # Refused although nothing but a dead letter came of it: then that is what was too large.
        if refusal is not None and (refusal.is_bare or verdict is not refusal.verdict):
            letter = dead_letters.bare(letter)
        batch.dead.append(letter)
        batch.counts[f"dead-letter-{verdict.kind}"] += 1


def _own_verdict(result: Result) -> Verdict | None:
    """Say whether the step has refused what it was called for."""
    return next((Verdict(each.kind, each.reason) for each in result.dead_letters if each.waited is None), None)


def _bug(error: Exception) -> Verdict:
    """Name an exception and its place, not its text: that may quote what the source sent."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return Verdict("bug", type(error).__name__)
    file = trace.tb_frame.f_code.co_filename.rsplit("/", 1)[-1]
    return Verdict("bug", f"{type(error).__name__} at {file}:{trace.tb_lineno}")
