"""Lives of workers that are killed, one after the other, until all records are taken."""

import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.integration import killing, outputs
from tests.integration.crashing import Plan
from tests.integration.crowd_stage import QUICK_TIMEOUT, SAYING, SEED, Sender, opened, played
from tests.integration.installation import Installation
from tests.integration.killing import Blows

Show = Callable[[str, object], None]


class Scene(NamedTuple):
    """How many records, how many of them in a transaction, and who takes them."""

    records: int
    batch_records_max: int
    group: Mapping[str, str]
    instances: Sequence[str]


def differences_of(scene: Scene, bootstrap_servers: str, app: str, directory: Path, show: Show) -> list[str]:
    """Let the scene be played; what is not as the processors say."""
    laid, wanted = played(SEED, scene.records)
    pace = {"CROUPIER_BATCH_RECORDS_MAX": str(scene.batch_records_max)}
    croupier = opened(bootstrap_servers, app, directory, scene.group, pace, QUICK_TIMEOUT)
    Sender(croupier).send(laid)

    for plan in plans(Random(SEED), scene):
        if plan.point == "restoring":
            shutil.rmtree(croupier.state_dir)
        fell = life(croupier, scene.instances, Blows(plan))
        assert fell, f"{plan} was not reached, {SAYING}"
        show("shown: where workers were struck down", "\n".join(fell))
    fell = life(croupier, scene.instances, Blows(aborted=[2, 4]))
    show("shown: where workers were struck down", "\n".join(fell))

    return outputs.differences(wanted, outputs.written(croupier))


def plans(random: Random, scene: Scene) -> list[Plan]:
    """A death at each point, some commits into a life; what is restored is a state directory that was lost."""
    points = ["queued", "offsets sent", "ending", "committed", "stored"]
    random.shuffle(points)
    points.insert(random.randrange(1, len(points) + 1), "restoring")
    commits = scene.records // scene.batch_records_max // len(points) // len(scene.instances)
    return [Plan(point, random.randrange(2, max(3, commits + 1))) for point in points]


def life(croupier: Installation, instances: Sequence[str], blows: Blows) -> list[str]:
    """Drain until a worker is struck down, or to the end; the blows that fell."""
    done = croupier.done(lambda place: killing.start(place, instances, blows, is_drain=True))
    fell = killing.struck(done.stderr)
    died = -signal.SIGKILL if len(instances) == 1 else 1
    # A supervisor says 1 when one of its workers has died.
    assert done.returncode == (died if blows.plan and fell else 0), done.stderr
    return [croupier.plain(each) for each in fell]
