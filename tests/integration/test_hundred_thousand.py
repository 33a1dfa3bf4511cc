"""A hundred thousand records, through the command line and a real broker, come to what the processors say."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from tests.integration import outputs
from tests.integration.crowd import Laid, crowd
from tests.integration.crowd_stage import (
    CLASSIC,
    PARTITIONS,
    RECORDS,
    SAYING,
    SEED,
    STATIC,
    Sender,
    opened,
    played,
    servers,
    truth_of,
)
from tests.integration.installation import Installation
from tests.integration.scenes import Scene, Show, differences_of


def test_events_dead_letters_and_state_are_what_the_processors_say(
    bootstrap_servers: str, app: str, tmp_path: Path
) -> None:
    laid, wanted = played(SEED, RECORDS)
    croupier = opened(bootstrap_servers, app, tmp_path)
    Sender(croupier).send(laid)

    counts = croupier.drain()

    got = outputs.written(croupier)
    assert [] == outputs.differences(wanted, got), SAYING
    letters = Counter(letter.kind for of in wanted.values() for letter in of.letters)
    told = {"records": len(laid), "events": sum(len(of.events) for of in wanted.values())}
    told |= {f"dead-letter-{kind}": times for kind, times in letters.items()}
    assert told == {name: counts[name] for name in told}, SAYING


def test_although_its_worker_is_killed_wherever_it_hurts(
    bootstrap_servers: str, app: str, tmp_path: Path, record_property: Show
) -> None:
    """A static member of the classic protocol; test_kills.py lets others have it."""
    scene = Scene(RECORDS, 2_000, {**CLASSIC, **STATIC}, ["w"])

    assert [] == differences_of(scene, bootstrap_servers, app, tmp_path, record_property), SAYING


def test_what_sources_have_taken_back_was_never_there(bootstrap_servers: str, app: str, tmp_path: Path) -> None:
    """The sources send in transactions, and abort every third; what was in it comes with the next one."""
    croupier = opened(bootstrap_servers, app, tmp_path)
    laid = list(sent_in_transactions(croupier, Random(SEED), crowd(SEED, 3_000, PARTITIONS)))

    croupier.drain()

    wanted = outputs.expected(truth_of(laid), ends(croupier, laid))
    assert [] == outputs.differences(wanted, outputs.written(croupier)), SAYING


def sent_in_transactions(croupier: Installation, random: Random, laid: Sequence[Laid]) -> Iterator[Laid]:
    """The records as they come to lie between those that were taken back."""
    producer = Producer({**servers(croupier), "transactional.id": f"{croupier.app}-source"})
    producer.init_transactions(30)
    left = iter(laid)
    while some := list(islice(left, random.choice([1, 30, 300]))):
        if random.randrange(3) == 0:
            in_transaction(croupier, producer, some)
            producer.abort_transaction(30)
        offsets = in_transaction(croupier, producer, some)
        producer.commit_transaction(30)
        yield from (record._replace(offset=offset) for record, offset in zip(some, offsets, strict=True))


def in_transaction(croupier: Installation, producer: Producer, laid: Sequence[Laid]) -> list[int]:
    """Send records in a transaction that is left open; their offsets."""
    offsets: dict[int, int] = {}

    def lies(number: int, error: KafkaError | None, message: Message) -> None:
        assert error is None, error
        offsets[number] = message.offset() or 0

    producer.begin_transaction()
    for number, record in enumerate(laid):
        producer.produce(
            croupier.topic(record.topic),
            record.value,
            record.key,
            record.partition,
            timestamp=record.timestamp,
            on_delivery=partial(lies, number),
        )
    assert 0 == producer.flush(30)
    return [offsets[number] for number in range(len(laid))]


def ends(croupier: Installation, laid: Sequence[Laid]) -> outputs.Ends:
    """Behind the last marker."""
    consumer = Consumer({**servers(croupier), "group.id": "reads without a group"})
    found: dict[int, dict[str, int]] = {}
    for topic, partition in {(record.topic, record.partition) for record in laid}:
        _, high = consumer.get_watermark_offsets(TopicPartition(croupier.topic(topic), partition), 30)
        found.setdefault(partition, {})[topic] = high
    consumer.close()
    return found
