"""The law: whatever way the topics interleave, chains are legal and events the same; twice changes nothing."""

from random import Random

import histories
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st
from judging import law_holds, smallest_that_breaks_the_law

KINDS = {
    "legal": histories.history,
    "settled": histories.settled,
    "spoiled": histories.spoiled,
}


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=400, deadline=None, phases=[Phase.reuse, Phase.generate])
def test_the_law(kind: str, seed: int) -> None:
    """1,200 histories: legal ones, such as BONUS events are compared for, and such as cannot be.

    A seed does not shrink, its history does.
    """
    history = KINDS[kind](Random(seed))
    try:
        law_holds(history, Random(seed))
    except AssertionError:
        note(histories.as_text(smallest_that_breaks_the_law(history)))
        raise
