"""Ranges of the journal, one after the other by one reader: none passes for another."""

import threading
from itertools import islice
from random import Random

import pytest

from tests.integration.counting_stage import Stage
from topologies.runtime.errors import Unavailable
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.rewinding.journal_reader import JournalReader

RECORDS = 30_000


def reader(stage: Stage, stop: threading.Event) -> JournalReader:
    cluster = Cluster(stage.bootstrap_servers, {}, f"{stage.app}-tool")
    return JournalReader(stage.journal, Reader(cluster), Admin(cluster, 30, stop), stop.is_set)


@pytest.fixture
def written(stage: Stage) -> Stage:
    """A long journal of two partitions."""
    producer = stage.producer()
    for number in range(RECORDS):
        for partition in range(2):
            producer.produce(stage.journal, b"%d" % number, b"%d" % partition, partition)
        producer.poll(0)
    assert producer.flush(30) == 0
    return stage


def test_a_range_is_read_whatever_was_read_before(written: Stage) -> None:
    """Most reads end early, as those of a replay do: much of what was fetched then is still on its way."""
    chance, journal = Random(1), reader(written, threading.Event())
    for _ in range(150):
        partition = chance.randrange(2)
        begin, end = sorted(chance.sample(range(RECORDS), 2))
        count = chance.choice((1, 50, 5_000, end - begin))

        found = list(islice(journal.read(partition, begin, end), count))

        expected = [(n, b"%d" % partition, b"%d" % n) for n in range(begin, min(end, begin + count))]
        assert expected == found
    assert (0, RECORDS) == journal.bounds(0)
    journal.close()


def test_who_is_to_stop_reads_no_more(written: Stage) -> None:
    stop = threading.Event()
    journal = reader(written, stop)
    records = journal.read(0, 0, RECORDS)
    next(records)
    stop.set()

    with pytest.raises(Unavailable, match="stopped"):
        list(records)
    journal.close()
