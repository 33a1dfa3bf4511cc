"""A rule that was wrong, and a rewind with the right one: the report lists what was wrong, the CRM hears the news."""

import dataclasses
import json
from dataclasses import replace
from typing import Any

import pytest

from processors.rows import Rows
from tests.integration import rewinds
from tests.integration.counting import topology
from tests.integration.counting_stage import Stage, wait_until
from topologies.graph import Emit, Result, Tables, Topology
from topologies.runtime.journal.assembly import Commit
from topologies.runtime.rewinding import preparation

KINDS = ("added", "changed", "vanished")
"""Of the events of records whose number modulo ten is 0, 1, 2: the wrong rule forgot, falsified, made up."""


def wrong(app: str) -> Topology:
    """As the right one, but for its events."""
    right = topology(app)

    def step(rows: Rows, fact: Any, cause: str, time: int, tables: Tables) -> Result:
        result = right.step(rows, fact, cause, time, tables)
        if result.dead_letters:
            return result
        (emit,) = result.emits
        wrongly = {0: [], 1: [falsified(emit)], 2: [emit, made_up(emit)]}
        return replace(result, emits=wrongly.get(fact["n"] % 10, [emit]))

    return dataclasses.replace(right, step=step)


def falsified(emit: Emit) -> Emit:
    return replace(emit, value=json.dumps({**json.loads(emit.value), "text": "wrong"}).encode())


def made_up(emit: Emit) -> Emit:
    event_id = f"{emit.event_id}/made-up"
    headers = [(name, event_id.encode() if name == "event-id" else value) for name, value in emit.headers]
    return replace(emit, event_id=event_id, headers=headers)


def touched(stage: Stage, target: Commit) -> list[tuple[str, str]]:
    """What a right rule makes of what a wrong one has said of task 0 behind a commit."""
    behind = [each for each in rewinds.journal(stage, 0) if each.number > target.number]
    said = {each.id for commit in behind for each in commit.marker.heard if each.key}
    (begin,) = {target.marker.inputs[topic] for topic in [stage.topic("bets")]}
    records = [each for each in stage.read(stage.topic("bets")) if each.partition == 0 and each.offset >= begin]
    forgotten = [n for each in records if (n := json.loads(each.value or b"")["n"]) % 10 == 0]
    return sorted(
        [("added", f"{n}") for n in forgotten]
        + [("changed", each) for each in said if each.isdigit() and int(each) % 10 == 1]
        + [("vanished", each) for each in said if each.endswith("made-up")]
    )


@pytest.fixture
def fixed(stage: Stage) -> tuple[Stage, Commit]:
    """A stage whose bets went wrong, and a commit from before most of them."""
    for life in range(2):
        stage.send([each._replace(source="bets") for each in stage.records(life)])
        stage.run(topology_=wrong(stage.app), batch_records_max=40)
    return stage, rewinds.targets(stage, 0)[2]


@pytest.mark.parametrize(("emit", "sent"), [("delta", {"added"}), ("all", {"added", "changed"}), ("none", set())])
def test_the_report_lists_what_was_wrong_and_only_news_is_sent(
    fixed: tuple[Stage, Commit], emit: str, sent: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "SWEEP_ROWS", 7)
    stage, target = fixed
    expected = touched(stage, target)
    assert set(KINDS) == {what for what, _ in expected}
    before = len(stage.read(stage.events))

    command = rewinds.ask(stage, 0, target, emit=emit)
    stage.run(batch_records_max=30)

    assert expected == sorted((what, event) for what, event, _ in rewinds.differences(stage, command))
    assert {(what, what in sent) for what in KINDS} == {
        (what, is_sent) for what, _, is_sent in rewinds.differences(stage, command)
    }
    counts = rewinds.answers(stage, command)[-1].counts
    assert {what: sum(each == what for each, _ in expected) for what in KINDS} == {what: counts[what] for what in KINDS}
    news = [each for each in stage.read(stage.events) if "replay" in each.headers]
    assert len(stage.read(stage.events)) == before + len(news)
    if emit != "all":
        assert sorted(event for what, event in expected if what in sent) == sorted(
            each.headers["event-id"].decode() for each in news
        )
    assert {what.encode() for what in sent} == {each.headers["replay"] for each in news} - {b"again"}


def test_what_was_reported_is_reported_again_until_the_crm_has_heard_it(fixed: tuple[Stage, Commit]) -> None:
    """What was added was heard the first time. What has changed or vanished is still otherwise in the CRM."""
    stage, target = fixed
    expected = [(what, event) for what, event in touched(stage, target) if what != "added"]
    rewinds.ask(stage, 0, target)
    stage.run()

    for _ in range(2):
        command = rewinds.ask(stage, 0, target)
        stage.run()
        assert expected == sorted((what, event) for what, event, _ in rewinds.differences(stage, command))


def test_the_report_is_whole_although_the_journal_is_off_by_then(fixed: tuple[Stage, Commit]) -> None:
    stage, target = fixed
    expected = touched(stage, target)
    command = rewinds.ask(stage, 0, target)

    with stage.running(batch_records_max=3):
        wait_until(lambda: "back" in rewinds.outcomes(stage, command), "the replay begins")
    stage.run(rewind_window=0, batch_records_max=30)

    assert ["accepted", "back", "done"] == rewinds.outcomes(stage, command)
    assert expected == sorted((what, event) for what, event, _ in rewinds.differences(stage, command))
    assert [] == rewinds.left_over(stage)


def test_an_event_that_can_just_be_sent_is_sent(stage: Stage) -> None:
    """Its line in the report would be larger than itself."""
    right = topology(stage.app)

    def step(rows: Rows, fact: Any, cause: str, time: int, tables: Tables) -> Result:
        result = right.step(rows, fact, cause, time, tables)
        value = b'"' * 900_000 if fact["n"] == 50 else None
        return replace(result, emits=[replace(each, value=value or each.value) for each in result.emits])

    stage.send(stage.records(0, 100))
    stage.run(batch_records_max=10)
    commands = [rewinds.ask(stage, number, rewinds.targets(stage, number)[0]) for number in range(stage.partitions)]

    stage.run(topology_=dataclasses.replace(right, step=step))

    found = [line for command in commands for line in rewinds.differences(stage, command)]
    assert [("changed", "50", False)] == found
    assert [] == stage.read(stage.dead_letters)
