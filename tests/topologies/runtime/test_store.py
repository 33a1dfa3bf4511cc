from pathlib import Path

import pytest

from topologies.runtime.errors import Fatal, Misconfigured
from topologies.runtime.store import Applied, Bounds, Store

HERE = Applied("topic", 1, 1)
BOUNDS = Bounds(1 << 20, 1 << 20)


def test_rows_are_found_and_deleted(store: Store) -> None:
    store.write(3, [(b"a", b"1"), (b"b", b"2")], HERE)
    store.write(3, [(b"a", None), (b"c", b"")], HERE)

    assert (None, b"2", b"") == (store.get(3, b"a"), store.get(3, b"b"), store.get(3, b"c"))


def test_the_last_of_two_writes_of_a_row_counts(store: Store) -> None:
    store.write(3, [(b"a", b"1"), (b"a", None), (b"b", None), (b"b", b"2")], HERE)

    assert [(b"b", b"2")] == list(store.scan(3, b""))


@pytest.mark.parametrize("partition", [0, 1, 255, 256, 65_534])
def test_a_task_sees_only_its_own_rows(store: Store, partition: int) -> None:
    neighbours = [each for each in (partition - 1, partition + 1) if 0 <= each <= 65_534]
    for each in [partition, *neighbours]:
        store.write(each, [(b"\0head\0", b"%d" % each), (b"\xff\xff", b"%d" % each)], HERE)

    own = b"%d" % partition
    assert [(b"\0head\0", own), (b"\xff\xff", own)] == list(store.scan(partition, b""))
    store.wipe(partition)
    assert [] == list(store.scan(partition, b""))
    assert [2] * len(neighbours) == [len(list(store.scan(each, b""))) for each in neighbours]
    assert [HERE] * len(neighbours) == [store.applied(each) for each in neighbours]


def test_a_scan_goes_in_key_order_from_a_key_on_within_a_prefix(store: Store) -> None:
    keys = [b"p1\0a\0x", b"p1\0a\0y", b"p1\0b\0x", b"p10\0a\0x", b"p2\0a\0x"]
    store.write(0, [(key, b"") for key in reversed(keys)], HERE)

    assert keys == [key for key, _ in store.scan(0, b"")]
    assert keys[2:] == [key for key, _ in store.scan(0, b"p1\0b")]
    assert keys[:2] == [key for key, _ in store.scan(0, b"p1\0a\0", b"p1\0a\0")]


def test_how_far_a_task_is_comes_with_its_rows_and_goes_with_them(store: Store) -> None:
    assert store.applied(5) is None

    store.write(5, [(b"a", b"1")], Applied("id", 42, 1_000))
    assert Applied("id", 42, 1_000) == store.applied(5)

    store.wipe(5)
    assert store.applied(5) is None


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    first = Store(tmp_path, BOUNDS)
    first.write(5, [(b"a", b"1")], HERE)
    first.close()

    second = Store(tmp_path, BOUNDS)

    assert (b"1", HERE) == (second.get(5, b"a"), second.applied(5))
    second.close()


def test_a_look_up_in_a_large_file_reads_little_of_it(tmp_path: Path) -> None:
    """Its index and its filter are larger than a shard of the block cache: as a whole they would be read each time."""
    store, many, looks = Store(tmp_path, Bounds(8 << 20, 64 << 20)), 600_000, 1_000
    for begin in range(0, many, 10_000):
        store.write(0, [(b"player-%07d" % each, b"%030d" % each) for each in range(begin, begin + 10_000)], HERE)
    store.scrub(0, ["whoever: all lies in one file then"])

    before = bytes_read()
    assert [b"%030d" % each for each in range(0, many, many // looks)] == [
        store.get(0, b"player-%07d" % each) for each in range(0, many, many // looks)
    ]
    assert [None] * looks == [store.get(0, b"player-%07d-" % each) for each in range(looks)]
    assert (bytes_read() - before) // (2 * looks) < 50_000
    store.close()


def bytes_read() -> int:
    """By this process, from files too that are in memory."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_what_was_deleted_is_in_no_file_after_scrubbing(tmp_path: Path) -> None:
    """For the same names they are rewritten once."""
    path, secret = tmp_path / "scrubbed", b"kWm-Qz7Xv_T3rB9yLd5Jh2Nf"

    def is_there() -> bool:
        return any(secret in each.read_bytes() for each in path.iterdir() if each.is_file())

    for names, is_gone in ((["a"], True), (["a"], False)):
        store = Store(path, BOUNDS)
        store.write(1, [(b"p\0row\x001", secret)], HERE)
        store.close()
        assert is_there()
        store = Store(path, BOUNDS)
        store.write(1, [(b"p\0row\x001", None)], HERE)
        store.scrub(1, names)
        store.close()
        assert is_gone is not is_there(), names


def test_a_store_that_cannot_be_written_ends_the_process(tmp_path: Path) -> None:
    store = Store(tmp_path, BOUNDS)
    store.close()

    with pytest.raises(Fatal, match="the local store cannot be written: "):
        store.write(0, [(b"a", b"1")], HERE)


def test_a_store_that_cannot_be_read_is_not_an_empty_one(tmp_path: Path) -> None:
    store = Store(tmp_path, BOUNDS)
    store.close()

    with pytest.raises(Fatal, match="the local store cannot be read: "):
        store.get(0, b"a")
    with pytest.raises(Fatal, match="the local store cannot be read: "):
        list(store.scan(0, b""))


def test_a_store_that_cannot_be_closed_says_so_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is closed last, and whatever ended the worker is told."""
    store = Store(tmp_path, BOUNDS)
    store.close()

    store.close()

    assert "the local store could not be closed" in caplog.text


def test_a_directory_serves_one_worker(tmp_path: Path) -> None:
    first = Store(tmp_path, BOUNDS)

    with pytest.raises(Misconfigured, match="in use by another worker: stop it, or set another state_dir or instance"):
        Store(tmp_path, BOUNDS)
    first.close()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    advice = "not a directory. set another state_dir"
    with pytest.raises(Misconfigured, match=rf"^the state directory {tmp_path}/file/\S* cannot be used: {advice}$"):
        Store(tmp_path / "file" / "state", BOUNDS)
