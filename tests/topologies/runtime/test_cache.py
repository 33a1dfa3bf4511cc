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


def test_the_least_recently_used_row_goes_first() -> None:
    cache = RowCache(3 * SMALL)
    for key in "abc":
        cache.put(key, (0, key), 25)
    cache.get("a")

    cache.put("d", (0, "d"), 25)

    assert ["a", None, "c", "d"] == [found[1] if (found := cache.get(key)) else None for key in "abcd"]


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
