"""Another release takes over: it reads what was written, and is refused by what it cannot read."""

import pytest

from tests.integration import rewinds
from tests.integration.counting import topology, truth
from tests.integration.counting_stage import Stage
from topologies.runtime.journal import marker

FEW = 40


def test_a_newer_release_takes_back_what_an_older_one_did_and_no_older_one_goes_on(stage: Stage) -> None:
    """With the older one's state directory; what it had written comes back from the journal as it was."""
    newer = topology(stage.app, row_version=2)
    sent = stage.records(0)
    stage.send(sent)
    assert [] == stage.run(batch_records_max=FEW).halted
    sent += stage.records(1)
    stage.send(sent[300:])
    assert [] == stage.run(topology_=newer, batch_records_max=FEW).halted

    commands = [rewinds.ask(stage, number, rewinds.targets(stage, number)[0]) for number in range(stage.partitions)]
    assert [] == stage.run(topology_=newer).halted

    for command in commands:
        answer = rewinds.ended(stage, command)
        assert ("done", set()) == (answer.outcome, {"added", "changed", "vanished"} & set(answer.counts)), answer
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))
    assert [] == rewinds.left_over(stage)

    stage.send(stage.records(2))
    halted = stage.run().halted
    assert [True, True] == [
        "written by a newer release: row version 2, this release reads up to 1" in w for w in halted
    ]
    assert [] == stage.run(topology_=newer).halted


def test_a_journal_of_a_newer_release_is_not_gone_back_into(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.processed()
    target = rewinds.targets(stage, 0)[0] if rewinds.targets(stage, 0) else rewinds.journal(stage, 0)[0]
    with monkeypatch.context() as later:
        later.setattr(marker, "VERSION", marker.VERSION + 1)
        stage.processed(1)

    command = rewinds.ask(stage, 0, target)
    assert [] == stage.run().halted

    answer = rewinds.ended(stage, command)
    assert ("refused", True) == (answer.outcome, "the journal was written by a newer release" in answer.why)
    assert [] == rewinds.left_over(stage)
