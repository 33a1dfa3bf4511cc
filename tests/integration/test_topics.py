import logging
from collections.abc import Callable

import pytest

from topologies.graph import Output, Result, Source, Table, Topology
from topologies.operations.topics import Size, check, create
from topologies.runtime.errors import Unavailable
from topologies.runtime.kafka import leaders
from topologies.runtime.kafka.admin import Admin, TopicSpec
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.leaders import Leaders

Named = Callable[[str], str]


@pytest.fixture
def admin(bootstrap_servers: str) -> Admin:
    return Admin(Cluster(bootstrap_servers, {}, "test"))


@pytest.fixture
def topology(topic: Named) -> Topology:
    return Topology(
        name="test",
        sources=(Source("bets", topic("bets"), lambda _: []), Source("orders", topic("orders"), lambda _: [])),
        tables=(Table("rates", topic("rates"), dict, lambda *_: None),),
        outputs=(Output("events", topic("events")),),
        step=lambda *_: Result(),
        fire=lambda *_: Result(),
        row_kinds=(),
        timers=(),
        wall_clock_timers=(),
        row_version=1,
        upgrade=lambda _kind, _version, row: row,
    )


def test_created_topics_are_as_they_should_be(admin: Admin, topology: Topology, app: str) -> None:
    made = create(admin, topology, app, Size(partitions=2))

    names = ["bets", "orders", "rates", "events", "state", "journal", "control", "dead-letters"]
    assert [(f"{app}-{name}", True) for name in names] == [(spec.name, is_new) for spec, is_new in made]
    assert [] == check(admin, topology, app, Size(partitions=2))


def test_creating_again_changes_nothing(admin: Admin, topology: Topology, app: str) -> None:
    create(admin, topology, app, Size(partitions=2))

    again = create(admin, topology, app, Size())

    assert {False} == {is_new for _, is_new in again}
    assert [] == check(admin, topology, app, Size())


def test_new_topics_get_as_many_partitions_as_existing_inputs(
    admin: Admin, topology: Topology, app: str, topic: Named
) -> None:
    admin.create([TopicSpec(topic("bets"), 3, 1, {}), TopicSpec(topic("rates"), 1, 1, {"cleanup.policy": "compact"})])

    create(admin, topology, app, Size())

    found = admin.topics([topic("orders"), topic("state"), topic("rates")])
    assert {topic("orders"): 3, topic("state"): 3, topic("rates"): 1} == {
        name: state.partitions for name, state in found.items()
    }


def test_the_broker_decides_how_many_replicas_there_can_be(admin: Admin, topology: Topology, app: str) -> None:
    assert {1} == {spec.replication for spec, _ in create(admin, topology, app, Size())}


def test_check_names_each_difference(admin: Admin, topology: Topology, app: str, topic: Named) -> None:
    compact = {"cleanup.policy": "compact"}
    admin.create(
        [
            TopicSpec(topic("bets"), 2, 1, {"message.timestamp.type": "LogAppendTime"}),
            TopicSpec(topic("orders"), 2, 1, {"message.timestamp.after.max.ms": "7200000"}),
            TopicSpec(topic("rates"), 1, 1, {}),
            TopicSpec(topic("events"), 5, 1, {}),
            TopicSpec(topic("state"), 3, 1, {**compact, "delete.retention.ms": "604800000"}),
        ]
    )

    differences = check(admin, topology, app, Size())

    assert [
        f"{app}-bets has message.timestamp.type=LogAppendTime, not CreateTime",
        f"{app}-orders has message.timestamp.after.max.ms=7200000, not 3600000",
        f"{app}-rates has cleanup.policy=delete, not compact",
        f"{app}-state has 3 partitions, but topics joined with it 2",
        f"{app}-journal is missing",
        f"{app}-control is missing",
        f"{app}-dead-letters is missing",
    ] == differences


def test_check_asks_for_the_replicas_that_are_wanted(admin: Admin, topology: Topology, app: str) -> None:
    create(admin, topology, app, Size())

    differences = check(admin, topology, app, Size(replication=3))

    assert f"{app}-state has 1 replicas, not 3" in differences


def test_of_a_topic_that_the_broker_does_not_know_yet_is_asked_again(admin: Admin, app: str) -> None:
    """On a cluster of several brokers one is told later than another, by which a topic has been made."""
    with pytest.raises(Unavailable, match=app):
        admin.ends([(app, 0)])


def test_offsets_are_asked_for_when_the_leaders_are_known(
    bootstrap_servers: str, admin: Admin, topic: Named, caplog: pytest.LogCaptureFixture
) -> None:
    """The client must not look for them by itself: see runtime/kafka/leaders.py."""
    admin.create([TopicSpec(topic("bets"), 2, 1, {})])
    caplog.set_level(logging.DEBUG, "croupier.kafka")
    new = Admin(Cluster(bootstrap_servers, {"debug": "metadata"}, "test"))

    assert {(topic("bets"), 0): 0, (topic("bets"), 1): 0} == new.ends([(topic("bets"), 0), (topic("bets"), 1)])

    new._client.poll(0.1)  # noqa: SLF001 - hands over what the client has logged
    assert "METADATA" in caplog.text
    assert "query partition leaders" not in caplog.text


def test_leaders_are_known_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Leaders()
    known.described(["bets"])

    assert {"orders"} == known.unknown(["bets", "orders"])
    monkeypatch.setattr(leaders, "KNOWN_S", -1.0)
    assert {"bets", "orders"} == known.unknown(["bets", "orders"])
