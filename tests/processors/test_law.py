"""The law: whatever way the topics interleave, chains are legal and events the same; twice changes nothing."""

from random import Random

import histories
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from judging import law_holds

KINDS = {
    "legal": histories.history,
    "settled": histories.settled,
    "spoiled": histories.spoiled,
}

RANDOMS = st.randoms(use_true_random=False) | st.integers(0, 2**32).map(Random)
"""The first shrink to the smallest counter-example, the second reach further."""


@pytest.mark.parametrize("kind", KINDS)
@given(random=RANDOMS)
@settings(max_examples=400, deadline=None)
def test_the_law(kind: str, random: Random) -> None:
    """1,200 histories: legal ones, such as BONUS events are compared for, and such as cannot be."""
    history = KINDS[kind](random)
    note(histories.as_text(history))
    law_holds(history, random)
