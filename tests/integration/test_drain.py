"""A drain that others keep waiting says for what."""

import logging

import pytest

from tests.integration.counting import Sent, topology
from tests.integration.counting_stage import Stage
from topologies.runtime.drain import JOINING_S, TELL_EVERY_S, Drain
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.survey import Surveyor

ADVICE = "what another worker has halted never gets there: its log says why, and Ctrl-C ends this one"


def test_a_drain_says_now_and_then_for_which_partitions_of_others_it_waits(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.send(Sent("bets", "anna", n, stage.begin + n, partition=n % 2) for n in range(3))
    # As if another had not got there.
    assert [] == stage.run().halted
    stage.set_offsets({("bets", 0): 1, ("bets", 1): 0})
    drain = Drain(
        Surveyor(topology(stage.app), stage.app, Admin(Cluster(stage.bootstrap_servers, {}, "t")), "earliest")
    )
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
