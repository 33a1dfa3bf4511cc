"""The order in which inputs are taken, and where they end, on a real broker."""

import logging
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from confluent_kafka import Producer

from tests.integration.counting import SOURCES, Sent, traffic, truth
from tests.integration.counting_stage import Stage, wait_until
from topologies.runtime.partitioning import java_default


def transactional(stage: Stage) -> Producer:
    producer = stage.producer(**{"transactional.id": f"{stage.app}-source"})
    producer.init_transactions(10)
    return producer


# --- ends ---------------------------------------------------------------------------------------------------------


def plain(stage: Stage, sent: list[Sent]) -> list[Sent]:
    stage.send(sent)
    return sent


def behind_markers(stage: Stage, sent: list[Sent]) -> list[Sent]:
    """Each input ends in a marker, that no record tells of."""
    producer = transactional(stage)
    producer.begin_transaction()
    for each in sent:
        stage.produce(producer, each)
    producer.commit_transaction(10)
    return sent


def behind_an_aborted_transaction(stage: Stage, sent: list[Sent]) -> list[Sent]:
    stage.send(sent)
    only_aborted(stage, sent)
    return sent


def only_aborted(stage: Stage, sent: list[Sent]) -> list[Sent]:
    producer = transactional(stage)
    producer.begin_transaction()
    for each in sent:
        stage.produce(producer, each)
    assert 0 == producer.flush(10)
    producer.abort_transaction(10)
    return []


def with_nothing_left(stage: Stage, sent: list[Sent]) -> list[Sent]:
    """Retention has eaten everything before we came."""
    stage.send(sent)
    stage.delete_records({(source, n): -1 for source in SOURCES for n in range(stage.partitions)})
    return []


def one_input_only(stage: Stage, sent: list[Sent]) -> list[Sent]:
    return plain(stage, [each for each in sent if each.source == "bets"])


@pytest.mark.parametrize(
    "end", [plain, behind_markers, behind_an_aborted_transaction, only_aborted, with_nothing_left, one_input_only]
)
def test_draining_ends_wherever_the_inputs_do(stage: Stage, end: Callable[[Stage, list[Sent]], list[Sent]]) -> None:
    """And again, with nothing to do: the offsets that were committed are those of the ends, and not expired ones."""
    sent = end(stage, stage.records(0))

    reports = [stage.run(), stage.run()]

    assert ([len(sent), 0], [[], []]) == (
        [each.counts["records"] for each in reports],
        [each.halted for each in reports],
    )
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions) or stage.written())
    assert [True, True] == [stage.is_at_end(number) for number in range(stage.partitions)]


def test_draining_leaves_alone_what_comes_meanwhile(stage: Stage) -> None:
    """Records behind an open transaction are not there yet; the ends of a drain are those of its beginning."""
    sent = stage.records(0)
    stage.send(sent)
    producer = transactional(stage)
    producer.begin_transaction()
    open_ = stage.records(1)
    for each in open_:
        stage.produce(producer, each)
    assert 0 == producer.flush(10)

    first = stage.run()
    producer.commit_transaction(10)
    second = stage.run()

    assert (300, 300) == (first.counts["records"], second.counts["records"])
    assert [] == stage.differences(truth(sent + open_, stage.app, stage.partitions))


# --- order --------------------------------------------------------------------------------------------------------


def test_the_order_is_kept_while_catching_up_in_small_bites(stage: Stage) -> None:
    """Inputs of very different lengths, some kilobytes at a time; none is at its end, so none is skipped."""
    chance = Random(5)
    sent = [
        each._replace(source=chance.choices(SOURCES, (1, 20, 80))[0])
        for each in traffic(5, 5_000, stage.begin, keys=200)
    ]
    stage.send(sent)

    with stage.running(max_task_idle=0, kafka={"fetch.message.max.bytes": "3000"}):
        wait_until(lambda: all(stage.is_at_end(number) for number in range(stage.partitions)), "all is processed")

    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


def test_one_input_far_ahead_of_the_others_fits_into_little_memory(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """It is paused and resumed, and again; pausing drops what was fetched."""
    caplog.set_level(logging.DEBUG, logger="croupier")
    ahead = [Sent("bets", f"p{n % 50}", n, stage.begin + 100_000 + n) for n in range(3_000)]
    behind = [Sent("orders", f"p{n % 50}", 3_000 + n, stage.begin + n) for n in range(3_000)]
    sent = ahead + behind
    stage.send(sent)

    report = stage.run(fetch_bytes_max=400_000, batch_records_max=100)

    assert 6_000 == report.counts["records"]
    assert [] == stage.differences(truth(sent, stage.app, stage.partitions))


def test_an_open_transaction_of_a_source_is_waited_for(stage: Stage) -> None:
    """Its records are there, and older than the bets: without them the bets would be early. Nobody else waits."""
    keys = {java_default(f"p{n}".encode(), 2): f"p{n}" for n in range(9)}
    older = [Sent("orders", keys[0], n, stage.begin + n) for n in range(5)]
    bets = [Sent("bets", keys[number], 10 + number, stage.begin + 100) for number in (0, 1)]
    producer = transactional(stage)
    producer.begin_transaction()
    for each in older:
        stage.produce(producer, each)
    assert 0 == producer.flush(10)
    stage.send(bets)

    with stage.running(max_task_idle=0):
        wait_until(lambda: stage.events_of("11") == 1, "the bet of the other partition is processed")
        producer.commit_transaction(10)
        wait_until(lambda: stage.events_of("10") == 1, "the bet is processed")

    assert [] == stage.differences(truth(older + bets, stage.app, stage.partitions))


def test_a_silent_input_is_waited_for_only_so_long(stage: Stage) -> None:
    """What it sends afterwards is late, and is processed all the same."""
    bets = [Sent("bets", "p", n, stage.begin + 100 + n) for n in range(10)]
    late = [Sent("orders", "p", 10, stage.begin)]
    stage.send(bets)

    with stage.running(max_task_idle=100):
        wait_until(lambda: stage.events_of("9") == 1, "the bets are processed")
        stage.send(late)
        wait_until(lambda: stage.events_of("10") == 1, "the late order is processed")

    in_order_of_arrival = truth([*bets, late[0]._replace(source="bets")], stage.app, stage.partitions)
    (number,) = in_order_of_arrival
    assert len(in_order_of_arrival[number].events) == len(stage.written()[number].events)


def test_at_equal_times_sources_go_by_their_order(bootstrap_servers: str, app: str, state_dir: Path) -> None:
    stage = Stage(bootstrap_servers, app, state_dir, partitions=1)
    stage.create()
    sent = [Sent(source, "p", n * 3 + k, stage.begin + n) for n in range(30) for k, source in enumerate(SOURCES[::-1])]
    stage.send(sent)

    stage.run()

    order = [
        record.headers["event-id"] for record in stage.read(stage.events) if b"tick" not in record.headers["event-id"]
    ]
    assert [b"%d" % (n * 3 + k) for n in range(30) for k in (2, 1, 0)] == order
