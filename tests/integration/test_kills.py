"""Workers that are killed wherever it hurts: nothing is lost, nothing repeated, and every player's order kept.

What was there before the workers began is taken in the order of time, whoever takes it and however often. So after
any number of crashes the topics hold exactly what the processors say. test_hundred_thousand.py has a large crowd.
"""

from pathlib import Path

import pytest

from tests.integration.crowd_stage import CLASSIC, CONSUMER, SAYING, STATIC
from tests.integration.scenes import Scene, Show, differences_of

SMALL = 6_000

SCENES = [
    pytest.param(Scene(SMALL, 200, {**CONSUMER, **STATIC}, ["w"]), id="consumer protocol, static member"),
    pytest.param(Scene(SMALL, 200, CONSUMER, ["w-0", "w-1"]), id="consumer protocol, two workers"),
    pytest.param(Scene(SMALL, 200, CLASSIC, ["w-0", "w-1"]), id="classic protocol, two workers"),
]


@pytest.mark.parametrize("scene", SCENES)
def test_whoever_is_killed_wherever_the_outputs_are_what_the_processors_say(
    scene: Scene, bootstrap_servers: str, app: str, tmp_path: Path, record_property: Show
) -> None:
    assert [] == differences_of(scene, bootstrap_servers, app, tmp_path, record_property), SAYING
