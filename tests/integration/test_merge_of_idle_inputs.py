"""Inputs that are silent, slow or at their end: a player's order, and no wait longer than its limit.

The worker's clocks stand still until a test moves them, so a limit is exact: nothing happens just before it, and what
is due happens at it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import histories
import pytest
from confluent_kafka import Producer
from samples import MINUTE, NOON, SECOND, bonus_change, wallet_call

from processors.events import timestamp
from processors.facts import BonusChange, WalletCall
from tests.integration import outputs
from tests.integration.crowd import CODEC, EARLIER, PLACES, Laid, crowd
from tests.integration.crowd_stage import PARTITIONS, SAYING, SEED, Sender, opened, servers
from tests.integration.installation import Installation
from tests.integration.truth import truth_in_order
from tests.integration.watched import Clock, Watched, watched
from topologies.intake import record_of
from topologies.operations.running import Run
from topologies.runtime.partitioning import java_default
from topologies.schemas import BONUSES, CALLS

IDLE_S = 0.5
GRACE = 10 * SECOND
BEGIN = NOON - EARLIER

SETTINGS = {"CROUPIER_MAX_TASK_IDLE": "500ms", "CROUPIER_EXPIRY_GRACE": "10s"}

ENDLESS_GRACE = {"CROUPIER_EXPIRY_GRACE": "3650d"}

FEW = 5
"""Rounds; while nothing waits they take their time."""

PLAYER = "p"
PARTITION = java_default(PLAYER.encode(), PARTITIONS)


@pytest.fixture
def croupier(bootstrap_servers: str, app: str, tmp_path: Path) -> Installation:
    return opened(bootstrap_servers, app, tmp_path, SETTINGS)


@pytest.fixture
def clock() -> Clock:
    return Clock(BEGIN)


def test_silent_inputs_hold_up_the_others_for_one_moment(croupier: Installation, clock: Clock) -> None:
    bets = laid(*(bet(second) for second in range(3)))

    with watched(croupier, clock) as worker:
        Sender(croupier).send(bets)
        worker.wait_for(3)
        worker.rest()
        clock.steady_s += IDLE_S - 0.001
        worker.rest()
        assert [] == worker.taken

        clock.steady_s += 0.001
        worker.wait_until(lambda: worker.taken == places(bets))


def test_a_silent_order_topic_does_not_disturb_the_order_of_the_others(croupier: Installation, clock: Clock) -> None:
    random = Random(SEED)
    times = sorted(random.sample(range(10 * MINUTE), 200))
    records = laid(*(bet(at / SECOND) if random.randrange(2) else bonus(at / SECOND) for at in times))

    with watched(croupier, clock) as worker:
        for topic in (BONUSES, CALLS):
            Sender(croupier).send(record for record in records if record.topic == topic)
        worker.wait_for(len(records))
        let_moments_pass(worker)

    assert places(records) == worker.taken, SAYING


def test_a_bonus_topic_that_lags_behind_is_waited_for_without_limit(croupier: Installation, clock: Clock) -> None:
    """Its records are there, in a transaction that is still open: the topic is slow, not at its end."""
    granted = laid(bonus(0, user_bonus_id="b", required=100))
    bets = laid(bet(1, bonus_ref="b", bonus_amount=25), bet(2))

    with watched(croupier, clock) as worker, transaction(croupier, granted) as commit:
        Sender(croupier).send(bets)
        worker.wait_for(len(bets))
        worker.rest()
        clock.steady_s += 3600
        worker.rest()
        assert [] == worker.taken

        commit()
        behind_marker = f"{BONUSES}/{PARTITION}/{len(granted) + 1}"
        worker.wait_until(lambda: worker.taken == places(granted) and behind_marker in worker.ends)
        worker.rest()
        clock.steady_s += IDLE_S
        worker.wait_until(lambda: not waiting(worker))

    assert places([*granted, *bets]) == worker.taken
    told = ["bonus/b/0/Created", "casino/debit/call 1", "bonus/b/0/Ongoing/0", "casino/debit/call 2"]
    assert told == event_ids(croupier)


def test_a_bonus_expires_by_the_wall_clock_when_its_grace_is_over_and_not_before(
    croupier: Installation, clock: Clock
) -> None:
    due = BEGIN + MINUTE
    Sender(croupier).send(laid(bonus(0, user_bonus_id="b", expires_at=due)))

    with watched(croupier, clock) as worker:
        taken_one(worker)
        clock.wall_ms = due + GRACE - 1
        clock.steady_s += 3600
        worker.rest(FEW)
        assert ["bonus/b/0/Created"] == event_ids(croupier)

        clock.wall_ms = due + GRACE
        clock.steady_s += 1
        worker.wait_until(lambda: len(event_ids(croupier)) > 1)

    *_, expired = outputs.written(croupier)[PARTITION].events
    assert ("bonus/b/0/Expired", f"timer/{PARTITION}/{due}", timestamp(due)) == (
        expired.event_id,
        expired.cause,
        expired.payload["timestamp"],
    )


def test_the_wall_clock_ends_nothing_while_an_input_has_more(croupier: Installation, clock: Clock) -> None:
    """A bet from before the end is on its way."""
    due = BEGIN + MINUTE
    Sender(croupier).send(laid(bonus(0, user_bonus_id="b", required=100, expires_at=due)))

    with watched(croupier, clock) as worker:
        taken_one(worker)
        with transaction(croupier, laid(bet(59, bonus_ref="b", bonus_amount=25))) as commit:
            worker.rest(FEW)
            clock.wall_ms = due + 3600 * SECOND
            clock.steady_s += 3600
            worker.rest(FEW)
            assert ["bonus/b/0/Created"] == event_ids(croupier)

            commit()
            worker.wait_for(2)
            let_moments_pass(worker)
            worker.rest(FEW)
            clock.steady_s += 1
            worker.wait_until(lambda: len(event_ids(croupier)) > 3)

    told = ["bonus/b/0/Created", "casino/debit/call 59", "bonus/b/0/Ongoing/0", "bonus/b/0/Expired"]
    assert told == event_ids(croupier)


def test_draining_ends_nothing_by_the_wall_clock(croupier: Installation, clock: Clock) -> None:
    due = BEGIN + MINUTE
    Sender(croupier).send(laid(bonus(0, user_bonus_id="b", expires_at=due)))
    clock.wall_ms = due + 3600 * SECOND

    with watched(croupier, clock, how=Run(drain=True)) as worker:
        worker.wait_until(clock.until_ended(worker))

    assert ["bonus/b/0/Created"] == event_ids(croupier)


def test_whatever_comes_whenever_is_taken_in_the_order_of_time_as_far_as_it_has_come(
    bootstrap_servers: str, app: str, tmp_path: Path
) -> None:
    """Bursts of one topic after the other, now and then: from the order in which they are taken the rest follows."""
    croupier = opened(bootstrap_servers, app, tmp_path, SETTINGS, ENDLESS_GRACE)
    clock = Clock(time.time_ns() // 1_000_000)
    random = Random(SEED)
    records = crowd(SEED, 500, PARTITIONS, poisoned_per_mille=0)
    by_topic = {topic: iter([record for record in records if record.topic == topic]) for topic in PLACES}
    sender = Sender(croupier)

    with watched(croupier, clock) as worker:
        sent = 0
        while sent < len(records):
            burst = list(islice(by_topic[random.choice(PLACES)], random.choice([1, 10, 100])))
            sender.send(burst)
            sent += len(burst)
            worker.wait_for(sent)
            if sent == len(records) or random.randrange(3) == 0:
                let_moments_pass(worker)
            elif random.randrange(2):
                clock.steady_s += IDLE_S / 4

    by_place = {place(record): record for record in records}
    assert [] == out_of_order(worker, by_place), SAYING
    truth = truth_in_order([by_place[each] for each in worker.taken], histories.RULES, histories.rates())
    got = outputs.written(croupier)
    assert [] == outputs.differences(outputs.expected(truth, outputs.ends_of(records)), got), SAYING


def waiting(worker: Watched) -> set[str]:
    """What was fetched and not taken."""
    return {*worker.fetched} - {*worker.taken}


def out_of_order(worker: Watched, by_place: dict[str, Laid]) -> list[str]:
    """Whatever was taken although an earlier record lay there, or before an empty input had had its moment."""
    lanes: dict[tuple[str, int], list[Laid]] = {(topic, number): [] for topic in PLACES for number in range(PARTITIONS)}
    fetched_at_s = dict.fromkeys(lanes, 0.0)
    found = []
    for seen in worker.seen:
        if seen.what == "end":
            continue
        record = by_place[seen.place]
        here = (record.topic, record.partition)
        if seen.what == "fetched":
            lanes[here].append(record)
            fetched_at_s[here] = seen.at_s
            continue
        assert record == lanes[here].pop(0)
        for topic in {*PLACES} - {record.topic}:
            lane = lanes[topic, record.partition]
            if lane and rank(lane[0]) < rank(record):
                found.append(f"{seen.place} before {place(lane[0])}")
            if not lane and seen.at_s < fetched_at_s[topic, record.partition] + IDLE_S:
                found.append(f"{seen.place} before the moment of {topic} was over")
    return found


def rank(record: Laid) -> tuple[int, int]:
    return record.timestamp, PLACES.index(record.topic)


def let_moments_pass(worker: Watched) -> None:
    """Each input can come to its end once, and each end has its moment."""
    for _ in PLACES:
        if waiting(worker):
            worker.rest()
            worker.clock.steady_s += IDLE_S
    worker.wait_until(lambda: not waiting(worker))


def taken_one(worker: Watched) -> None:
    """Let the moment pass that a single record is held up."""
    worker.wait_for(1)
    worker.rest()
    worker.clock.steady_s += IDLE_S
    worker.wait_until(lambda: len(worker.taken) == 1)


def bet(second: float, **said: Any) -> WalletCall:
    call_id = f"call {second:g}"
    return wallet_call(
        BEGIN + round(second * SECOND), **{"player": PLAYER, "call_id": call_id, "round_id": call_id, **said}
    )


def bonus(second: float, **said: Any) -> BonusChange:
    return bonus_change(BEGIN + round(second * SECOND), **{"player": PLAYER, **said})


def laid(*facts: WalletCall | BonusChange) -> list[Laid]:
    """Records as they lie on empty topics."""
    ends: Counter[str] = Counter()
    records = []
    for fact in facts:
        topic, value = record_of(fact)
        encoded = CODEC.encode(topic, value)
        records.append(Laid(topic, PARTITION, ends[topic], fact.at, PLAYER.encode(), encoded, fact))
        ends[topic] += 1
    return records


def place(record: Laid) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"


def places(records: Sequence[Laid]) -> list[str]:
    return [place(record) for record in records]


def event_ids(croupier: Installation) -> list[str]:
    return [record.headers["event-id"].decode() for record in croupier.read(croupier.topic("crm.events"))]


@contextmanager
def transaction(croupier: Installation, records: Sequence[Laid]) -> Iterator[Callable[[], None]]:
    """Records that are on their topics, and can be seen when what this gives is called."""
    producer = Producer({**servers(croupier), "transactional.id": f"{croupier.app}-source"})
    producer.init_transactions(30)
    producer.begin_transaction()
    for record in records:
        topic = croupier.topic(record.topic)
        producer.produce(topic, record.value, record.key, record.partition, timestamp=record.timestamp)
    assert 0 == producer.flush(30)
    yield lambda: producer.commit_transaction(30)
