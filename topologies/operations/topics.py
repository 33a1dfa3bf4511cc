"""The topics of a topology as they should be, made and compared."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from topologies.graph import Topology
from topologies.runtime.checks import copartitioned
from topologies.runtime.kafka.admin import Admin, TopicSpec, TopicState
from topologies.runtime.names import CONTROL, DAY_MS, INPUT, JOURNAL, STATE, own_topics

PARTITIONS = 6
REPLICATION_MAX = 3

TABLE: Mapping[str, str] = {"cleanup.policy": "compact"}
OUTPUT: Mapping[str, str] = {"cleanup.policy": "delete"}
DEAD_LETTERS: Mapping[str, str] = {
    "cleanup.policy": "delete",
    # They hold what the sources sent: no longer than it takes to look into them.
    "retention.ms": str(7 * DAY_MS),
}
TABLE_PARTITIONS = 1
"""A table is read whole by every worker, so nothing is gained by more."""


MISSING = " is missing"
"""How the difference of such a topic ends."""


class Size(NamedTuple):
    """How large new topics are to be; None: as the others of the topology are, else the default.

    `journal_ms` is how long the journal is kept; 0: nothing is written to it.
    """

    partitions: int | None = None
    replication: int | None = None
    journal_ms: int = 7 * DAY_MS


def wanted(topology: Topology, app: str, partitions: int, replication: int, journal_ms: int) -> list[TopicSpec]:
    """All topics of a topology, inputs first."""
    own = own_topics(app)
    configs = [
        *((source.topic, partitions, INPUT) for source in topology.sources),
        *((table.topic, TABLE_PARTITIONS, TABLE) for table in topology.tables),
        *((output.topic, partitions, OUTPUT) for output in topology.outputs),
        (own.state, partitions, STATE),
        (own.journal, partitions, {**JOURNAL, "retention.ms": str(journal_ms or 7 * DAY_MS)}),
        (own.control, partitions, CONTROL),
        (own.dead_letters, partitions, DEAD_LETTERS),
    ]
    return [TopicSpec(name, count, replication, config) for name, count, config in configs]


def create(admin: Admin, topology: Topology, app: str, size: Size) -> list[tuple[TopicSpec, bool]]:
    """Make the topics that are missing; each topic, and whether it is new. Those that exist are left as they are.

    New topics get as many partitions as existing ones that they are joined with.
    """
    specs = wanted(topology, app, *_sizes(admin, topology, app, size), size.journal_ms)
    existing = admin.topics([spec.name for spec in specs])
    missing = [spec for spec in specs if spec.name not in existing]
    created = set(admin.create(missing)) if missing else set()
    return [(spec, spec.name in created) for spec in specs]


def check(admin: Admin, topology: Topology, app: str, size: Size) -> list[str]:
    """Every difference between the topics and what they should be, as a sentence."""
    partitions, replication = _sizes(admin, topology, app, size)
    specs = wanted(topology, app, partitions, replication, size.journal_ms)
    found = admin.topics([spec.name for spec in specs])
    joined = set(copartitioned(topology, app))
    differences: list[str] = []
    for spec in specs:
        if spec.name not in found:
            differences.append(f"{spec.name}{MISSING}")
            continue
        config = admin.configs(spec.name)
        differences += _differences(spec, found[spec.name], config, is_joined=spec.name in joined)
    return differences


def _differences(spec: TopicSpec, state: TopicState, config: Mapping[str, str], *, is_joined: bool) -> Iterator[str]:
    if is_joined and state.partitions != spec.partitions:
        yield f"{spec.name} has {state.partitions} partitions, but topics joined with it {spec.partitions}"
    if state.replication < spec.replication:
        yield f"{spec.name} has {state.replication} replicas, not {spec.replication}"
    for name, value in spec.config.items():
        if config.get(name) != value:
            yield f"{spec.name} has {name}={config.get(name)}, not {value}"


def _sizes(admin: Admin, topology: Topology, app: str, size: Size) -> tuple[int, int]:
    joined: Sequence[TopicState] = list(admin.topics(copartitioned(topology, app)).values())
    counts = [state.partitions for state in joined]
    partitions = size.partitions or max(counts, key=counts.count, default=PARTITIONS)
    replication = size.replication or min(REPLICATION_MAX, admin.brokers())
    return partitions, replication
