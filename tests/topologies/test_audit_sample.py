"""Which players an audit draws."""

from collections import Counter
from random import Random

import pytest

from topologies.operations.audit.auditing import drawn
from topologies.runtime.journal.record import DIFFERENCE, MARKER, Record
from topologies.runtime.overlay import TimerKey, timer_key

PLAYERS = ("anna", "ben", "cleo", "dan")


def journal(*keys: str) -> list[Record]:
    """Before-images of rows; behind every second one ends a commit."""
    images = [Record(number, key.encode(), b"") for number, key in enumerate(keys)]
    return [each for image in images for each in (image, Record(image.offset, MARKER, b"{}"))]


def rows(player: str, count: int) -> list[str]:
    return [f"{player}\0bet\0c{number}" for number in range(count)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 9])
def test_as_many_players_as_asked_for_and_none_twice(size: int) -> None:
    records = journal(*(key for player in PLAYERS for key in rows(player, 5)), *rows("anna", 9))

    for seed in range(50):
        found = drawn(records, size, Random(seed))
        assert min(size, len(PLAYERS)) == len(found)
        assert found <= set(PLAYERS)


def test_a_player_with_many_rows_is_drawn_no_more_often() -> None:
    records = journal(*rows("anna", 200), *rows("ben", 1), *rows("cleo", 1), *rows("anna", 200), *rows("dan", 1))

    counts = Counter(player for seed in range(2_000) for player in drawn(records, 1, Random(seed)))

    assert set(PLAYERS) == set(counts)
    assert max(counts.values()) < 2 * min(counts.values()), counts


def test_only_players_that_were_touched_are_drawn() -> None:
    timer = timer_key(TimerKey(1, "expiry", "ben", "b1"))
    own = [Record(9, DIFFERENCE + b"ab12", b"{}"), Record(10, b"\0head\0", b"{}")]

    assert {"anna", "ben"} == drawn([*journal(*rows("anna", 1), timer), *own], 10, Random(1))
    assert set() == drawn(own, 10, Random(1))
