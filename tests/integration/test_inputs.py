"""A replay is read by a consumer of its own: whatever it has fetched ahead, the others do not wait for."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.integration import rewinds
from tests.integration.counting_stage import Stage
from tests.integration.counting_topology import SOURCES
from tests.integration.installation import wait_until
from tests.integration.records import Outgoing, Servers, send
from topologies.operations.doors import Doors
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.inputs import Inputs, Membership
from topologies.runtime.kafka.polled import Partition

RECORDS = 300
NOW_MS = time.time_ns() // 1_000_000


@pytest.fixture
def name(servers: Servers, topic: Callable[[str], str]) -> str:
    """A topic of two partitions with as many records each."""
    made = topic("calls")
    admin = AdminClient(servers)
    admin.create_topics([NewTopic(made, 2, 1)])[made].result(30)
    send(servers, [Outgoing(made, b"", b"", NOW_MS, partition=n % 2) for n in range(2 * RECORDS)])
    return made


def inputs_of(stage: Stage) -> list[str]:
    return [stage.topic(each) for each in SOURCES]


class Reading:
    """Inputs of one worker, and what it has read of each partition, in order."""

    def __init__(self, inputs: Inputs, assigned: set[Partition]) -> None:
        self.inputs = inputs
        self.assigned = assigned
        self.read: dict[Partition, list[int]] = {}
        self.ends: dict[Partition, int] = {}

    def poll(self, records_max: int = 1_000) -> None:
        polled = self.inputs.poll(0.05, records_max)
        assert [] == polled.traps
        for each in polled.messages:
            self.read.setdefault((str(each.topic()), each.partition() or 0), []).append(each.offset() or 0)
        self.ends |= {(each.topic, each.partition): each.offset for each in polled.ends}

    def until(self, is_so: Callable[[], bool], records_max: int = 1_000) -> None:
        def look() -> bool:
            self.poll(records_max)
            return is_so()

        wait_until(look)

    def start(self, offsets: dict[Partition, int], apart: list[Partition]) -> None:
        self.until(lambda: self.inputs.start(offsets, apart))


@pytest.fixture
def reading(bootstrap_servers: str, app: str, name: str) -> Iterator[Reading]:
    """A member of the group that has got both partitions."""
    assigned: set[Partition] = set()
    inputs = Inputs(
        Cluster(bootstrap_servers, {}, app),
        Membership(app, "consumer", None),
        queued_bytes_max=1 << 20,
        on_assigned=assigned.update,
        on_revoked=assigned.difference_update,
        on_lost=assigned.difference_update,
    )
    with closing(inputs):
        inputs.subscribe([name])
        made = Reading(inputs, assigned)
        made.until(lambda: len(assigned) == 2)
        yield made


def test_a_replay_and_the_others_come_each_from_where_it_was_told(reading: Reading, name: str) -> None:
    replay, other = (name, 0), (name, 1)

    reading.start({replay: 100, other: 200}, [replay])
    reading.until(lambda: reading.ends.keys() == {replay, other})

    assert {replay: list(range(100, RECORDS)), other: list(range(200, RECORDS))} == reading.read
    assert {replay: RECORDS, other: RECORDS} == reading.ends


def test_behind_the_replay_the_group_reads_on(reading: Reading, servers: Servers, name: str) -> None:
    replay = (name, 0)
    reading.start({replay: 250}, [replay])
    reading.until(lambda: replay in reading.ends)

    reading.inputs.pause([replay])
    reading.start({replay: RECORDS}, [])
    send(servers, [Outgoing(name, b"", b"", NOW_MS, partition=0)])
    reading.until(lambda: len(reading.read[replay]) > 50)

    assert list(range(250, RECORDS + 1)) == reading.read[replay]
    assert RECORDS + 1 == reading.inputs.known_end(replay)


def test_a_stretch_follows_a_stretch(reading: Reading, name: str) -> None:
    """As after each failure: paused, and told anew from where."""
    replay = (name, 0)
    for begin in (0, 40, 40, 290):
        reading.start({replay: begin}, [replay])
        reading.ends.clear()
        reading.until(lambda: replay in reading.ends)
        reading.inputs.pause([replay])

    whole = range(RECORDS)
    assert [*whole, *whole[40:], *whole[40:], *whole[290:]] == reading.read[replay]


def test_a_paused_replay_rests_while_the_others_go_on(reading: Reading, servers: Servers, name: str) -> None:
    replay, other = (name, 0), (name, 1)
    reading.start({replay: 0, other: 0}, [replay])
    reading.until(lambda: replay in reading.read, records_max=1)

    reading.inputs.pause([replay])
    before = len(reading.read[replay])
    reading.until(lambda: reading.ends.get(other) == RECORDS)
    send(servers, [Outgoing(name, b"", b"", NOW_MS, partition=1)])
    reading.until(lambda: reading.ends.get(other) == RECORDS + 1)

    assert before == len(reading.read[replay]) < RECORDS
    reading.inputs.resume([replay])
    reading.until(lambda: replay in reading.ends)
    assert list(range(RECORDS)) == reading.read[replay]


def test_who_loses_a_replay_reads_it_no_more(reading: Reading, name: str) -> None:
    replay, other = (name, 0), (name, 1)
    reading.start({replay: 0, other: 0}, [replay])
    reading.until(lambda: replay in reading.read, records_max=1)

    reading.inputs.rejoin()
    assert set() == reading.assigned
    before = len(reading.read[replay])
    reading.until(lambda: len(reading.assigned) == 2)
    reading.start({other: 0}, [])
    reading.ends.clear()
    reading.until(lambda: other in reading.ends)

    assert before == len(reading.read[replay])


def test_only_what_is_replayed_is_read_apart_and_only_as_long_as_it_is(stage: Stage) -> None:
    started: list[tuple[set[Partition], set[Partition]]] = []

    class Watched(Inputs):
        def start(self, offsets: Mapping[Partition, int], apart: Iterable[Partition] = ()) -> bool:
            is_started = super().start(offsets, (which := set(apart)))
            if is_started:
                started.append((set(offsets), which))
            return is_started

    stage.processed()
    with stage.running(doors=Doors(inputs=Watched), batch_records_max=40):
        answer = rewinds.ended(stage, rewinds.ask(stage, 0, rewinds.targets(stage, 0)[0]))
        wait_until(lambda: started[-1] == ({(each, 0) for each in (*inputs_of(stage), stage.control)}, set()))

    assert "done" == answer.outcome
    replayed = [which for _, which in started if which]
    assert replayed
    assert all({(each, 0) for each in inputs_of(stage)} == which for which in replayed)
