"""Workers that are killed wherever it hurts: nothing is lost, nothing repeated, and every player's order kept.

What was there before the workers began is taken in the order of time, whoever takes it and however often. So after
any number of crashes the topics hold exactly what the processors say.
"""

import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from tests.integration import killing, outputs
from tests.integration.crashing import Plan
from tests.integration.crowd_stage import (
    CLASSIC,
    CONSUMER,
    QUICK_TIMEOUT,
    RECORDS,
    SAYING,
    SEED,
    STATIC,
    Sender,
    opened,
    played,
)
from tests.integration.installation import Installation
from tests.integration.killing import Blows

Show = Callable[[str, object], None]

SMALL = 6_000


class Scene(NamedTuple):
    """How many records, how many of them in a transaction, and who takes them."""

    records: int
    batch_records_max: int
    group: Mapping[str, str]
    instances: Sequence[str]


SCENES = [
    pytest.param(
        Scene(RECORDS, 2_000, {**CLASSIC, **STATIC}, ["w"]),
        marks=pytest.mark.xdist_group("a large crowd"),
        id="a large crowd, classic protocol, static member",
    ),
    pytest.param(Scene(SMALL, 200, {**CONSUMER, **STATIC}, ["w"]), id="consumer protocol, static member"),
    pytest.param(Scene(SMALL, 200, CONSUMER, ["w-0", "w-1"]), id="consumer protocol, two workers"),
    pytest.param(Scene(SMALL, 200, CLASSIC, ["w-0", "w-1"]), id="classic protocol, two workers"),
]


@pytest.mark.parametrize("scene", SCENES)
def test_whoever_is_killed_wherever_the_outputs_are_what_the_processors_say(
    scene: Scene, bootstrap_servers: str, app: str, tmp_path: Path, record_property: Show
) -> None:
    laid, wanted = played(SEED, scene.records)
    pace = {"CROUPIER_BATCH_RECORDS_MAX": str(scene.batch_records_max)}
    croupier = opened(bootstrap_servers, app, tmp_path, scene.group, pace, QUICK_TIMEOUT)
    Sender(croupier).send(laid)

    for plan in plans(Random(SEED), scene):
        if plan.point == "restoring":
            shutil.rmtree(croupier.state_dir)
        fell = life(croupier, scene.instances, Blows(plan))
        assert fell, f"{plan} was not reached, {SAYING}"
        record_property("shown: where workers were struck down", "\n".join(fell))
    fell = life(croupier, scene.instances, Blows(aborted=[2, 4]))
    record_property("shown: where workers were struck down", "\n".join(fell))

    got = outputs.written(croupier)
    assert [] == outputs.differences(wanted, got), SAYING


def plans(random: Random, scene: Scene) -> list[Plan]:
    """A death at each point, some commits into a life; what is restored is a state directory that was lost."""
    points = ["queued", "offsets sent", "ending", "committed", "stored"]
    random.shuffle(points)
    points.insert(random.randrange(1, len(points) + 1), "restoring")
    commits = scene.records // scene.batch_records_max // len(points) // len(scene.instances)
    return [Plan(point, random.randrange(2, max(3, commits + 1))) for point in points]


def life(croupier: Installation, instances: Sequence[str], blows: Blows) -> list[str]:
    """Drain until a worker is struck down, or to the end; the blows that fell."""
    told = killing.environment(blows)
    done = croupier.python("-m", "tests.integration.killing", *instances, "--drain", settings=told)
    fell = killing.struck(done.stderr)
    died = -signal.SIGKILL if len(instances) == 1 else 1
    # A supervisor says 1 when one of its workers has died.
    assert done.returncode == (died if blows.plan and fell else 0), done.stderr
    return [croupier.plain(each) for each in fell]
