"""The client's properties that the design rests on: nothing else would notice when one is lost, but the clock."""

import pytest

from topologies.runtime.kafka.config import IDEMPOTENT, READ_COMMITTED, TRANSACTIONAL, Cluster, Trouble


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
