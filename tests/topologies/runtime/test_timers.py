"""The front of the timers against a plain set of timer keys, which stands for the rows of the store."""

import random
from bisect import bisect_left, insort
from collections.abc import Iterator

import pytest

from topologies.runtime.overlay import TimerKey, timer_key
from topologies.runtime.timers import FRONT_ROWS, NEVER, Timers


class Rows:
    """Timer rows: those of the store, in order, and what the open batch has changed."""

    def __init__(self, *dues: int) -> None:
        self.stored = [timer_key(key(due)) for due in sorted(dues)]
        self.scheduled: set[str] = set()
        self.gone: set[str] = set()
        self.timers = Timers(self._from, self._is_there)

    def schedule(self, due: int) -> None:
        name = timer_key(key(due))
        self.gone.discard(name)
        self.scheduled.add(name)
        self.timers.add(name)

    def cancel(self, due: int) -> None:
        self.gone.add(timer_key(key(due)))

    def fire(self, until: int) -> list[int]:
        """Fire what is due, as a task does: a timer that fired is gone."""
        fired = []
        for each in self.timers.due(until):
            self.gone.add(timer_key(each))
            fired.append(each.due)
        return fired

    def commit(self) -> None:
        for name in self.gone & set(self.stored):
            self.stored.remove(name)
        for name in self.scheduled - self.gone - set(self.stored):
            insort(self.stored, name)
        self.scheduled.clear()
        self.gone.clear()
        self.timers.settle()

    def _from(self, start: str) -> Iterator[str]:
        return iter(self.stored[bisect_left(self.stored, start) :])

    def _is_there(self, name: str) -> bool:
        return name not in self.gone and (name in self.scheduled or name in self.stored)


def key(due: int) -> TimerKey:
    return TimerKey(due, "tick", "p", str(due))


def test_stored_timers_fire_in_order_up_to_the_time_asked() -> None:
    rows = Rows(30, 10, 20)

    assert [10, 20] == rows.fire(29)
    assert [30] == rows.fire(30)
    assert NEVER == rows.timers.next_due


def test_a_timer_fires_once() -> None:
    rows = Rows(10)
    rows.schedule(10)

    assert [10] == rows.fire(10)
    assert [] == rows.fire(10)
    rows.commit()
    assert [] == rows.fire(10)


def test_a_cancelled_timer_does_not_fire() -> None:
    rows = Rows(10, 20)
    rows.schedule(15)

    rows.cancel(10)
    rows.cancel(15)

    assert [20] == rows.fire(20)


def test_a_timer_that_is_scheduled_again_fires() -> None:
    rows = Rows(10)
    rows.cancel(10)
    rows.schedule(10)

    assert [10] == rows.fire(10)


def test_a_timer_scheduled_while_another_fires_takes_its_turn() -> None:
    rows = Rows(10, 30)
    fired = []
    for each in rows.timers.due(30):
        fired.append(each.due)
        rows.gone.add(timer_key(each))
        if each.due == 10:
            rows.schedule(20)

    assert [10, 20, 30] == fired


def test_more_timers_than_the_front_holds() -> None:
    dues = range(0, 5 * FRONT_ROWS, 2)
    rows = Rows(*dues)

    assert list(dues) == rows.fire(10 * FRONT_ROWS)


def test_timers_scheduled_far_ahead_do_not_hide_stored_ones() -> None:
    """A short front of stored timers, then many new ones behind them: the stored ones in between fire all the same."""
    stored = range(1, 2 * FRONT_ROWS + 1)
    rows = Rows(*stored)
    assert list(stored)[: FRONT_ROWS - 10] == rows.fire(FRONT_ROWS - 10)

    late = range(1_000_000, 1_000_000 + 3 * FRONT_ROWS)
    for due in late:
        rows.schedule(due)
    rows.commit()

    assert list(stored)[FRONT_ROWS - 10 :] == rows.fire(999_999)
    assert list(late) == rows.fire(2_000_000)


@pytest.mark.parametrize("seed", range(5))
def test_any_history_fires_every_timer_once_and_in_time(seed: int) -> None:
    chance = random.Random(seed)
    rows = Rows()
    waiting: set[int] = set()
    now = 0
    for _ in range(60):
        for _ in range(chance.choice([1, 50, 900])):
            due = now + chance.choice([5, 500, 100_000]) + chance.randrange(1_000)
            rows.schedule(due)
            waiting.add(due)
        for due in chance.sample(sorted(waiting), len(waiting) // 20):
            rows.cancel(due)
            waiting.discard(due)
        now += chance.choice([0, 100, 20_000])
        due_now = sorted(due for due in waiting if due <= now)
        assert due_now == rows.fire(now)
        waiting -= set(due_now)
        if chance.random() < 0.8:
            rows.commit()
