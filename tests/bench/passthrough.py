"""The least that an exactly-once loop can do: consume, produce the same bytes, commit offsets in a transaction.

Its records per CPU second are what the client library and the interpreter
allow; croupier's are measured against it, on the same topics in the same run.
"""

import sys

from confluent_kafka import Consumer, Producer, TopicPartition

BATCH_RECORDS_MAX = 5_000


def main(bootstrap_servers: str, group: str, out: str, total: int, topics: list[str]) -> None:
    """Pass `total` records through and exit."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": group,
            "group.protocol": "consumer",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "fetch.queue.backoff.ms": 10,
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "transactional.id": group,
            "retry.backoff.ms": 2,
            "retry.backoff.max.ms": 20,
            "linger.ms": 1,
            "partitioner": "murmur2_random",
        }
    )
    producer.init_transactions(30)
    consumer.subscribe(topics)
    passed = 0
    while passed < total:
        passed += _pass(consumer, producer, out)
    consumer.close()


def _pass(consumer: Consumer, producer: Producer, out: str) -> int:
    messages = consumer.consume(BATCH_RECORDS_MAX, 0.2)
    if not messages:
        return 0
    offsets: dict[tuple[str | None, int | None], int] = {}
    producer.begin_transaction()
    for message in messages:
        if message.error():
            sys.exit(str(message.error()))
        offsets[message.topic(), message.partition()] = (message.offset() or 0) + 1
        _produce(producer, out, message.value(), message.key())
    positions = [TopicPartition(topic or "", number or 0, offset) for (topic, number), offset in offsets.items()]
    producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata())
    producer.commit_transaction()
    return len(messages)


def _produce(producer: Producer, out: str, value: bytes | None, key: bytes | None) -> None:
    while True:
        try:
            producer.produce(out, value, key)
        except BufferError:
            producer.poll(0.05)
        else:
            return


if __name__ == "__main__":
    servers, group_id, out_topic, records_total, *inputs = sys.argv[1:]
    main(servers, group_id, out_topic, int(records_total), inputs)
