"""Workers that die, come and go while a task of theirs is taken back: it happens once, and nothing else does."""

import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.integration import crashing, rewinds
from tests.integration.counting_stage import Stage, wait_until
from tests.integration.crashing import IN_A_RESTORE, POINTS, Plan
from tests.integration.forks import Fork
from tests.integration.test_exactly_once import QUICK, finished
from tests.integration.test_membership import tasks
from topologies.runtime.rewinding.control import Command

DEATHS = 10


def pace(protocol: str, step_rows: int) -> dict[str, Any]:
    return {"group_protocol": protocol, "batch_records_max": 15, "rewind_step_rows": step_rows, **QUICK[protocol]}


def lived(bootstrap_servers: str, app: str, directory: Path, **settings: Any) -> Stage:
    """A stage with a life behind it, in small batches."""
    stage = Stage(bootstrap_servers, app, directory)
    stage.create()
    stage.send(stage.records(0, 600))
    stage.run(**settings)
    return stage


def died(process: Fork) -> bool:
    code = finished(process)
    assert code in {0, -signal.SIGKILL}
    return code != 0


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_a_worker_may_die_at_any_moment_of_a_rewind(
    bootstrap_servers: str, app: str, tmp_path: Path, protocol: str
) -> None:
    """Ten times in a row, at steps and in replays; three applications side by side: waiting for sessions takes time."""

    def chain(number: int) -> list[str]:
        chance = Random(f"{protocol} {number}")
        settings = pace(protocol, (40, 150, 20_000)[number])
        stage = lived(bootstrap_servers, f"{app}-{number}", tmp_path / str(number), **settings)
        commands: list[Command] = []
        deaths = 0
        points = [chance.choice(POINTS) for _ in range(DEATHS)]
        while deaths < DEATHS:
            if not commands or "done" in rewinds.outcomes(stage, commands[-1]):
                commands.append(rewinds.ask(stage, 0, chance.choice(rewinds.targets(stage, 0)[:10])))
            point = points[deaths]
            if point in IN_A_RESTORE:
                shutil.rmtree(stage.state_dir)
            times = 1 if point in IN_A_RESTORE else chance.randint(1, 20)
            deaths += died(crashing.start(stage, Plan(point, times), **settings))
        assert not died(crashing.start(stage, **settings))
        stage.settle()
        assert [["accepted", "back", "done"]] * len(commands) == [rewinds.outcomes(stage, each) for each in commands]
        return [*rewinds.broken(stage), *map(str, rewinds.left_over(stage))]

    with ThreadPoolExecutor() as threads:
        assert [[], [], []] == list(threads.map(chain, range(3)))


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_a_task_may_move_between_steps_and_in_the_replay(
    bootstrap_servers: str, app: str, tmp_path: Path, protocol: str
) -> None:
    """A second worker joins while the first is at it, and the first leaves while the second is."""
    settings = {**pace(protocol, 10), "batch_records_max": 3}
    stage = lived(bootstrap_servers, app, tmp_path, **settings)
    commands = [rewinds.ask(stage, number, rewinds.targets(stage, number)[0]) for number in range(stage.partitions)]

    with stage.running(instance="w0", **settings) as first:
        wait_until(lambda: steps(stage, 0) > 2, "the first is at it")
        with stage.running(instance="w1", **settings):
            wait_until(lambda: bool(tasks(stage, "w1")), "the second has one of them")
            (number,) = tasks(stage, "w1")
            moved_at = steps(stage, number)
            wait_until(lambda: steps(stage, number) > moved_at + 2, "the second is at it")
            assert ["accepted"] == rewinds.outcomes(stage, commands[number])
            with stage.running(instance="w2", **settings) as third:
                wait_until(lambda: "back" in rewinds.outcomes(stage, commands[number]), "the replay begins")
                third.stop.set()
                third.ends()
            first.stop.set()
            first.ends()
            assert ["done", "done"] == [rewinds.ended(stage, command).outcome for command in commands]

    stage.run()
    assert [["accepted", "back", "done"]] * 2 == [rewinds.outcomes(stage, command) for command in commands]
    assert [] == [*rewinds.broken(stage), *rewinds.left_over(stage)]


def steps(stage: Stage, number: int) -> int:
    return sum(each.marker.rewound_to is not None for each in rewinds.journal(stage, number))
