"""The client's properties that the design rests on: nothing else would notice when one is lost, but the clock."""

import pytest
from confluent_kafka import KafkaError

from topologies.runtime.kafka.config import CLOSED, IDEMPOTENT, READ_COMMITTED, TRANSACTIONAL, Cluster, Trouble

# ruff: noqa: SLF001 - the names of librdkafka's local errors begin with an underscore and are public


@pytest.mark.parametrize(
    ("properties", "name", "value"),
    [
        pytest.param(TRANSACTIONAL, "retry.backoff.ms", 2, id="back-to-back transactions cost 4 ms, not 91"),
        pytest.param(TRANSACTIONAL, "retry.backoff.max.ms", 20, id="nor does it grow"),
        pytest.param(IDEMPOTENT, "enable.idempotence", True, id="a just-created topic keeps the order"),
        pytest.param(IDEMPOTENT, "partitioner", "murmur2_random", id="partitions are Java's"),
        pytest.param(READ_COMMITTED, "isolation.level", "read_committed", id="nothing of an open transaction"),
        pytest.param(READ_COMMITTED, "enable.auto.commit", False, id="offsets are the transaction's"),
        pytest.param(READ_COMMITTED, "enable.auto.offset.store", False, id="offsets are the transaction's, likewise"),
        pytest.param(READ_COMMITTED, "enable.partition.eof", True, id="the end behind a marker"),
        pytest.param(READ_COMMITTED, "auto.offset.reset", "error", id="no silent jump"),
        pytest.param(READ_COMMITTED, "fetch.queue.backoff.ms", 10, id="catching up is six times as fast"),
        pytest.param(READ_COMMITTED, "fetch.wait.max.ms", 20, id="an end comes so late"),
    ],
)
def test_the_clients_are_set_up_as_designed(properties: dict[str, object], name: str, value: object) -> None:
    assert value == properties[name]


def test_what_holds_the_promise_cannot_be_set_by_the_user() -> None:
    user = {"isolation.level": "read_uncommitted", "retry.backoff.ms": "100", "queue.buffering.max.messages": "7"}

    config = Cluster("kafka:9092", user, "me").config(Trouble(), READ_COMMITTED, TRANSACTIONAL)

    assert ("read_committed", 2, "7", "kafka:9092", "me") == tuple(
        config[name]
        for name in (
            "isolation.level",
            "retry.backoff.ms",
            "queue.buffering.max.messages",
            "bootstrap.servers",
            "client.id",
        )
    )


REFUSED = (KafkaError._TRANSPORT, "kafka:9092: Connection refused")
ALL_DOWN = (KafkaError._ALL_BROKERS_DOWN, "0/2 brokers are down")
NO_HOST = (KafkaError._RESOLVE, "kafka:9092: not known")


@pytest.mark.parametrize(
    ("complaints", "said"),
    [
        pytest.param([REFUSED], None, id="a broker of several"),
        pytest.param(
            [REFUSED, ALL_DOWN], "no broker can be reached: kafka:9092: Connection refused", id="the last one"
        ),
        pytest.param([ALL_DOWN], f"no broker can be reached: {CLOSED}", id="nobody says why"),
        pytest.param([NO_HOST, ALL_DOWN], "the broker's host name is unknown: kafka:9092: not known", id="a cause"),
    ],
)
def test_that_all_brokers_are_away_is_said_with_its_cause(complaints: list[tuple[int, str]], said: str | None) -> None:
    trouble = Trouble()
    for complaint in complaints:
        trouble(KafkaError(*complaint))

    assert said == trouble.last
