"""The schedule is a function of the seed, and no kind of fault is forgotten."""

from itertools import islice

from tests.chaos.nemesis import Kind, schedule
from tests.chaos.striking import HOW


def test_the_same_seed_strikes_in_the_same_way() -> None:
    one, again, other = (list(islice(schedule(seed, is_short=False), 50)) for seed in (7, 7, 8))

    assert one == again != other


def test_every_kind_of_fault_comes_before_one_comes_twice() -> None:
    kinds = [strike.kind for strike in islice(schedule(1, is_short=True), len(Kind))]

    assert set(Kind) == set(kinds) == set(HOW)
