import pytest

from topologies.runtime.cache import RowCache
from topologies.runtime.collection import VISITS_MIN, Collector
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

    def commit(self, now: int) -> int:
        collected = self.collector.collect(now, len(self.overlay.batch))
        rows = self.overlay.rows()
        self.store.write(0, rows, Applied("t", 1, 1))
        self.overlay.committed(rows)
        return collected

    def stored(self) -> int:
        return len(list(self.store.scan(0, b"\x01")))


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
