"""Every story, told in time order, comes to what its teller expects: all events, in order, and what matters in them."""

from collections.abc import Callable
from random import Random

import histories
import pytest
from histories import RULES, STORIES
from running import run
from teller import Story, Teller

TELLINGS = 100


@pytest.mark.parametrize("tell", [pytest.param(tell, id=tell.__name__) for tell in dict.fromkeys(STORIES)])
def test_the_crm_hears_what_the_story_expects(tell: Callable[[Teller], Story]) -> None:
    for seed in range(TELLINGS):
        history = histories.one_story(Random(seed), tell)
        story = history.stories[0]
        told = run(histories.in_time_order(history), RULES, histories.rates())
        payloads = {event.event_id: event.payload for event in told.events}
        said = {
            event_id: {name: payloads[event_id][name] for name in story.fields[event_id]} for event_id in story.fields
        }

        assert story.expected == [event.event_id for event in told.events], histories.as_text(history)
        assert story.fields == said, histories.as_text(history)
        assert [] == told.refusals
