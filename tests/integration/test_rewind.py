"""Rewinds by the workers themselves, on the real broker: what happened in whatever order happens again in the same."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.integration import rewinds
from tests.integration.counting import Sent, topology, traffic
from tests.integration.counting_stage import Stage, wait_until
from tests.integration.counting_topology import SOURCES
from tests.integration.test_traps import FOREVER
from topologies.operations.running import Run
from topologies.runtime.rewinding import scan

DOING = {
    "break": 8,
    "refuse": 8,
    "undecodable": 4,
    "break later": 8,
    "much later": 20,
    "stray": 6,
    "far ahead": 4,
    "large event": 2,
}
DAY_MS = 24 * 3_600_000


def history(seed: int, count: int, begin: int) -> list[Sent]:
    """Records of all kinds: late ones, ones in the wrong partition, one far ahead of the clock."""
    chance = Random(seed)
    sent = []
    for each in traffic(seed, count, begin, keys=8, doing=DOING):
        time = each.time - chance.choice((0, 0, 0, 0, 3_000))
        if each.do == "far ahead":
            time += DAY_MS
        stray = 1 - each.place(2) if each.do == "stray" else None
        sent.append(each._replace(time=time, partition=stray, do="" if each.do == "stray" else each.do))
    return sent


def in_bursts(chance: Random, sent: Sequence[Sent]) -> Iterator[list[Sent]]:
    """Each source in its own order, some of one or more, and then some of others."""
    lanes = [[each for each in sent if each.source == source] for source in SOURCES]
    while lanes := [lane for lane in lanes if lane]:
        burst = []
        for lane in chance.sample(lanes, chance.randint(1, len(lanes))):
            count = chance.choice((1, 3, 20, 60))
            burst += lane[:count]
            del lane[:count]
        yield burst


def settled(stage: Stage) -> bool:
    """Whether everything was taken, and no timer is left."""
    at_end = all(stage.is_at_end(number) for number in range(stage.partitions))
    return at_end and not any(b"timer" in key for _, key in stage.state_rows())


@pytest.fixture
def wild(bootstrap_servers: str, app: str, state_dir: Path) -> Stage:
    """Topics that take records of any time."""
    made = Stage(bootstrap_servers, app, state_dir)
    made.create(**dict.fromkeys(SOURCES, FOREVER))
    return made


HURRIED: dict[str, Any] = {"expiry_grace": 0, "max_task_idle": 0}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_came_in_whatever_order_a_replay_tells_nothing_new(
    wild: Stage, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while records go on to flow; again and again, each time with other sizes of batches and steps."""
    chance = Random(seed)
    monkeypatch.setattr(scan, "CUTS_MAX", chance.choice((3, 10, 5_000)))
    bursts = in_bursts(chance, history(seed, 900, wild.begin))
    of = topology(wild.app, wall_clock=True)
    commands = []
    for step_rows in (1, 50, 20_000):
        pace: dict[str, Any] = {"batch_records_max": chance.choice((7, 40, 5_000)), "rewind_step_rows": step_rows}
        with wild.running(topology_=of, **HURRIED, **pace):
            for _ in range(chance.randint(4, 12)):
                wild.send(next(bursts, []))
                if chance.random() < 0.3:
                    wait_until(lambda: settled(wild), "all is taken")
            number = chance.randrange(wild.partitions)
            command = rewinds.ask(wild, number, chance.choice(rewinds.some_targets(wild, number)))
            wild.send(next(bursts, []))
            answer = rewinds.ended(wild, command)
            commands.append((command.target, step_rows, answer))
            assert "done" == answer.outcome, answer
            assert {"added", "changed", "vanished"}.isdisjoint(answer.counts), answer

    wild.run(topology_=of, **HURRIED)
    assert [] == rewinds.broken(wild), commands
    assert [] == rewinds.left_over(wild)


@pytest.fixture
def lived(stage: Stage) -> Stage:
    """A stage with two lives behind it, in small batches."""
    for life in range(2):
        stage.send(stage.records(life))
        stage.run(batch_records_max=40)
    return stage


@pytest.mark.parametrize(
    ("emit", "expected"),
    [
        pytest.param("delta", {}, id="only news"),
        pytest.param("all", {b"again"}, id="everything again"),
        pytest.param("none", {}, id="nothing"),
    ],
)
def test_what_the_crm_hears_of_a_replay(lived: Stage, emit: str, expected: set[bytes]) -> None:
    before = lived.read(lived.events)
    target, *behind = rewinds.present(rewinds.journal(lived, 0))[-12:]
    again = sorted((each.key, each.id) for commit in behind for each in commit.marker.heard if each.key)

    command = rewinds.ask(lived, 0, target, emit=emit)
    lived.run()

    assert ["accepted", "back", "done"] == rewinds.outcomes(lived, command)
    assert {"same": len(again)}.items() <= rewinds.answers(lived, command)[-1].counts.items()
    old = {(each.partition, each.offset) for each in before}
    new = [each for each in lived.read(lived.events) if (each.partition, each.offset) not in old]
    assert (again if expected else []) == sorted((e.key.decode(), e.headers["event-id"].decode()) for e in new)
    assert {bytes(each.headers["replay"]) for each in new} == set(expected)
    assert [] == rewinds.broken(lived, is_delta=emit == "delta")
    assert [] == rewinds.differences(lived, command)


@pytest.mark.parametrize("do", ["large event", "large row", "large later", "huge number", "large undecodable"])
def test_what_could_not_be_written_is_a_dead_letter_again_and_not_told_twice(stage: Stage, do: str) -> None:
    sent = traffic(2, 300, stage.begin)
    for at in (100, 200, 201):
        sent[at] = sent[at]._replace(do=do)
    stage.send(sent)
    stage.run(batch_records_max=30)

    commands = [rewinds.ask(stage, number, rewinds.targets(stage, number)[0]) for number in range(stage.partitions)]
    stage.run(batch_records_max=50)

    assert [["accepted", "back", "done"]] * 2 == [rewinds.outcomes(stage, command) for command in commands]
    assert [] == rewinds.broken(stage)


def test_what_could_not_be_written_does_not_stop_a_rewind_that_sends_nothing(stage: Stage) -> None:
    """An event that is not sent may be as large as it likes; a row is written all the same."""
    sent = traffic(2, 300, stage.begin)
    for at, do in ((100, "large event"), (150, "large row"), (200, "large later")):
        sent[at] = sent[at]._replace(do=do)
    stage.send(sent)
    stage.run(batch_records_max=30)
    before = len(stage.read(stage.events)), len(stage.read(stage.dead_letters))

    targets = [rewinds.targets(stage, number)[0] for number in range(stage.partitions)]
    commands = [rewinds.ask(stage, number, target, emit="none") for number, target in enumerate(targets)]
    stage.run(batch_records_max=50)

    assert [["accepted", "back", "done"]] * 2 == [rewinds.outcomes(stage, command) for command in commands]
    assert before == (len(stage.read(stage.events)), len(stage.read(stage.dead_letters)))
    assert [] == rewinds.left_over(stage)


def test_a_rewind_may_go_into_the_replay_of_another(lived: Stage) -> None:
    rewinds.ask(lived, 0, rewinds.targets(lived, 0)[2])
    lived.run(batch_records_max=25)
    replayed = [each for each in rewinds.targets(lived, 0) if each.marker.rewind]

    for target in (replayed[len(replayed) // 2], rewinds.targets(lived, 0)[1]):
        command = rewinds.ask(lived, 0, target)
        lived.run(batch_records_max=25, rewind_step_rows=60)
        assert "done" == rewinds.ended(lived, command).outcome

    assert [] == rewinds.broken(lived)


def test_two_tasks_of_a_worker_may_rewind_at_the_same_time(lived: Stage) -> None:
    commands = [rewinds.ask(lived, number, rewinds.targets(lived, number)[0]) for number in range(lived.partitions)]

    lived.run(rewind_step_rows=30)

    assert ["done", "done"] == [rewinds.ended(lived, command).outcome for command in commands]
    assert [] == rewinds.broken(lived)


def test_draining_ends_when_the_replay_has_ended(lived: Stage) -> None:
    lived.send(lived.records(2))
    command = rewinds.ask(lived, 0, rewinds.targets(lived, 0)[0])

    report = lived.run(how=Run(drain=True), batch_records_max=20)

    assert ([], "done") == (report.halted, rewinds.ended(lived, command).outcome)
    assert [True, True] == [lived.is_at_end(number) for number in range(2)]
    assert [] == rewinds.broken(lived)
