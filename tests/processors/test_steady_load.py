"""State is bounded: the same week again and again leaves as many rows behind as the week before."""

from random import Random

import histories
import pytest
from judging import RATES
from running import Run, let_pass, run
from samples import DAY, NOON
from teller import Teller

from processors.rules import Rules

WEEK = 7 * DAY
WEEKS = 8
RULES = Rules(
    origin="brand.com", origin_by_casino={"123": "brand.com"}, state_retention=3 * DAY, payment_retention=15 * DAY
)


@pytest.mark.parametrize("seed", range(10))
def test_rows_do_not_grow_with_the_weeks(seed: int) -> None:
    left = _rows_left(seed)

    assert [left[3]] * (WEEKS - 3) == left[3:]


def _rows_left(seed: int) -> list[int]:
    """How many rows and timers live at the end of each week; the third is the first that nothing is missing from."""
    whole = run([], RULES, RATES)
    left = []
    for week in range(WEEKS):
        _tell_week(whole, seed, week)
        let_pass(whole, NOON + (week + 1) * WEEK, RULES, RATES)
        left.append(len(whole.window.living()) + len(whole.window.timers))
    return left


def _tell_week(whole: Run, seed: int, week: int) -> None:
    random = Random(seed)
    for number, tell in enumerate(random.sample(histories.STORIES, 12)):
        start = NOON + week * WEEK + number * DAY // 4
        story = tell(Teller(random, histories.PLAYER, start, f"{week}.{number}."))
        if story.told[-1].comes_at < start + 4 * DAY:
            run(histories.in_time_order(histories.of_story(story)), RULES, RATES, whole.window)
