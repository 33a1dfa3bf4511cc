"""A cluster that is away for a while, refuses us, or changes under our feet."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import NewPartitions

from tests.integration import rewinds
from tests.integration.counting import SOURCES, Sent, topology, truth
from tests.integration.counting_stage import Stage, clock, wait_until
from tests.integration.own_broker import PASSWORD, USER, OwnBroker
from topologies.operations.doors import Doors
from topologies.operations.rewind.offline import Outside
from topologies.operations.running import Run
from topologies.runtime.batch import Batch
from topologies.runtime.beginning import Beginning
from topologies.runtime.errors import Fatal, Misconfigured, Unavailable
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.names import own_topics

pytestmark = pytest.mark.kafka

LONG_S = 60.0

SHORT_S = 5.0
"""What a broker that lives has answered by, on a machine that is busy."""

CLASSIC_ONLY = {"group.coordinator.rebalance.protocols": "classic"}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """As by default: the client's own log says the same again and again."""
    log = logging.getLogger("croupier.kafka")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    yield
    log.setLevel(level)


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    broker = OwnBroker(tmp_path_factory.mktemp("broker") / "home", {})
    yield broker
    broker.end()


@pytest.fixture
def away(own_broker: OwnBroker, app: str, state_dir: Path) -> Stage:
    """A stage on a broker that may go away."""
    made = Stage(own_broker.bootstrap_servers, app, state_dir)
    made.create()
    return made


def sent(stage: Stage, life: int) -> list[Sent]:
    """Records of one source: their order is the same whenever they come."""
    records = [each._replace(source="bets") for each in stage.records(life)]
    stage.send(records)
    return records


def all_committed(stage: Stage) -> bool:
    """Whether the end of every input is reached; not as long as nobody can say."""
    try:
        found = stage.committed()
        ends = {topic: stage.ends(topic) for topic in map(stage.topic, SOURCES)}
    except KafkaException:
        # By itself the admin client goes on asking as if the broker's leadership were the old one.
        stage.admin.list_topics(timeout=LONG_S)
        return False
    return all(found.get((topic, number), -1) >= end for topic, of in ends.items() for number, end in of.items())


def is_at_rest(stage: Stage) -> bool:
    """Whether all is committed, down to the last partition's marker.

    A broker that is killed before does not make up for it: as long as it has not read its own metadata, it takes a
    partition for one that was deleted, and leaves its marker out (KAFKA-5202). Kafka's, not ours to mend.
    """
    own = own_topics(stage.app)
    topics = [stage.topic("events"), own.state, own.journal, own.dead_letters]
    return all_committed(stage) and all(stage.ends(each) == stage.stable_ends(each) for each in topics)


def right(stage: Stage, records: list[Sent]) -> None:
    assert [] == stage.differences(truth(records, stage.app, stage.partitions))


class Gate:
    """A commit that waits half-way until the test has done something."""

    def __init__(self) -> None:
        self._reached, self._go = threading.Event(), threading.Event()

    def doors(self) -> Doors:
        reached, go = self._reached, self._go

        class Gated(Transactions):
            def send_offsets(self, offsets: Mapping[tuple[str, int], int], group_metadata: Any) -> None:
                super().send_offsets(offsets, group_metadata)
                reached.set()
                assert go.wait(LONG_S)

        return Doors(transactions=Gated)

    def reached(self) -> None:
        assert self._reached.wait(LONG_S)

    def open(self) -> None:
        self._go.set()


def test_a_broker_that_says_nothing_for_longer_than_a_transaction_lasts_is_waited_for(
    away: Stage, own_broker: OwnBroker, caplog: pytest.LogCaptureFixture
) -> None:
    records, gate = sent(away, 0), Gate()
    with away.running(transaction_timeout=2_000, doors=gate.doors()) as worker:
        gate.reached()
        with own_broker.stopped():
            gate.open()
            wait_until(lambda: "starting over with a new producer" in caplog.text, "the commit has failed", LONG_S)
        wait_until(lambda: all_committed(away), "it goes on", LONG_S)
    assert [] == worker.ends().halted

    right(away, records)


def test_a_broker_that_is_restarted_is_waited_for_and_the_waiting_said_once(
    away: Stage, own_broker: OwnBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="croupier.worker")
    records = sent(away, 0)
    with away.running() as worker:
        wait_until(lambda: is_at_rest(away), "it works")
        with own_broker.killed():
            wait_until(lambda: "waiting for it" in caplog.text, "it says that nobody is there", LONG_S)
        records += sent(away, 1)
        wait_until(lambda: all_committed(away), "it goes on", LONG_S)
    assert [] == worker.ends().halted

    right(away, records)
    told = [each.getMessage() for each in caplog.records if each.name == "croupier.worker"]
    assert 1 == len([each for each in told if each.startswith("no broker can be reached: ")])
    assert "the cluster answers again" in told


def test_a_cluster_that_is_just_starting_is_waited_for(
    away: Stage, own_broker: OwnBroker, caplog: pytest.LogCaptureFixture
) -> None:
    records = sent(away, 0)
    with ExitStack() as running:
        with own_broker.killed():
            worker = running.enter_context(away.running())
            wait_until(lambda: "waiting for it" in caplog.text, "it says that nobody is there", LONG_S)
        wait_until(lambda: all_committed(away), "it begins", LONG_S)
        worker.stop.set()
        assert [] == worker.ends().halted

    right(away, records)


def test_a_worker_is_stopped_although_nobody_answers(away: Stage, own_broker: OwnBroker) -> None:
    records, gate = sent(away, 0), Gate()
    with away.running(transaction_timeout=2_000, doors=gate.doors()) as worker:
        gate.reached()
        with own_broker.stopped():
            worker.stop.set()
            gate.open()
            assert [] == worker.ends(LONG_S).halted

    assert [] == away.run(instance="another", deadline_s=LONG_S).halted
    right(away, records)


class Unheard(Outside):
    """A tool whose cluster says nothing for a while when it looks what to do next."""

    meanwhile: Callable[[], AbstractContextManager[None]] = nullcontext

    def _prepared(self, number: int, beginning: Beginning) -> Batch:
        with self.meanwhile():
            return super()._prepared(number, beginning)


def test_a_tool_that_takes_back_waits_for_a_cluster_that_says_nothing(
    away: Stage, own_broker: OwnBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records = sent(away, 0)
    away.run(batch_records_max=40)
    command = rewinds.ask(away, 0, rewinds.targets(away, 0)[0])

    @contextmanager
    def silent() -> Iterator[None]:
        with ExitStack() as silence, ThreadPoolExecutor() as thread:
            silence.enter_context(own_broker.stopped())
            said = thread.submit(wait_until, lambda: "it waits: " in caplog.text, "it waits", LONG_S)
            said.add_done_callback(lambda _: silence.close())
            yield

    with ExitStack() as opened:
        patient = {"request_timeout": 1_000, "transaction_timeout": 30_000}
        tool = Unheard(topology(away.app), away.settings(**patient), tmp_path, clock, opened)
        tool.meanwhile = silent
        assert 1 == tool.take_back(0, command)
    assert [] == away.run().halted

    assert ["accepted", "back", "done"] == rewinds.outcomes(away, command)
    right(away, records)


def test_a_password_that_is_wrong_is_a_matter_of_configuration(away: Stage, own_broker: OwnBroker) -> None:
    sasl = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": USER}
    records = sent(away, 0)

    with pytest.raises(Misconfigured, match=r"^the broker refused our credentials: "):
        away.run(bootstrap_servers=own_broker.sasl_servers, kafka={**sasl, "sasl.password": "wrong"})

    right_password = {**sasl, "sasl.password": PASSWORD}
    assert [] == away.run(bootstrap_servers=own_broker.sasl_servers, kafka=right_password).halted
    right(away, records)


def test_nobody_there_is_said_within_the_time_of_a_request(app: str, state_dir: Path) -> None:
    with pytest.raises(Unavailable, match=r"nothing answers\. cluster 127\.0\.0\.1:1: no broker can be reached"):
        Stage("127.0.0.1:1", app, state_dir).run(request_timeout=2_000)


ONE = "the topics have changed while the application runs: .* {app}-bets has 3"
GROWN = [*SOURCES, "state", "journal", "control", "dead-letters"]
ALL = "the topics' partition count has changed from 2 to 3 while the application runs"


@pytest.mark.parametrize(
    ("protocol", "grown", "said"),
    [
        pytest.param("consumer", ["bets"], ONE, id="consumer, one input"),
        pytest.param("consumer", GROWN, ALL, id="consumer, all topics"),
        pytest.param("classic", ["bets"], ONE, id="classic, one input"),
    ],
)
def test_partitions_that_are_added_while_a_worker_runs_end_it(
    stage: Stage, protocol: str, grown: list[str], said: str
) -> None:
    with stage.running(how=Run(), group_protocol=protocol) as worker:
        wait_until(lambda: all_committed(stage), "it works")
        new = [NewPartitions(stage.topic(name), 3) for name in grown]
        for future in stage.admin.create_partitions(new).values():
            future.result()
        with pytest.raises(Fatal, match=said.format(app=stage.app)):
            worker.ends(LONG_S)


def test_a_broker_that_says_nothing_is_not_taken_for_an_empty_topic(own_broker: OwnBroker, away: Stage) -> None:
    """The client has an offset all the same."""
    cluster, here = Cluster(own_broker.bootstrap_servers, {}, "a test"), away.topic("bets")
    admin = Admin(cluster, SHORT_S, threading.Event())
    assert {(here, 0): 0} == admin.ends([(here, 0)])

    with own_broker.stopped(), pytest.raises(Unavailable, match="reading offsets failed: nothing answers"):
        admin.ends([(here, 0)])


def test_a_broker_without_the_consumer_protocol_is_named(tmp_path: Path, app: str, state_dir: Path) -> None:
    broker = OwnBroker(tmp_path / "home", CLASSIC_ONLY)
    try:
        stage = Stage(broker.bootstrap_servers, app, state_dir)
        stage.create()
        records = sent(stage, 0)
        with pytest.raises(Misconfigured, match="group_protocol=classic"):
            stage.run()
        assert [] == stage.run(group_protocol="classic").halted
        right(stage, records)
    finally:
        broker.end()
