from random import Random

import pytest

from topologies.runtime.cache import RowCache
from topologies.runtime.collection import VISITS_MIN, Collector
from topologies.runtime.forgetting.row import forgotten_key
from topologies.runtime.overlay import Overlay, Window
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Applied, Store

CODEC = RowCodec(1, lambda _kind, _version, row: row)


class Task:
    """As much of a task as collection needs."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.overlay = Overlay(store, 0, RowCache(1 << 20), CODEC)
        self.collector = Collector(self.overlay)

    def put(self, key: str, row_id: str, expires_at: int) -> None:
        Window(self.overlay).at(key, 0, 0).put("row", row_id, 1, expires_at)
        self.overlay.keep()

    def delete(self, key: str, row_id: str) -> None:
        Window(self.overlay).at(key, 0, 0).delete("row", row_id)
        self.overlay.keep()

    def commit(self, now: int) -> int:
        collected = self.collector.collect(now, len(self.overlay.batch))
        rows = self.overlay.rows()
        self.store.write(0, rows, Applied("t", 1, 1))
        self.overlay.committed(rows)
        return collected

    def stored(self) -> int:
        return len(self.ids())

    def ids(self) -> set[str]:
        return {key.split(b"\0")[2].decode() for key, _ in self.store.scan(0, b"\x01")}


@pytest.fixture
def task(store: Store) -> Task:
    return Task(store)


def test_only_expired_rows_are_collected(task: Task) -> None:
    for row_id, expires_at in {"never": 0, "later": 101, "now": 100, "long ago": 1}.items():
        task.put("p", row_id, expires_at)
    task.commit(0)

    assert 2 == task.commit(100)
    assert [b"p\0row\0later", b"p\0row\0never"] == [key for key, _ in task.store.scan(0, b"\x01")]


def test_an_idle_commit_visits_little(task: Task) -> None:
    for number in range(1_000):
        task.put("p", f"{number:04}", 1)
    task.commit(0)

    assert [VISITS_MIN] * 3 == [task.commit(100) for _ in range(3)]


def test_every_row_is_visited_again_and_again(task: Task) -> None:
    for number in range(5 * VISITS_MIN):
        task.put("p", f"{number:04}", 0 if number % 2 else 50)
    task.commit(0)
    for _ in range(8):
        task.commit(10)
    assert 5 * VISITS_MIN == task.stored()

    for _ in range(16):
        task.commit(60)

    assert 5 * VISITS_MIN // 2 == task.stored()


@pytest.mark.parametrize("rows_per_commit", [1, 50, 1_000])
def test_a_steady_load_of_expiring_rows_does_not_grow(task: Task, rows_per_commit: int) -> None:
    """Never more than about twice what is alive, however many have come and gone."""
    alive_ms, total = 1_000, 10_000
    most = 0
    for number in range(total):
        task.put(f"p{number % 300}", str(number), number + alive_ms)
        if number % rows_per_commit == rows_per_commit - 1:
            task.commit(number)
            most = max(most, task.stored()) if number % 1_000 == 999 else most

    assert most <= 2 * alive_ms + 2 * rows_per_commit, f"{most} rows of {alive_ms} that are alive"


def test_head_and_timers_are_left_alone(task: Task) -> None:
    task.store.write(0, [(b"\0head\0", CODEC.encode((1, 1))), (b"\0timer\0x", CODEC.encode((1, 1)))], Applied("", 1, 1))

    assert 0 == task.commit(1_000)


def test_nobody_looks_before_the_first_row_can_have_expired(task: Task) -> None:
    """A row that came by no commit of the task would be found by whoever looks."""
    task.put("p", "first", 100)
    task.put("p", "never", 0)
    task.commit(0)
    task.commit(0)
    task.store.write(0, [(b"p\0row\0unseen", CODEC.encode((1, "row")))], Applied("t", 1, 1))
    task.put("p", "later", 200)
    task.put("p", "nor this", 0)
    task.delete("p", "absent")

    assert [0, 0] == [task.commit(50), task.commit(99)]
    assert 2 == task.commit(100)


def test_a_row_is_written_that_expires_before_all_others(task: Task) -> None:
    task.put("p", "first", 100)
    task.commit(0)
    task.put("p", "earlier", 50)
    task.commit(10)

    assert [0, 1] == [task.commit(49), task.commit(50)]


def test_a_row_is_given_less_time(task: Task) -> None:
    task.put("p", "row", 100)
    task.commit(0)
    task.put("p", "row", 50)
    task.commit(10)

    assert [0, 1] == [task.commit(49), task.commit(50)]


def test_a_row_is_given_more_time_in_the_commit_that_finds_it_expired(task: Task) -> None:
    task.put("p", "row", 100)
    task.commit(0)
    task.put("p", "row", 200)

    assert [0, 0, 1] == [task.commit(100), task.commit(199), task.commit(200)]


def test_a_row_that_has_expired_when_it_is_written(task: Task) -> None:
    task.put("p", "alive", 1_000)
    task.commit(100)
    task.put("p", "late", 50)

    assert [0, 1, 0] == [task.commit(100) for _ in range(3)]


def test_rows_that_are_written_expired_keep_none_from_being_found(task: Task) -> None:
    rows = 5 * VISITS_MIN
    for number in range(rows):
        task.put("p", f"{number:04}", 100 if number == rows - 1 else 0)
    task.commit(0)
    for number in range(rows // VISITS_MIN):
        task.put("q", f"late {number}", 50)
        task.commit(100)

    assert f"{rows - 1:04}" not in task.ids()


def test_a_row_written_behind_a_round_that_goes_on_is_found_by_the_next(task: Task) -> None:
    for number in range(4 * VISITS_MIN):
        task.put("p", f"{number:04}", 100 if number == 0 else 1_000)
    task.commit(0)
    assert 1 == task.commit(100)
    task.put("o", "behind", 200)
    for _ in range(8):
        task.commit(110)

    assert 1 == task.commit(200)


def test_an_expired_row_is_found_within_a_round(task: Task) -> None:
    """However long nothing expired, and wherever it stands."""
    rows = 10 * VISITS_MIN
    for number in range(rows):
        task.put("p", f"{number:04}", 100 if number == rows - 1 else 0)
    task.commit(0)
    for now in range(50):
        task.commit(now)

    assert 1 == sum(task.commit(100) for _ in range(rows // VISITS_MIN))


def test_a_task_that_begins_anew_learns_from_its_rows(task: Task) -> None:
    task.put("p", "first", 100)
    task.put("p", "later", 200)
    task.commit(0)
    again = Task(task.store)

    assert [0, 0, 1] == [again.commit(0), again.commit(99), again.commit(100)]


@pytest.mark.parametrize("expires_at", [-1, 1 << 64])
def test_what_is_no_expiry_is_refused_where_rows_are_encoded(task: Task, expires_at: int) -> None:
    task.put("p", "row", expires_at)

    assert 0 == task.collector.collect(0, 1)
    with pytest.raises(OverflowError):
        task.overlay.rows()


def test_what_remembers_a_forgotten_player_is_collected_too(task: Task) -> None:
    key = forgotten_key("command")
    task.store.write(0, [(key.encode(), CODEC.encode((100, {})))], Applied("t", 1, 1))
    task.put("p", "never", 0)

    assert [0, 0, 1] == [task.commit(0), task.commit(99), task.commit(100)]
    assert task.store.get(0, key.encode()) is None


EXPIRIES_MS = (None, 0, 0, -30, 1, 5, 20, 60, 300)
"""After now; None deletes the row, and with 0 it never expires."""


@pytest.mark.parametrize("seed", range(40))
def test_at_random_what_has_expired_goes_and_nothing_else(task: Task, seed: int) -> None:
    """Beside a model that knows when each row expires. A round is one commit, or many."""
    rng = Random(seed)
    ids, puts_max = rng.choice([3, 30, 200]), rng.choice([2, 10])
    now = 1_000
    expiries: dict[str, int] = {}

    def put(row_id: str) -> None:
        after = rng.choice(EXPIRIES_MS)
        if after is None:
            task.delete("p", row_id)
            expiries.pop(row_id, None)
        else:
            expiries[row_id] = now + after if after else 0
            task.put("p", row_id, expiries[row_id])

    def alive() -> set[str]:
        return {row_id for row_id, at in expiries.items() if not 0 < at <= now}

    for row_id in map(str, range(ids)):
        put(row_id)
    for _ in range(rng.randrange(150)):
        for _ in range(rng.randrange(puts_max)):
            put(str(rng.randrange(ids)))
        task.commit(now)
        assert alive() <= task.ids()
        now += rng.choice([0, 0, 1, 3, 50])
    # The rest of a round, and one more.
    for _ in range(2 * (ids // VISITS_MIN + 1)):
        task.commit(now)

    assert alive() == task.ids()
