"""What must be true of the topics before a task may begin."""

from collections.abc import Mapping

from topologies.graph import Topology
from topologies.runtime.errors import Misconfigured
from topologies.runtime.kafka.admin import TopicState
from topologies.runtime.names import own_topics


def copartitioned(topology: Topology, app: str) -> list[str]:
    """Return the topics of which partition p belongs to task p."""
    return [source.topic for source in topology.sources] + list(own_topics(app))


def all_topics(topology: Topology, app: str) -> list[str]:
    """Return every topic that the topology needs."""
    others = [table.topic for table in topology.tables] + [output.topic for output in topology.outputs]
    return copartitioned(topology, app) + others


def partition_count(topology: Topology, app: str, found: Mapping[str, TopicState]) -> int:
    """Return how many tasks there are.

    Raises:
        Misconfigured: topics are missing, or partition counts differ.
    """
    missing = [topic for topic in all_topics(topology, app) if topic not in found]
    if missing:
        raise Misconfigured(
            f"topics are missing: {', '.join(missing)}. create them with: croupier topics create {topology.name}"
        )
    counts = {topic: found[topic].partitions for topic in copartitioned(topology, app)}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{topic} has {count}" for topic, count in counts.items())
        raise Misconfigured(f"topics must have one partition count to be joined by key, but {listed}")
    return next(iter(counts.values()))
