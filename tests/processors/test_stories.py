"""Every story, told in time order, comes to what its teller expects: all events, in order, and what matters in them."""

from collections.abc import Callable
from random import Random

import histories
import pytest
from histories import STORIES
from judging import story_holds
from teller import Story, Teller

TELLINGS = 100


@pytest.mark.parametrize("tell", [pytest.param(tell, id=tell.__name__) for tell in dict.fromkeys(STORIES)])
def test_the_crm_hears_what_the_story_expects(tell: Callable[[Teller], Story]) -> None:
    for seed in range(TELLINGS):
        story_holds(histories.one_story(Random(seed), tell))
