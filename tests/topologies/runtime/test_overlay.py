"""The layers of a task's state, over a real store."""

import pytest

from topologies.runtime.cache import RowCache
from topologies.runtime.overlay import Overlay, TimerKey, Window, parse_timer, timer_key
from topologies.runtime.rowcodec import ABSENT, RowCodec
from topologies.runtime.store import Applied, Store

NOW = 1_000
CODEC = RowCodec(1, lambda _kind, _version, row: row)


class State:
    """An overlay over a store, and a window on player p."""

    def __init__(self, store: Store, cache_bytes: int = 1 << 20) -> None:
        self.store = store
        self.scheduled: list[str] = []
        self.overlay = Overlay(store, 0, RowCache(cache_bytes), CODEC)
        self.overlay.on_scheduled = self.scheduled.append
        self.p = Window(self.overlay).at("p", NOW, NOW)

    def commit(self) -> None:
        rows = self.overlay.rows()
        self.store.write(0, rows, Applied("t", 1, 1))
        self.overlay.committed(rows)

    def stored(self) -> dict[str, object]:
        return {key.decode(): CODEC.decode(key, value)[1] for key, value in self.store.scan(0, b"")}


@pytest.fixture(params=[1 << 20, 0], ids=["with a cache", "without a cache"])
def state(store: Store, request: pytest.FixtureRequest) -> State:
    return State(store, request.param)


def test_a_row_is_found_in_each_layer(state: State) -> None:
    state.p.put("round", "r1", {"n": 1}, 0)
    found = [state.p.get("round", "r1")]
    state.overlay.keep()
    found.append(state.p.get("round", "r1"))
    state.commit()
    found.append(state.p.get("round", "r1"))

    assert [{"n": 1}] * 3 == found


def test_a_bug_forgets_what_its_record_did_and_nothing_else(state: State) -> None:
    state.p.put("round", "r1", 1, 0)
    state.p.put("round", "r2", 1, 0)
    state.overlay.keep()
    state.p.put("round", "r1", 2, 0)
    state.p.delete("round", "r2")
    state.p.schedule(5, "expiry", "r1")

    state.overlay.drop()

    assert (1, 1, []) == (state.p.get("round", "r1"), state.p.get("round", "r2"), state.scheduled)


def test_an_abort_forgets_the_batch_and_nothing_else(state: State) -> None:
    state.p.put("round", "r1", 1, 0)
    state.overlay.keep()
    state.commit()
    state.p.put("round", "r1", 2, 0)
    state.p.put("round", "r2", 2, 0)
    state.overlay.keep()
    assert [("r1", 2), ("r2", 2)] == state.p.scan("round")

    state.overlay.forget()

    assert (1, None) == (state.p.get("round", "r1"), state.p.get("round", "r2"))
    assert [("r1", 1)] == state.p.scan("round")
    assert [] == state.overlay.rows()


def test_a_deleted_row_is_absent_in_each_layer(state: State) -> None:
    state.p.put("round", "r1", 1, 0)
    state.overlay.keep()
    state.commit()

    state.p.delete("round", "r1")
    found = [state.p.get("round", "r1")]
    state.overlay.keep()
    found.append(state.p.get("round", "r1"))
    state.commit()
    found.append(state.p.get("round", "r1"))

    assert [None] * 3 == found
    assert {} == state.stored()


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [
        pytest.param(0, 1, id="never"),
        pytest.param(NOW + 1, 1, id="in a moment"),
        pytest.param(NOW, None, id="now"),
        pytest.param(1, None, id="long ago"),
    ],
)
def test_an_expired_row_reads_as_absent_before_it_is_collected(
    state: State, expires_at: int, expected: int | None
) -> None:
    state.p.put("round", "r1", 1, expires_at)
    state.overlay.keep()
    state.commit()

    assert expected == state.p.get("round", "r1")
    assert ([("r1", 1)] if expected else []) == state.p.scan("round")


def test_a_timer_before_stream_time_does_not_see_what_has_expired_meanwhile(state: State) -> None:
    """It may have been collected, and the answer must not depend on that."""
    state.p.put("round", "r1", 1, NOW)
    state.overlay.keep()

    late = state.p.at("p", NOW - 10, NOW)

    assert (NOW - 10, None, []) == (late.now, late.get("round", "r1"), late.scan("round"))


def test_a_scan_sees_all_layers_in_the_order_of_ids(state: State) -> None:
    for row_id in ("r10", "r2", "r1", "rä"):
        state.p.put("round", row_id, "stored", 0)
    state.overlay.keep()
    state.commit()
    state.p.put("round", "r2", "batch", 0)
    state.p.delete("round", "r10")
    state.overlay.keep()
    state.p.put("round", "r3", "record", 0)
    state.p.delete("round", "r1")

    assert [("r2", "batch"), ("r3", "record"), ("rä", "stored")] == state.p.scan("round")


def test_other_players_and_kinds_are_other_rows(state: State) -> None:
    window = Window(state.overlay)
    for key in ("p", "p1", "pp"):
        for kind in ("round", "rounds"):
            window.at(key, NOW, NOW).put(kind, "r", f"{key} {kind}", 0)
            state.overlay.keep()
    state.commit()

    assert [("r", "p round")] == window.at("p", NOW, NOW).scan("round")
    assert "p1 rounds" == window.at("p1", NOW, NOW).get("rounds", "r")


def test_a_timer_is_told_when_its_record_is_kept(state: State) -> None:
    state.p.schedule(5, "expiry", "r1")
    assert [] == state.scheduled

    state.overlay.keep()

    assert [timer_key(TimerKey(5, "expiry", "p", "r1"))] == state.scheduled


@pytest.mark.parametrize("committed", [True, False], ids=["stored", "of this batch"])
def test_a_cancelled_timer_is_gone(state: State, *, committed: bool) -> None:
    state.p.schedule(5, "expiry", "r1")
    state.overlay.keep()
    if committed:
        state.commit()

    state.p.cancel(5, "expiry", "r1")
    state.overlay.keep()
    state.commit()

    assert {} == state.stored()


def test_cancelling_what_is_not_there_writes_nothing(state: State) -> None:
    state.p.cancel(5, "expiry", "r1")
    state.overlay.keep()

    assert [] == state.overlay.rows()


def test_a_timers_key_tells_what_it_was_made_of() -> None:
    timer = TimerKey(1_700_000_000_000, "wait_for_bonus", "player-1", "b/1")

    assert timer == parse_timer(timer_key(timer))


def test_timers_sort_by_due_time() -> None:
    dues = [0, 1, 999, 1_000, 1_700_000_000_000, 253_402_300_799_999]

    assert dues == [parse_timer(key).due for key in sorted(timer_key(TimerKey(due, "t", "p", "r")) for due in dues)]


def test_collection_does_not_undo_what_the_batch_did(state: State) -> None:
    state.p.put("round", "r1", 1, 5)
    state.overlay.keep()
    state.commit()
    state.p.put("round", "r1", 2, 0)
    state.overlay.keep()

    assert not state.overlay.expire("p\0round\0r1")
    assert 2 == state.p.get("round", "r1")


def test_a_collected_row_is_deleted_by_the_commit(state: State) -> None:
    state.p.put("round", "r1", 1, 5)
    state.overlay.keep()
    state.commit()

    assert state.overlay.expire("p\0round\0r1")
    assert [(b"p\0round\0r1", None)] == state.overlay.rows()
    state.commit()

    assert ({}, None) == (state.stored(), state.p.get("round", "r1"))


def test_an_absent_row_stays_the_one_absent_entry(state: State) -> None:
    """Timers are asked for by identity."""
    assert state.overlay.find("p\0round\0nothing") is ABSENT
    assert state.overlay.find("p\0round\0nothing") is ABSENT
