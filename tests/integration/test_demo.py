import time
from collections.abc import Mapping

import pytest

from topologies import configuration
from topologies.operations import demo
from topologies.operations.demo import STORIES, Shown
from topologies.runtime.task import Moment


def now() -> Moment:
    return Moment(time.time_ns() // 1_000_000, time.monotonic())


@pytest.fixture
def shown(environment: Mapping[str, str]) -> Shown:
    return demo.play(configuration.read({}, environment, None), now, lambda _: None)


CHAINS = {
    "125917": [
        *("PAYMENT Requested", "PAYMENT Approved", "BONUS Created"),
        *("CASINO Approved", "BONUS Ongoing"),
        *("CASINO Approved", "BONUS Ongoing", "CASINO Approved"),
        *("CASINO Approved", "BONUS Ongoing", "CASINO Approved"),
        *("CASINO Approved", "BONUS Ongoing", "CASINO Approved", "BONUS Completed"),
    ],
    "230011": [
        *("PAYMENT Requested", "PAYMENT Approved", "BONUS Created", "CASINO Approved", "BONUS Ongoing"),
        *("PAYMENT Rollback", "BONUS Forfeited"),
    ],
    "318822": [
        *("BONUS Created", "CASINO Approved", "BONUS Ongoing", "PAYMENT Requested", "BONUS Forfeited"),
        *("PAYMENT Cancelled", "BONUS Reversed"),
    ],
    "407733": ["PAYMENT Approved", "CASINO Approved", "CASINO Rollback", "PAYMENT Rollback"],
    "512244": [*["CASINO Approved"] * 5, "BONUS Created"],
    "600666": [],
}


def test_each_story_ends_as_it_should(shown: Shown) -> None:
    chains: dict[str, list[str]] = {story.player: [] for story in STORIES}
    for event in shown.events:
        chains[str(event.key)].append(f"{event.headers['type']} {event.value['status']}")

    assert CHAINS == chains
    assert [("600666", "invalid")] == [
        (letter.key, letter.headers["dead-letter.class"]) for letter in shown.dead_letters
    ]
