import time
from collections.abc import Callable, Mapping

import pytest

from topologies import configuration
from topologies.operations import demo
from topologies.operations.demo import STORIES, Shown
from topologies.runtime.task import Moment

Croupier = Callable[..., int]
Output = pytest.CaptureFixture[str]


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


def test_on_a_given_cluster_it_says_what_stays_there(
    bootstrap_servers: str, croupier: Croupier, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And proposes no command that would write to topics of that cluster."""
    monkeypatch.setenv("CROUPIER_BOOTSTRAP_SERVERS", bootstrap_servers)

    assert 0 == croupier("demo")

    proposed = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  croupier ")]
    assert ["tap", "deadletters", "describe"] == [words[1] for words in proposed]
    assert 0 == croupier(*proposed[0][1:])
    assert len(CHAINS["125917"]) == capsys.readouterr().out.count(" 125917 ")
    assert 0 == croupier(*proposed[1][1:])
    assert 1 == capsys.readouterr().out.count(" 600666 ")
