from topologies.runtime.errors import Unavailable
from topologies.runtime.kafka.polled import End, Polled, Trap

BEFORE = Polled([], [End("calls", 0, 7)], [])


def test_two_readers_bring_what_both_bring() -> None:
    other = Polled([], [End("calls", 1, 9)], [Trap("calls", 1, Unavailable("away"))])

    assert Polled([], [*BEFORE.ends, *other.ends], other.traps) == BEFORE.and_then(lambda: other)


def test_what_one_reader_has_brought_is_not_lost_when_the_other_fails() -> None:
    away = Unavailable("away")

    def fail() -> Polled:
        raise away

    assert Polled([], BEFORE.ends, [Trap(None, None, away)]) == BEFORE.and_then(fail)
