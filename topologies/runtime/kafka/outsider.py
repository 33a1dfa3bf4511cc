"""What a transaction needs to commit a group's offsets for somebody who is no member of it."""

from typing import Any

from confluent_kafka import Consumer

from topologies.runtime.kafka.config import Cluster, Trouble


class Outsider:
    """Has a member's id, and never joins.

    With such an id the broker takes offsets only while the group has no
    members, and refuses them beside a live one (UNKNOWN_MEMBER_ID). Without an
    id it would check nothing (KAFKA-18060): that is why the consumer speaks the
    protocol whose clients choose their own ids (KIP-848), whatever the group
    speaks.
    """

    def __init__(self, cluster: Cluster, group: str) -> None:
        self._consumer = Consumer(cluster.config(Trouble(), {"group.id": group, "group.protocol": "consumer"}))

    def metadata(self) -> Any:  # noqa: ANN401 - opaque: only a transaction of the same client library takes it
        """Return the group metadata; good as long as this object lives."""
        return self._consumer.consumer_group_metadata()

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()
