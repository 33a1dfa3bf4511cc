"""What any release has written is read by this one; and what this one writes is what was kept of it.

When rows, markers or plans are written differently, their version rises, and
`python -m tests.golden` keeps a file of the new bytes beside the old ones.
"""

import json
from pathlib import Path
from typing import Any

import histories
import pytest
from running import run

from processors import player
from tests.golden.written import CODEC, HEAD, NAMED, TIMER, VERSIONS, golden, of_json, window
from topologies.operations.rewind import planned
from topologies.runtime import head
from topologies.runtime.forgetting import row as forgetting
from topologies.runtime.forgetting.row import Forgotten
from topologies.runtime.journal import assembly
from topologies.runtime.journal.record import Record
from topologies.runtime.rewinding import control, row
from topologies.runtime.rewinding.control import Answer, Command, Forget
from topologies.runtime.store import Applied
from topologies.wire import load_json

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.json"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def kept(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a release has written."""
    found: dict[str, Any] = json.loads(request.param.read_text())
    return found


def test_what_this_release_writes_is_kept_and_as_it_was() -> None:
    kept = json.loads((HERE / f"{VERSIONS}.json").read_text())

    ours = json.loads(json.dumps(golden()))
    for name in ("own", "head", "journal", "control", "plan", "applied"):
        assert kept[name] == ours[name], f"{name} is written differently: raise its version"


def test_a_tasks_own_rows_are_read(kept: dict[str, Any]) -> None:
    own = {key: bytes.fromhex(value) for key, value in kept["own"].items()}

    assert HEAD == head.decode(own[head.KEY.decode()], CODEC)
    assert NAMED == head.decode(bytes.fromhex(kept["head"]), CODEC)
    assert 1 == CODEC.decode(TIMER.encode(), own[TIMER])[1]
    rewind = row.decode(own[row.KEY], CODEC)
    assert rewind is not None
    assert ("asked", 7) == (rewind.phase, rewind.command.target)
    assert {"bet": 3} == forgetting.of_row(CODEC.decode(forgetting.KEY.encode(), own[forgetting.KEY])[1]).deleted
    (remembered,) = [key for key in own if key.startswith(forgetting.FORGOTTEN)]
    assert 8 == Forgotten(**CODEC.decode(remembered.encode(), own[remembered])[1]).commit


def test_the_journal_is_read(kept: dict[str, Any]) -> None:
    lines = [("p\0row\x001", ""), *map(tuple, kept["journal"])]
    commits = list(assembly.commits(Record(at, key.encode(), text.encode()) for at, (key, text) in enumerate(lines)))

    assert {8} == {each.number for each in commits}
    assert {("bets", "orders")} == {tuple(each.marker.inputs) for each in commits}
    assert {(1, 2)} == {(len(each.marker.slices), len(each.marker.heard)) for each in commits}


def test_commands_and_answers_are_read(kept: dict[str, Any]) -> None:
    said = [control.decode(each.encode()) for each in kept["control"]]

    assert [Command, Forget, Answer] == [type(each) for each in said]


def test_plans_and_the_stores_marks_are_read(kept: dict[str, Any]) -> None:
    assert 7 == planned.of_fields(load_json(kept["plan"])).plan.commit
    assert 17 == Applied(*load_json(kept["applied"])).offset


def test_players_go_on_from_their_rows_as_if_this_release_had_written_them(kept: dict[str, Any]) -> None:
    players, rules, rates = [of_json(each) for each in kept["players"]], histories.RULES, histories.rates()
    kinds = {key.split("\0")[1] for told in players for key, _ in told.rows}

    assert set(player.ROW_KINDS) <= kinds | NEW_KINDS
    for told in players:
        ours = run(told.before, rules, rates).window
        theirs = window(told.rows, ours.now)
        assert run(told.then, rules, rates, ours).events == run(told.then, rules, rates, theirs).events
        assert ours.timers == theirs.timers


NEW_KINDS: frozenset[str] = frozenset()
"""Kinds of rows that came after a golden file was kept."""
