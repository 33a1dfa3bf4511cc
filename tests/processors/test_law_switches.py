"""No rule is there for nothing: turned off, a story or the law misses it."""

from collections.abc import Callable, Iterator
from random import Random

import histories
import pytest
from histories import STORIES, History
from judging import law_holds, story_holds
from switches import Switch
from switches_join import JOIN
from switches_records import RECORDS

TRIALS = 100


@pytest.mark.parametrize("switch", [pytest.param(switch, id=switch.rule) for switch in [*JOIN, *RECORDS]])
def test_a_rule_that_is_off_is_missed(
    switch: Switch, monkeypatch: pytest.MonkeyPatch, show: Callable[[str, str], None]
) -> None:
    switch.turn_off(monkeypatch)
    missed_by = next((name for name, holds in trials() if not _holds(holds)), None)
    show("rules turned off, and what missed them", f"{switch.rule:55} {missed_by}")
    assert missed_by is not None


Trial = tuple[str, Callable[[], None]]


def trials() -> Iterator[Trial]:
    """Every story, because they are quick and say what they miss, then histories; and again."""
    for seed in range(TRIALS):
        for tell in dict.fromkeys(STORIES):
            yield _story(histories.one_story(Random(seed), tell))
        for kind in (histories.settled, histories.history, histories.spoiled):
            yield _history(kind(random := Random(seed)), random, f"{kind.__name__} {seed}")


def _story(history: History) -> Trial:
    return f"story: {history.stories[0].name}", lambda: story_holds(history)


def _history(history: History, random: Random, name: str) -> Trial:
    return f"law: {name}", lambda: law_holds(history, random)


def _holds(trial: Callable[[], None]) -> bool:
    try:
        trial()
    except AssertionError:
        return False
    return True
