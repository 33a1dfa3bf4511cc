"""What a rewind would come to, found out without writing anything."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.integration import rewinds
from tests.integration.counting import topology
from tests.integration.counting_stage import Stage, clock
from topologies.graph import Topology
from topologies.operations.errors import Failed
from topologies.operations.rewind.rehearsal import Rehearsal
from topologies.runtime.rewinding.control import Command

Rehearsing = Callable[..., Rehearsal]


@pytest.fixture
def rehearsing(stage: Stage, tmp_path: Path) -> Iterator[Rehearsing]:
    """Makes rehearsals of an installation."""

    def make(of: Topology | None = None) -> Rehearsal:
        return Rehearsal(of or topology(stage.app), stage.settings(), Path(mkdtemp(dir=tmp_path)), clock, opened)

    with ExitStack() as opened:
        yield make


def command(stage: Stage, number: int, back: int) -> Command:
    """A command that nobody is given."""
    target = rewinds.targets(stage, number)[-back]
    return Command("preview", target.number, target.ends_at, "delta", "a test", "", 0, 1 << 60)


def everything(stage: Stage) -> list[object]:
    topics = (stage.state, stage.journal, stage.control, stage.events, stage.dead_letters)
    return [*(stage.ends(topic) for topic in topics), stage.committed()]


def test_the_same_rules_come_to_the_same_and_nothing_is_written(stage: Stage, rehearsing: Rehearsing) -> None:
    stage.send(stage.records(0))
    stage.run(batch_records_max=40)
    before, events = everything(stage), len(stage.read(stage.events))

    rehearsal = rehearsing()
    found = [rehearsal.rehearse(number, command(stage, number, 3)) for number in range(stage.partitions)]

    assert [] == [line for each in found for line in each.differences]
    assert 0 < sum(each.counts["same"] for each in found) < events
    assert before == everything(stage)


def test_a_worker_goes_on_meanwhile(stage: Stage, rehearsing: Rehearsing) -> None:
    stage.send(stage.records(0))
    stage.run(batch_records_max=40)
    with stage.running():
        stage.send(stage.records(1))
        found = rehearsing().rehearse(0, command(stage, 0, 3))

    assert ([], True) == (found.differences, found.counts["same"] > 0)
    assert [] == rewinds.broken(stage)


def test_what_would_be_refused_is_said(stage: Stage, rehearsing: Rehearsing) -> None:
    stage.send(stage.records(0))
    stage.run(batch_records_max=40)
    there = command(stage, 0, 3)

    with pytest.raises(Failed, match=r"partition 0: the journal has commit \d+ at offset \d+, not \d+. plan again"):
        rehearsing().rehearse(0, there._replace(journal_offset=there.journal_offset + 1))
