from collections.abc import Callable

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient


def test_a_transaction_that_was_committed_is_read(
    bootstrap_servers: str, app: str, topic: Callable[[str], str]
) -> None:
    servers: dict[str, str | int | float | bool] = {"bootstrap.servers": bootstrap_servers}
    admin = AdminClient(servers)
    admin.create_topics([NewTopic(topic("bets"), 1, 1)])[topic("bets")].result(30)
    producer = Producer({**servers, "transactional.id": app})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic("bets"), b"stake", b"pl_1")
    producer.commit_transaction(30)
    group = {"group.id": app, "group.protocol": "consumer", "auto.offset.reset": "earliest"}
    consumer = Consumer({**servers, **group, "isolation.level": "read_committed"})
    consumer.subscribe([topic("bets")])
    try:
        read = consumer.poll(60)
    finally:
        consumer.close()
    assert read is not None
    assert (read.key(), read.value()) == (b"pl_1", b"stake")


def test_a_schema_that_was_registered_is_found_by_its_id(schema_registry_url: str, app: str) -> None:
    schema = Schema('{"type": "record", "name": "Bet", "fields": [{"name": "id", "type": "string"}]}', "AVRO")
    with SchemaRegistryClient({"url": schema_registry_url}) as registry:
        schema_id = registry.register_schema(f"{app}-value", schema)
        found = registry.get_latest_version(f"{app}-value").schema_id
    assert found == schema_id
