"""Recovery when somebody has touched offsets, topics or records: nothing is lost or repeated without a word."""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.integration.counting import truth
from tests.integration.counting_stage import Stage
from topologies.operations.doors import Doors
from topologies.operations.running import Run
from topologies.runtime import restore
from topologies.runtime.errors import Fatal
from topologies.runtime.kafka.polled import Partition, Polled
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.names import STATE


def moved(stage: Stage) -> None:
    stage.set_offsets({("bets", 0): 3})


def forgotten(stage: Stage) -> None:
    for future in stage.admin.delete_consumer_groups([stage.app]).values():
        future.result()


def without_state(stage: Stage) -> None:
    stage.delete(stage.state)
    stage.create_topic("state", STATE)


def with_records_deleted(stage: Stage) -> None:
    stage.delete_records({("bets", 0): stage.ends(stage.topic("bets"))[0]})


def with_another_input(stage: Stage) -> None:
    stage.delete(stage.topic("bets"))
    stage.create_topic("bets", {})


@pytest.mark.parametrize(
    ("touch", "expected", "halted"),
    [
        pytest.param(
            moved,
            [
                "somebody has moved the group's offsets: the state stands at {app}-bets ",
                "the offsets are {app}-bets 3, ",
            ],
            [0],
            id="offsets moved",
        ),
        pytest.param(
            forgotten, ["the offsets are none (they have expired or were deleted)"], [0, 1], id="offsets deleted"
        ),
        pytest.param(
            without_state,
            ["the state stands at no position (there is no state), the offsets are {app}-bets "],
            [0, 1],
            id="state recreated",
        ),
        pytest.param(
            with_records_deleted,
            ["records were deleted before they were processed: {app}-bets is at "],
            [0],
            id="records deleted",
        ),
        # The coordinator has forgotten its offsets, or not yet: both are told.
        pytest.param(with_another_input, ["bets"], [0, 1], id="input recreated"),
    ],
)
def test_a_task_halts_where_records_would_be_lost_or_repeated(
    stage: Stage, touch: Callable[[Stage], None], expected: list[str], halted: list[int]
) -> None:
    """The others go on."""
    stage.processed()
    stage.send(stage.records(1))
    touch(stage)

    report = stage.run()

    told = sorted(report.halted)
    assert halted == [int(why.removeprefix("task ").partition(":")[0]) for why in told]
    assert [[]] * len(told) == [[text for text in expected if text.format(app=stage.app) not in why] for why in told]
    at_end = {number for number in range(stage.partitions) if stage.is_at_end(number)}
    assert {0, 1} - set(halted) == at_end


@pytest.mark.parametrize("touch", [moved, forgotten, without_state, with_records_deleted])
def test_offsets_are_taken_as_they_are_when_told_so(stage: Stage, touch: Callable[[Stage], None]) -> None:
    stage.processed()
    stage.send(stage.records(1))
    touch(stage)

    report = stage.run(how=Run(drain=True, accept_offsets=True))

    assert ([], [True, True]) == (report.halted, [stage.is_at_end(number) for number in (0, 1)])
    assert [] == stage.run().halted, "offsets and state agree from now on"


def test_offsets_beyond_an_input_cannot_be_right(stage: Stage) -> None:
    """Draining would take them for the end of its work."""
    stage.processed()
    stage.set_offsets({("bets", 0): 1_000_000})

    (why,) = stage.run(how=Run(drain=True, accept_offsets=True)).halted

    assert why.startswith(f"task 0: {stage.topic('bets')} is at 1000000, but ends at ")


def test_offsets_beyond_an_input_are_set_by_hand_and_then_accepted(stage: Stage) -> None:
    stage.processed()
    with_another_input(stage)
    again = stage.records(1)
    stage.send(again)
    stage.set_offsets({("bets", 0): 0, ("bets", 1): 0})
    assert 2 == len(stage.run().halted)

    report = stage.run(how=Run(drain=True, accept_offsets=True))

    assert ([], len(again)) == (report.halted, report.counts["records"])


def test_a_state_topic_that_is_deleted_while_it_is_read_is_not_waited_for(
    bootstrap_servers: str, app: str, state_dir: Path
) -> None:
    """The client only says so aside, and no record ever comes."""
    stage = Stage(bootstrap_servers, app, state_dir, partitions=1)
    stage.create()
    stage.processed()
    shutil.rmtree(stage.state_dir)

    class Late(Reader):
        def add(self, positions: Mapping[Partition, int]) -> None:
            if any(topic == stage.state for topic, _ in positions):
                stage.delete(stage.state)
            super().add(positions)

    with pytest.raises(Fatal, match=f"a topic was deleted while it was read: {stage.state}"):
        stage.run(doors=Doors(reader=Late), kafka={"topic.metadata.propagation.max.ms": "1000"})


def test_a_broker_that_did_not_know_a_topic_yet_is_not_believed(stage: Stage) -> None:
    sent = stage.processed()
    shutil.rmtree(stage.state_dir)

    class Misled(Reader):
        def add(self, positions: Mapping[Partition, int]) -> None:
            super().add(positions)
            self._trouble.gone = stage.state

    assert [] == stage.run(doors=Doors(reader=Misled)).halted

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


def test_a_state_of_which_no_more_comes_is_looked_at_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its end may not be where it was: a broker that was behind has become the leader."""
    monkeypatch.setattr(restore, "STALLED_S", 0.5)
    sent = stage.processed()
    shutil.rmtree(stage.state_dir)
    looks: Counter[Partition] = Counter()

    class Deaf(Reader):
        def add(self, positions: Mapping[Partition, int]) -> None:
            looks.update(positions.keys())
            super().add(positions)

        def poll(self, timeout_s: float, records_max: int = 10_000) -> Polled:
            polled = super().poll(timeout_s, records_max)
            messages = [each for each in polled.messages if looks[stage.state, each.partition() or 0] > 1]
            ends = [each for each in polled.ends if looks[stage.state, each.partition] > 1]
            return polled._replace(messages=messages, ends=ends)

    assert [] == stage.run(doors=Doors(reader=Deaf)).halted

    assert "no more of its state comes, looking again: it is at 0 of " in caplog.text
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))
    assert stage.state_rows() == stage.store_rows()
