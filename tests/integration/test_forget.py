"""A player is forgotten: nothing comes back, nobody else notices, and records that come later are a new life."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.integration import crashing, forgets, rewinds
from tests.integration.counting import Sent, topology
from tests.integration.counting_stage import Stage, clock, wait_until
from tests.integration.crashing import IN_A_RESTORE, POINTS, Plan
from tests.integration.test_exactly_once import QUICK, finished
from topologies.operations.rewind.offline import Outside
from topologies.runtime.journal.record import is_image, owner

PLAYER = "player-3"
UNIQUE = "kWm-Qz7Xv_T3rB9yLd5Jh2Nf"
"""In a row of the player, and such that no compression changes it."""

FEW: dict[str, Any] = {"batch_records_max": 40}


def life(stage: Stage, number: int) -> list[Sent]:
    """Records of which some of the player's are refused, or wait for long."""
    chance = Random(number)
    deeds = ("", "", "", "break", "refuse", "undecodable", "much later", "break later")
    return [
        each._replace(do=chance.choice(deeds)) if each.key == PLAYER else each for each in stage.records(number, 400)
    ]


@pytest.fixture
def lived(stage: Stage) -> Stage:
    """Two lives, in small batches."""
    for number in range(2):
        stage.send(life(stage, number))
        assert [] == stage.run(**FEW).halted
    last = Sent("bets", PLAYER, 10_001, stage.begin + 15_000, f"{UNIQUE} later")
    stage.send([last])
    assert [] == stage.run().halted
    assert {b"count", b"next"} <= {key.split(b"\0")[1] for key in forgets.rows(stage, PLAYER)}
    assert any(b"timer" in key for key in forgets.rows(stage, PLAYER))
    return stage


def rewound(stage: Stage, target: int = 0) -> None:
    """Take the player's task back, to the earliest commit or another, and let it come forth again."""
    number = forgets.partition(stage, PLAYER)
    command = rewinds.ask(stage, number, rewinds.targets(stage, number)[target])
    assert [] == stage.run(batch_records_max=70, rewind_step_rows=100).halted
    answer = rewinds.ended(stage, command)
    assert "done" == answer.outcome, answer
    assert set() == {"added", "changed", "vanished"} & set(answer.counts), rewinds.differences(stage, command)


def test_every_row_goes_and_no_rewind_brings_anything_back(lived: Stage) -> None:
    number = forgets.partition(lived, PLAYER)
    own, others = forgets.any_rows(lived, PLAYER), forgets.others(lived, PLAYER)
    told = lived.read(lived.events)
    assert UNIQUE.encode() in forgets.files(lived)
    behind = lived.ends(lived.journal)[number]

    with lived.running(rewind_step_rows=3):
        command = forgets.ask(lived, PLAYER)
        answer = rewinds.ended(lived, command)

    deleted = {name: count for name, count in answer.counts.items() if name != "commit"}
    assert ("done", len(own)) == (answer.outcome, sum(deleted.values()))
    assert {"count": 1, "next": 1, "timer": sum(b"timer" in key for key in own)}.items() <= deleted.items()
    assert [] == forgets.any_rows(lived, PLAYER)
    assert UNIQUE.encode() not in forgets.files(lived)
    images = [each for each in lived.read(lived.journal) if each.partition == number and each.offset >= behind]
    assert {None} == {each.value for each in images if is_image(each.key) and owner(each.key) == PLAYER.encode()}
    assert PLAYER.encode() not in b"".join(each.value or b"" for each in lived.read(lived.control))

    for target in (0, -1):
        rewound(lived, target)
        assert [] == forgets.any_rows(lived, PLAYER)
    assert others == forgets.others(lived, PLAYER)
    assert told == lived.read(lived.events)
    assert [] == rewinds.left_over(lived)


def test_what_comes_later_is_a_new_life_which_a_rewind_repeats_alone(lived: Stage) -> None:
    command = forgets.ask(lived, PLAYER)
    lived.run(**FEW)
    old = forgets.events(lived, PLAYER)
    lived.send([each for each in life(lived, 2) if each.key != PLAYER or not each.do])
    lived.run(**FEW)

    own, others = forgets.rows(lived, PLAYER), forgets.others(lived, PLAYER)
    new = forgets.events(lived, PLAYER)[len(old) :]
    assert "done" == rewinds.ended(lived, command).outcome
    assert 1 == min(json.loads(value or b"")["n"] for _, value in new)

    for target in (0, -3):
        rewound(lived, target)
        assert own == forgets.rows(lived, PLAYER)
    assert others == forgets.others(lived, PLAYER)
    assert [*old, *new] == forgets.events(lived, PLAYER)

    again = forgets.ask(lived, PLAYER)
    lived.run(**FEW)
    assert "done" == rewinds.ended(lived, again).outcome
    rewound(lived)
    assert [] == forgets.any_rows(lived, PLAYER)
    assert [*old, *new] == forgets.events(lived, PLAYER)


def test_a_dead_letter_of_before_that_is_sent_again_is_passed_over(lived: Stage) -> None:
    letter = next(each for each in lived.read(lived.dead_letters) if each.key == PLAYER.encode() and each.value)
    seen = letter.headers["dead-letter.first-seen"]
    command = forgets.ask(lived, PLAYER)
    lived.run(**FEW)
    number, later = forgets.partition(lived, PLAYER), int(seen) + 10 * rewinds.MINUTE_MS
    producer = lived.producer()
    record = json.dumps({"n": 20_001, "do": ""}).encode()
    for again, first_seen in ((record, seen), (b"still undecodable", seen), (record, b"%d" % later)):
        headers: dict[str, str | bytes | None] = {"dead-letter.first-seen": first_seen, "dead-letter.attempt": b"2"}
        producer.produce(
            lived.topic("bets"), again, PLAYER.encode(), number, headers=headers, timestamp=lived.begin + 16_000
        )
    assert 0 == producer.flush(30)
    before, letters = forgets.events(lived, PLAYER), lived.read(lived.dead_letters)

    lived.run()

    assert "done" == rewinds.ended(lived, command).outcome
    (event,) = forgets.events(lived, PLAYER)[len(before) :]
    assert 1 == json.loads(event[1] or b"")["n"]
    rewound(lived)
    assert 1 == len(forgets.events(lived, PLAYER)) - len(before)
    assert letters == lived.read(lived.dead_letters), "what it holds would be kept anew"


def test_a_time_that_is_no_time_of_ours_is_none(lived: Stage) -> None:
    """Whoever may write to an input sends any header."""
    command = forgets.ask(lived, PLAYER)
    lived.run(**FEW)
    producer = lived.producer()
    for n, first_seen in enumerate((b"9" * 5000, b"", b"-1", b"soon", b"9" * 19)):
        value = json.dumps({"n": 20_001 + n, "do": ""}).encode()
        producer.produce(
            lived.topic("bets"),
            value,
            PLAYER.encode(),
            forgets.partition(lived, PLAYER),
            headers={"dead-letter.first-seen": first_seen},
            timestamp=lived.begin + 16_000,
        )
    assert 0 == producer.flush(30)

    assert [] == lived.run().halted

    assert "done" == rewinds.ended(lived, command).outcome
    told = {event_id for event_id, _ in forgets.events(lived, PLAYER)}
    assert {f"{20_001 + n}" for n in range(5)} <= told, told


@pytest.fixture
def outside(lived: Stage, tmp_path: Path) -> Iterator[Callable[..., Outside]]:
    with ExitStack() as opened:
        yield lambda **settings: Outside(
            topology(lived.app), lived.settings(**settings), Path(mkdtemp(dir=tmp_path)), clock, opened
        )


def test_without_workers_the_tool_does_it_and_their_files_follow(lived: Stage, outside: Callable[..., Outside]) -> None:
    others = forgets.others(lived, PLAYER)
    command = forgets.ask(lived, PLAYER)

    answers = outside(rewind_step_rows=2).forget(forgets.partition(lived, PLAYER), command)

    assert ["done"] == [each.outcome for each in answers]
    assert ["accepted", "done"] == rewinds.outcomes(lived, command)
    assert [] == forgets.any_rows(lived, PLAYER)
    assert UNIQUE.encode() in forgets.files(lived)
    lived.run()
    assert ["accepted", "done"] == rewinds.outcomes(lived, command)
    assert UNIQUE.encode() not in b"".join(each.read_bytes() for each in lived.store_dir().iterdir() if each.is_file())
    rewound(lived)
    assert ([], others) == (forgets.any_rows(lived, PLAYER), forgets.others(lived, PLAYER))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"deadline_ms": 1}, ["expired"], id="too late"),
        pytest.param({"salt_offset": 0}, ["accepted", "refused"], id="no salt there"),
    ],
)
def test_what_cannot_be_done_changes_nothing(stage: Stage, changes: dict[str, int], expected: list[str]) -> None:
    stage.processed()
    before = forgets.rows(stage, PLAYER)
    command = forgets.ask(stage, PLAYER, **changes)

    stage.run()

    assert (expected, before) == (rewinds.outcomes(stage, command), forgets.rows(stage, PLAYER))


def test_during_a_rewind_of_the_partition_it_is_refused(lived: Stage) -> None:
    number = forgets.partition(lived, PLAYER)
    rewind = rewinds.ask(lived, number, rewinds.targets(lived, number)[0])
    with lived.running(batch_records_max=3):
        wait_until(lambda: "back" in rewinds.outcomes(lived, rewind), "the replay begins")
        command = forgets.ask(lived, PLAYER)
        answer = rewinds.ended(lived, command)
        rewinds.ended(lived, rewind)

    assert ("refused", True) == (answer.outcome, rewind.id in answer.why)
    assert forgets.rows(lived, PLAYER)


def test_a_worker_may_die_at_any_moment_of_it(lived: Stage) -> None:
    chance = Random(7)
    settings: dict[str, Any] = {
        "rewind_step_rows": 2,
        "batch_records_max": 15,
        **QUICK["classic"],
        "group_protocol": "classic",
    }
    others = forgets.others(lived, PLAYER)
    command = forgets.ask(lived, PLAYER)
    deaths = 0
    for point in [each for each in POINTS if each != "wiped"]:
        if point in IN_A_RESTORE:
            shutil.rmtree(lived.state_dir)
        plan = Plan(point, 1 if point in IN_A_RESTORE else chance.randint(1, 2))
        deaths += finished(crashing.start(lived, plan, **settings)) != 0

    lived.run(**settings)
    assert deaths > 4
    assert ["accepted", "done"] == rewinds.outcomes(lived, command)
    assert ([], others) == (forgets.any_rows(lived, PLAYER), forgets.others(lived, PLAYER))
    rewound(lived)
    assert ([], others) == (forgets.any_rows(lived, PLAYER), forgets.others(lived, PLAYER))
