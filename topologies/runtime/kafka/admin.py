"""Questions to the cluster, and its topics."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar

from confluent_kafka import OFFSET_INVALID, IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec, ResourceType

from topologies.runtime.errors import Misconfigured, StreamError, Unavailable
from topologies.runtime.kafka.config import Cluster, Trouble
from topologies.runtime.kafka.errors import error_of, of_read
from topologies.runtime.kafka.groups import GroupPhase, phase
from topologies.runtime.kafka.offsets import GroupOffsets, Settled
from topologies.runtime.kafka.polled import Partition

Answer = TypeVar("Answer")

UNREACHABLE_S = 5.0
SLICE_S = 0.2

SESSION_TIMEOUT = "consumer.session.timeout.ms"
SESSION_TIMEOUT_DEFAULT_S = 45.0


class TopicSpec(NamedTuple):
    """A topic as it should be: `config` by Kafka's names."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


class TopicState(NamedTuple):
    """A topic as it is. `topic_id` tells a recreated topic from its namesake."""

    partitions: int
    replication: int
    topic_id: str


class Admin:
    """One connection for questions; every method raises `Unavailable`, `Misconfigured` or `Fatal`.

    Args:
        cluster: whom to ask.
        timeout_s: how long one question may take.
        stop: when it is set, nobody waits for an answer any more.
    """

    def __init__(self, cluster: Cluster, timeout_s: float = 30.0, stop: threading.Event | None = None) -> None:
        self._trouble = Trouble()
        self._stop = stop or threading.Event()
        self._groups: dict[str, GroupOffsets] = {}
        self._cluster = cluster
        self._where = cluster.bootstrap_servers
        self._timeout_s = timeout_s
        try:
            self._client = AdminClient(cluster.config(self._trouble))
        except KafkaException as error:
            raise Misconfigured(f"the Kafka client refuses its properties: {error_of(error).str()}") from error

    def topics(self, names: Iterable[str]) -> dict[str, TopicState]:
        """Return those that exist."""
        wanted = sorted(set(names))
        answers = self._ask("describing topics", lambda: self._client.describe_topics(TopicCollection(wanted)))
        found = {}
        for name, future in answers.items():
            try:
                description = self._wait(f"describing topic {name}", future)
            except _Missing:
                continue
            replicas = [len(each.replicas) for each in description.partitions]
            found[name] = TopicState(len(replicas), min(replicas, default=0), str(description.topic_id))
        return found

    def brokers(self) -> int:
        """Return how many brokers there are."""
        answer = self._ask("describing the cluster", self._client.describe_cluster)
        return len(self._wait("describing the cluster", answer).nodes)

    def configs(self, topic: str) -> dict[str, str]:
        """Return a topic's configuration in force, defaults included."""
        resource = ConfigResource(ResourceType.TOPIC, topic)
        answers = self._ask(f"reading the config of {topic}", lambda: self._client.describe_configs([resource]))
        entries = self._wait(f"reading the config of {topic}", answers[resource])
        return {name: entry.value for name, entry in entries.items()}

    def session_timeout_s(self, group: str) -> float:
        """Return after how long the broker gives up a silent member of a `consumer` group; its default if unknown."""
        resource = ConfigResource(ResourceType.GROUP, group)
        try:
            answers = self._ask("reading the config of the group", lambda: self._client.describe_configs([resource]))
            found = self._wait("reading the config of the group", answers[resource]).get(SESSION_TIMEOUT)
        except StreamError:
            # Needs a right that a worker can do without.
            found = None
        return int(found.value) / 1000 if found else SESSION_TIMEOUT_DEFAULT_S

    def create(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Create topics, wait until they can be used, and return the names of those that were not there before."""
        new = [NewTopic(each.name, each.partitions, each.replication, config=dict(each.config)) for each in specs]
        answers = self._ask("creating topics", lambda: self._client.create_topics(new))
        created = []
        for name, future in answers.items():
            try:
                self._wait(f"creating topic {name}", future)
            except _Present:
                continue
            created.append(name)
        self._wait_for_topics(created)
        return created

    def committed(self, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the group's committed offsets; a partition without one is left out."""
        return self._offsets_of(group).latest(partitions)

    def settled(self, group: str, partitions: Sequence[Partition]) -> Settled:
        """Return the group's committed offsets, and where an open transaction may change them."""
        return self._offsets_of(group).settled(partitions)

    def group_phase(self, group: str) -> GroupPhase:
        """Return whether a group has members; one that was never used has none."""
        return phase(self._wait("listing the groups", self._ask("listing the groups", self._list_groups)), group)

    def beginnings(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the offset of each partition's first record that is still there."""
        return self._offsets(partitions, OffsetSpec.earliest())

    def ends(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the high watermarks: beyond all records, those of open transactions too."""
        return self._offsets(partitions, OffsetSpec.latest())

    def stable_ends(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the last stable offsets: where a read_committed reader comes to an end."""
        return self._offsets(partitions, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED)

    def offsets_at(self, partitions: Sequence[Partition], time_ms: int) -> dict[Partition, int]:
        """Return where the records of a time and later begin; the end where there are none."""
        found = self._offsets(partitions, OffsetSpec.for_timestamp(time_ms))
        beyond = [each for each, offset in found.items() if offset < 0]
        return {**found, **self.ends(beyond)}

    def _list_groups(self) -> Future[Any]:
        return self._client.list_consumer_groups(request_timeout=self._timeout_s)

    def _offsets_of(self, group: str) -> GroupOffsets:
        if group not in self._groups:
            self._groups[group] = GroupOffsets(self._cluster, group, self._timeout_s, self._stop)
        return self._groups[group]

    def _wait_for_topics(self, names: Sequence[str]) -> None:
        """Creation is answered before the brokers show the topics, and before their partitions have leaders."""
        give_up_at = time.monotonic() + self._timeout_s
        while not self._are_usable(names):
            if time.monotonic() > give_up_at:
                raise Unavailable(f"created topics cannot be used yet: {', '.join(names)}")
            time.sleep(0.02)

    def _are_usable(self, names: Sequence[str]) -> bool:
        found = self.topics(names)
        partitions = [(name, number) for name, state in found.items() for number in range(state.partitions)]
        try:
            self.ends(partitions)
        except Unavailable:
            return False
        return len(found) == len(names)

    def _offsets(
        self,
        partitions: Sequence[Partition],
        which: OffsetSpec,
        isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    ) -> dict[Partition, int]:
        if not partitions:
            return {}
        wanted = {TopicPartition(*each): which for each in partitions}
        answers = self._ask(
            "reading offsets",
            lambda: self._client.list_offsets(wanted, isolation_level=isolation, request_timeout=self._timeout_s),
        )
        found = {
            (each.topic, each.partition): self._wait(f"reading offsets of {each.topic}", future).offset
            for each, future in answers.items()
        }
        # A broker that has not answered in time is no error to the client: it says this offset. Taken for an end, it
        # would make a state that has not been read look whole.
        if missing := [f"{topic}/{number}" for (topic, number), offset in found.items() if offset == OFFSET_INVALID]:
            unheard = Unavailable(f"reading offsets failed: nothing answers, of {missing[0]}")
            raise self._explained(unheard, "reading offsets")
        return found

    def _ask(self, doing: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except KafkaException as error:
            raise of_read(error, doing) from error

    def _wait(self, doing: str, future: Future[Answer]) -> Answer:
        try:
            return self._result(future)
        except TimeoutError as error:
            raise self._explained(Unavailable(f"{doing} failed: nothing answers"), doing) from error
        except KafkaException as error:
            code = error_of(error).code()
            if code in _EXPECTED:
                raise _EXPECTED[code](f"{doing} failed: {error_of(error).str()}") from error
            raise self._explained(of_read(error, doing), doing) from error

    def _result(self, future: Future[Answer]) -> Answer:
        """Wait not for long when the client says that nobody is there."""
        asked_at_s = time.monotonic()
        while True:
            try:
                answer = future.result(timeout=SLICE_S)
            except TimeoutError:
                self._client.poll(0)
                patience_s = UNREACHABLE_S if self._trouble.last else self._timeout_s + UNREACHABLE_S
                if self._stop.is_set() or time.monotonic() - asked_at_s > patience_s:
                    raise
            else:
                # The client tells once that all brokers are away, and never that one is back.
                self._trouble.forget()
                return answer

    def _explained(self, error: StreamError, doing: str) -> StreamError:
        """Add what the client has complained about meanwhile: it may be the cause."""
        self._client.poll(0)
        if self._trouble.is_credentials:
            return Misconfigured(f"{self._trouble.last}. cluster {self._where}, while {doing}")
        why = f": {self._trouble.last}" if self._trouble.last else ""
        return type(error)(f"{error}. cluster {self._where}{why}")


class _Missing(Unavailable):
    """The topic is not there, or the broker that was asked does not know of it yet."""


class _Present(Exception):
    """The topic is there already."""


_EXPECTED: Mapping[Any, type[Exception]] = {
    KafkaError.UNKNOWN_TOPIC_OR_PART: _Missing,
    KafkaError.TOPIC_ALREADY_EXISTS: _Present,
}
