"""A drain that others keep waiting says for what."""

import logging

import pytest

from tests.integration.counting import Sent, topology
from tests.integration.counting_stage import Stage
from topologies.runtime.drain import HANDOVER_S, JOINING_S, TELL_EVERY_S, Drain
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.rewinding.control import Answer, Outcome, answer_row
from topologies.runtime.rewinding.journal_reader import JournalReader
from topologies.runtime.rewinding.unfinished import Unfinished
from topologies.runtime.survey import Surveyor

ADVICE = "what another worker has halted never gets there: its log says why, and Ctrl-C ends this one"


def drained(stage: Stage) -> Drain:
    cluster = Cluster(stage.bootstrap_servers, {}, "t")
    admin = Admin(cluster)
    surveyor = Surveyor(topology(stage.app), stage.app, admin, "earliest")
    unfinished = Unfinished(
        stage.control, lambda: JournalReader(stage.control, Reader(cluster), admin, lambda: False), surveyor
    )
    return Drain(surveyor, unfinished)


def answered(stage: Stage, number: int, *outcomes: Outcome) -> None:
    """A worker says what became of a command."""
    producer = stage.producer()
    for outcome in outcomes:
        key, value = answer_row(Answer("r1", outcome, "", 0, {}))
        producer.produce(stage.control, value, key, number)
    assert 0 == producer.flush(30)


def test_a_rewind_that_a_dead_worker_has_not_ended_keeps_a_drain(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Its offsets are all there before its last step, and the group still takes the dead for a member."""
    stage.processed()
    drain, another = drained(stage), drained(stage)
    answered(stage, 1, "accepted", "back")

    waited = [each.is_done({}, {}, at_s) for each in (drain, another) for at_s in (0, JOINING_S)]
    without_the_halted = another.is_done({}, {1: "halted here"}, 2 * JOINING_S)
    answered(stage, 1, "done")
    done = drain.is_done({}, {}, 2 * JOINING_S)
    answered(stage, 0, "accepted")
    for_long = [another.is_done({}, {}, JOINING_S + HANDOVER_S + more_s) for more_s in (-1, JOINING_S)]

    assert ([False] * 4, True, True, [False, True]) == (waited, without_the_halted, done, for_long)
    assert "drained, but a rewind or a deletion is not finished: of tasks 0" in caplog.text


def test_a_drain_says_now_and_then_for_which_partitions_of_others_it_waits(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.send(Sent("bets", "anna", n, stage.begin + n, partition=n % 2) for n in range(3))
    # As if another had not got there.
    assert [] == stage.run().halted
    stage.set_offsets({("bets", 0): 1, ("bets", 1): 0})
    drain = drained(stage)
    caplog.clear()
    asked_at_s = [0, JOINING_S, JOINING_S + TELL_EVERY_S / 2, *(JOINING_S + n * TELL_EVERY_S for n in (1, 2))]

    with caplog.at_level(logging.INFO, "croupier.worker"):
        waited = [drain.is_done({}, {}, at_s) for at_s in asked_at_s]
        stage.set_offsets({("bets", 0): 2})
        without_the_halted = drain.is_done({}, {1: "halted here"}, 60)

    topic = stage.topic("bets")
    said = f"drained here, waiting for others to commit: {topic}/0 is at 1 of 2, {topic}/1 is at 0 of 1. "
    assert [f"{said}{ADVICE}"] * 2 == [
        record.getMessage() for record in caplog.records if record.name == "croupier.worker"
    ]
    assert ([False] * 5, True) == (waited, without_the_halted)
