"""Records and timers that break something: each costs itself alone, and everything else goes through once."""

from pathlib import Path

import pytest

from tests.integration.counting import Sent, topology, traffic, truth
from tests.integration.counting_stage import Stage, wait_until
from topologies.runtime.names import own_topics
from topologies.runtime.timers import FRONT_ROWS

BREAKING = {"break": 8, "refuse": 8, "undecodable": 8, "break the decoder": 4, "break later": 8}
FOREVER = {"message.timestamp.after.max.ms": str(2**62)}
DAY_MS = 24 * 3_600_000


def test_whatever_a_record_breaks_costs_that_record_alone(stage: Stage) -> None:
    sent = traffic(1, 2_000, stage.begin, doing=BREAKING)
    strays = [each._replace(partition=1 - each.place(2)) for each in sent[::100]]
    everything = sorted(sent + strays, key=lambda each: each.n)
    stage.send(everything)

    report = stage.run(batch_records_max=300)

    expected = truth(everything, stage.app, stage.partitions)
    assert [] == stage.differences(expected)
    kinds = [kind for of in expected.values() for kind, _ in of.letters]
    assert {"bug", "illegal-transition", "undecodable", "wrong-key"} == set(kinds)
    assert {f"dead-letter-{kind}": kinds.count(kind) for kind in kinds}.items() <= report.counts.items()
    assert (len(everything), sum(len(of.events) for of in expected.values())) == (
        report.counts["records"],
        report.counts["events"],
    )


@pytest.mark.parametrize(
    "do",
    ["large event", "large row", "large later", "huge number", "large undecodable"],
)
def test_what_cannot_be_written_becomes_a_dead_letter(stage: Stage, do: str) -> None:
    """One of them among many, and two in a row: an event, a row, a timer's event, the dead letter itself."""
    sent = traffic(2, 500, stage.begin)
    for at in (100, 300, 301):
        sent[at] = sent[at]._replace(do=do)
    stage.send(sent)

    report = stage.run()

    expected = truth(sent, stage.app, stage.partitions)
    assert [] == stage.differences(expected)
    # What was taken again is counted once.
    events = sum(len(of.events) for of in expected.values())
    letters = sum(times for name, times in report.counts.items() if name.startswith("dead-letter-"))
    assert (len(sent), events, 3) == (report.counts["records"], report.counts["events"], letters)


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param({"batch.size": "10000"}, id="one event too large"),
        pytest.param({}, id="all batches too large"),
    ],
)
def test_what_the_topic_refuses_becomes_a_dead_letter(
    bootstrap_servers: str, app: str, state_dir: Path, properties: dict[str, str]
) -> None:
    """The producer would take it. A producer's batch is refused as a whole: nothing small is lost with it."""
    stage = Stage(bootstrap_servers, app, state_dir)
    stage.create(events={"max.message.bytes": "30000"})
    sent = traffic(3, 600, stage.begin)
    sent[300] = sent[300]._replace(do="heavy event")
    stage.send(sent)

    assert [] == stage.run(kafka=properties).halted

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


@pytest.mark.parametrize("room", ["1", "100"])
def test_a_full_queue_of_the_producer_loses_nothing(stage: Stage, room: str) -> None:
    """`produce_batch` says nothing of rows that found no room, and a commit succeeds without them."""
    sent = traffic(4, 200 if room == "1" else 2_000, stage.begin)
    stage.send(sent)

    stage.run(kafka={"queue.buffering.max.messages": room})

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


def test_a_dead_letter_has_the_sources_own_headers(stage: Stage) -> None:
    producer = stage.producer()
    producer.produce(
        stage.topic("bets"), b"{", b"p", 1, timestamp=stage.begin, headers=[("trace", b"7"), ("empty", None)]
    )
    producer.flush(10)

    stage.run()

    ((partition, _, key, value, headers),) = stage.read(own_topics(stage.app).dead_letters)
    assert (1, b"p", b"{") == (partition, key, value)
    assert stage.begin <= int(headers.pop("dead-letter.first-seen"))
    assert {
        "dead-letter.class": b"undecodable",
        "dead-letter.reason": b"no json",
        "dead-letter.topic": stage.topic("bets").encode(),
        "dead-letter.partition": b"1",
        "dead-letter.offset": b"0",
        "dead-letter.timestamp": b"%d" % stage.begin,
        "dead-letter.attempt": b"1",
        "source.trace": b"7",
        "source.empty": b"",
    } == headers


def test_a_record_far_ahead_neither_moves_time_nor_holds_up_its_input(
    bootstrap_servers: str, app: str, state_dir: Path
) -> None:
    """In its turn by time it would wait for as long as the other inputs have records."""
    stage = Stage(bootstrap_servers, app, state_dir, partitions=1)
    stage.create(bets=FOREVER)
    sent = [
        Sent("bets", "p", 0, stage.begin + DAY_MS, "far ahead"),
        Sent("bets", "p", 1, stage.begin + 1),
        *(Sent(source, "p", n, stage.begin + n) for n in range(2, 20) for source in ("orders", "bonuses")),
    ]
    stage.send(sent)

    # The last record of the inputs that end first waits for more of them, so far as `max_task_idle` goes.
    with stage.running(max_task_idle=600_000):
        wait_until(lambda: stage.events_of("1") == 1, "the bet behind it is processed")

    assert [] == stage.run().halted
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


def test_more_timers_than_are_read_ahead_fire_in_order_over_batches_and_restarts(
    bootstrap_servers: str, app: str, state_dir: Path
) -> None:
    stage = Stage(bootstrap_servers, app, state_dir, partitions=1)
    stage.create()
    late = [Sent("bets", f"p{n % 100}", n, stage.begin + n, "much later") for n in range(2_500)]
    stage.send(late)
    stage.run()
    due = [Sent("bets", "p", 2_500 + n, stage.begin + 200_000 + n) for n in range(7)]
    stage.send(due)

    report = stage.run(batch_records_max=300)

    ticked = report.counts["ticked"]
    assert ticked > 2 * FRONT_ROWS
    assert report.counts["commits"] > ticked / 300
    assert [] == stage.differences(truth(late + due, stage.app, stage.partitions))


# --- timers by the wall clock -------------------------------------------------------------------------------------


def test_draining_fires_no_timer_by_the_wall_clock(stage: Stage) -> None:
    """One task is at its end, with timers that are long due, while the other still has to do."""
    drawn = traffic(6, 2_600, stage.begin)
    short = [each for each in drawn if each.place(2) == 0][:50]
    sent = short + [each for each in drawn if each.place(2) == 1]
    stage.send(sent)

    report = stage.run(topology_=topology(stage.app, wall_clock=True), expiry_grace=0, batch_records_max=10)

    assert report.counts["commits"] > 100, "it has had time to look"
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


def test_timers_fire_by_the_wall_clock_at_the_end_of_the_inputs(stage: Stage) -> None:
    sent = stage.processed()

    with stage.running(topology_=topology(stage.app, wall_clock=True), expiry_grace=0, max_task_idle=100):
        wait_until(lambda: not any(of.timers for of in stage.written().values()), "all have fired")

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions, is_expired=True))


def test_timers_do_not_fire_by_the_wall_clock_while_an_input_has_more(stage: Stage) -> None:
    """What is still to be read may take them back. One task has more to read, the other has not."""
    sent = stage.processed()
    held = stage.producer(**{"transactional.id": stage.app})
    held.init_transactions(10)
    held.begin_transaction()
    stage.produce(held, Sent("orders", "q", 9_999, stage.begin + 500, partition=0))
    assert 0 == held.flush(10)

    with stage.running(topology_=topology(stage.app, wall_clock=True), expiry_grace=0, max_task_idle=100):
        wait_until(lambda: not stage.written()[1].timers, "those of the other task fire")
        assert truth(sent, stage.app, stage.partitions)[0].timers == stage.written()[0].timers
        held.abort_transaction(10)
        wait_until(lambda: not stage.written()[0].timers, "they fire when there is nothing more to read")

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions, is_expired=True))
