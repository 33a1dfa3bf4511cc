"""Rewinds by the workers themselves, on the real broker."""

from random import Random

from tests.integration import rewinds
from tests.integration.counting_stage import Stage


def test_a_replay_by_the_same_rules_tells_nothing_new(stage: Stage) -> None:
    for life in range(3):
        stage.send(stage.records(life))
        stage.run(batch_records_max=40)
    before = rewinds.seen(stage)
    chance = Random(1)
    for number in range(stage.partitions):
        target = chance.choice(rewinds.present(stage, number)[:-1])
        command = rewinds.ask(stage, number, target)
        stage.run(batch_records_max=40, rewind_step_rows=100)

        assert ["accepted", "back", "done"] == [each.outcome for each in rewinds.answers(stage, command)]
        assert before == rewinds.seen(stage)
