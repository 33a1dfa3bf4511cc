from topologies.runtime.cache import DECODED_FACTOR, ROW_OVERHEAD_BYTES, RowCache
from topologies.runtime.rowcodec import ABSENT

SMALL = ROW_OVERHEAD_BYTES + DECODED_FACTOR * 25


def test_what_was_put_is_found() -> None:
    cache = RowCache(10 * SMALL)
    cache.put("a", (0, 1), 25)
    cache.put("a", (0, 2), 25)

    assert ((0, 2), None) == (cache.get("a"), cache.get("b"))


def test_an_absent_row_is_remembered_as_absent() -> None:
    cache = RowCache(10 * SMALL)
    cache.put("a", ABSENT, 0)

    assert cache.get("a") is ABSENT


def test_what_is_used_stays_while_others_go() -> None:
    cache = RowCache(6 * SMALL)
    cache.put("a", (0, "a"), 25)
    for number in range(100):
        cache.put(f"{number}", (0, number), 25)
        assert cache.get("a") == (0, "a")

    assert cache.get("0") is None


def test_a_row_that_was_put_again_is_not_found_as_it_was() -> None:
    cache = RowCache(4 * SMALL)
    cache.put("a", (0, "old"), 25)
    cache.put("b", (0, "b"), 25)
    cache.put("c", (0, "c"), 25)

    cache.put("a", (0, "new"), 25)
    cache.put("d", (0, "d"), 25)

    assert (0, "new") == cache.get("a")


def test_memory_is_bounded_whatever_comes() -> None:
    cache = RowCache(3 * SMALL)
    for number in range(1_000):
        cache.put(f"{number % 7}", (0, number), number % 60)

    assert 0 < sum(cache.get(str(number)) is not None for number in range(7)) <= 3


def test_a_row_larger_than_the_cache_is_not_kept() -> None:
    cache = RowCache(SMALL)
    cache.put("a", (0, 1), 25)

    cache.put("b", (0, 2), 10_000)

    assert (None, None) == (cache.get("a"), cache.get("b"))
