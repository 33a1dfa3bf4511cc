from topologies.runtime.cache import DECODED_FACTOR, ROW_OVERHEAD_BYTES, RowCache

SMALL = ROW_OVERHEAD_BYTES + DECODED_FACTOR * 25
BYTES = bytes(25)


def test_what_was_put_is_found() -> None:
    cache = RowCache(10 * SMALL)
    cache.put("a", (0, 1, BYTES))
    cache.put("a", (0, 2, BYTES))

    assert ((0, 2, BYTES), None) == (cache.find("a"), cache.find("b"))


def test_what_is_used_stays_while_others_go() -> None:
    cache = RowCache(6 * SMALL)
    cache.put("a", (0, "a", BYTES))
    for number in range(100):
        cache.put(f"{number}", (0, number, BYTES))
        assert cache.find("a") == (0, "a", BYTES)

    assert cache.find("0") is None


def test_a_row_that_was_put_again_is_not_found_as_it_was() -> None:
    cache = RowCache(4 * SMALL)
    cache.put("a", (0, "old", BYTES))
    cache.put("b", (0, "b", BYTES))
    cache.put("c", (0, "c", BYTES))

    cache.put("a", (0, "new", BYTES))
    cache.put("d", (0, "d", BYTES))

    assert (0, "new", BYTES) == cache.find("a")


def test_a_row_that_was_dropped_is_found_in_neither_generation() -> None:
    cache = RowCache(4 * SMALL)
    for name in ("a", "b", "c"):
        cache.put(name, (0, name, BYTES))

    for name in ("a", "c"):
        cache.drop(name)

    assert (None, (0, "b", BYTES), None) == tuple(map(cache.find, "abc"))


def test_memory_is_bounded_whatever_comes() -> None:
    cache = RowCache(3 * SMALL)
    for number in range(1_000):
        cache.put(f"{number % 7}", (0, number, bytes(number % 60)))
        cache.drop(f"{number % 5}")

    assert 0 < sum(cache.find(str(number)) is not None for number in range(7)) <= 3


def test_a_row_larger_than_the_cache_is_not_kept() -> None:
    cache = RowCache(SMALL)
    cache.put("a", (0, 1, BYTES))

    cache.put("b", (0, 2, bytes(10_000)))

    assert (None, None) == (cache.find("a"), cache.find("b"))
