"""Questions to the cluster, and its topics."""

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import OFFSET_INVALID, IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec, ResourceType

from topologies.runtime.errors import Misconfigured, StreamError, Unavailable
from topologies.runtime.kafka import topics
from topologies.runtime.kafka.answers import Answers
from topologies.runtime.kafka.config import Cluster, Trouble
from topologies.runtime.kafka.errors import error_of
from topologies.runtime.kafka.groups import GroupPhase, phase
from topologies.runtime.kafka.leaders import Leaders
from topologies.runtime.kafka.offsets import GroupOffsets, Settled
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.kafka.topics import TopicSpec, TopicState
from topologies.runtime.rights import Operation, Right, sentence

__all__ = ["Admin", "TopicSpec", "TopicState"]

SESSION_TIMEOUT = "consumer.session.timeout.ms"
SESSION_TIMEOUT_DEFAULT_S = 45.0
LOADING_S = 5.0
LOOK_S = 0.2


class Admin:
    """One connection for questions; every method raises `Unavailable`, `Misconfigured` or `Fatal`.

    Args:
        cluster: whom to ask.
        timeout_s: how long one question may take.
        stop: when it is set, nobody waits for an answer any more.
        purpose: what topics are looked at for. Who may do that may also look, so it is what has to be granted.
    """

    def __init__(
        self,
        cluster: Cluster,
        timeout_s: float = 30.0,
        stop: threading.Event | None = None,
        purpose: Operation = "Describe",
    ) -> None:
        self._purpose: Operation = purpose
        trouble = Trouble()
        self._stop = stop or threading.Event()
        self._groups: dict[str, GroupOffsets] = {}
        self._leaders = Leaders()
        self._cluster = cluster
        self._timeout_s = timeout_s
        try:
            self._client = AdminClient(cluster.config(trouble))
        except KafkaException as error:
            raise Misconfigured(f"the Kafka client refuses its properties: {error_of(error).str()}") from error
        self._answers = Answers(self._client, trouble, cluster, timeout_s, self._stop)

    def topics(self, names: Iterable[str]) -> dict[str, TopicState]:
        """Return those that exist."""
        wanted = sorted(set(names))
        answers = self._answers.ask("describing topics", lambda: self._client.describe_topics(TopicCollection(wanted)))
        found = {}
        for name, future in answers.items():
            try:
                description = self._answers.wait(
                    f"describing topic {name}", future, Right(self._purpose, "topic", name)
                )
            except topics.Missing:
                continue
            found[name] = topics.state(description)
        self._leaders.described(found)
        return found

    def lacking(self, rights: Sequence[Right]) -> list[Right]:
        """Return which of these rights to topics we do not have; of a topic that is not there, none."""
        names = TopicCollection(sorted({each.name for each in rights}))
        answers = self._answers.ask(
            "asking for our rights", lambda: self._client.describe_topics(names, include_authorized_operations=True)
        )
        found: list[Right] = []
        for name, future in answers.items():
            wanted = [each for each in rights if each.name == name]
            try:
                description = self._answers.wait(f"asking for our rights to topic {name}", future)
            except topics.Missing:
                continue
            except Misconfigured as error:
                if not _is_refusal(error.__cause__):
                    raise
                found += wanted
            else:
                found += topics.lacking(description.authorized_operations, wanted)
        return found

    def brokers(self) -> int:
        """Return how many brokers there are."""
        answer = self._answers.ask("describing the cluster", self._client.describe_cluster)
        return len(self._answers.wait("describing the cluster", answer).nodes)

    def configs(self, topic: str) -> dict[str, str]:
        """Return a topic's configuration in force, defaults included."""
        resource = ConfigResource(ResourceType.TOPIC, topic)
        answers = self._answers.ask(f"reading the config of {topic}", lambda: self._client.describe_configs([resource]))
        used = Right("DescribeConfigs", "topic", topic)
        entries = self._answers.wait(f"reading the config of {topic}", answers[resource], used)
        return {name: entry.value for name, entry in entries.items()}

    def session_timeout_s(self, group: str) -> float:
        """Return after how long the broker gives up a silent member of a `consumer` group; its default if unknown."""
        resource = ConfigResource(ResourceType.GROUP, group)
        try:
            answers = self._answers.ask(
                "reading the config of the group", lambda: self._client.describe_configs([resource])
            )
            found = self._answers.wait("reading the config of the group", answers[resource]).get(SESSION_TIMEOUT)
        except StreamError:
            # Needs a right that a worker can do without.
            found = None
        return int(found.value) / 1000 if found else SESSION_TIMEOUT_DEFAULT_S

    def create(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Create topics, wait until they can be used, and return the names of those that were not there before."""
        new = [NewTopic(each.name, each.partitions, each.replication, config=dict(each.config)) for each in specs]
        answers = self._answers.ask("creating topics", lambda: self._client.create_topics(new))
        created = []
        for name, future in answers.items():
            try:
                self._answers.wait(f"creating topic {name}", future, Right("Create", "topic", name))
            except topics.Present:
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
        give_up_at_s = time.monotonic() + LOADING_S
        while True:
            listed = self._answers.ask("listing the groups", self._list_groups)
            try:
                return phase(self._answers.wait("listing the groups", listed), group)
            except Unavailable:
                # A broker that has just begun to coordinate groups does not know them for a moment.
                if time.monotonic() > give_up_at_s or self._stop.wait(LOOK_S):
                    raise

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
            self._groups[group] = GroupOffsets(self._cluster, group, self._timeout_s, self._stop, self._purpose)
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
        used = {each.topic: Right(self._purpose, "topic", each.topic) for each in wanted}
        if unknown := self._leaders.unknown(used):
            self.topics(unknown)
        answers = self._answers.ask(
            "reading offsets",
            lambda: self._client.list_offsets(wanted, isolation_level=isolation, request_timeout=self._timeout_s),
        )
        try:
            found = {
                (each.topic, each.partition): self._answers.wait(
                    f"reading offsets of {each.topic}", future, used[each.topic]
                ).offset
                for each, future in answers.items()
            }
        except Unavailable as error:
            if lacking := self._hidden(error, list(used.values())):
                raise Misconfigured(sentence(lacking)) from error
            raise
        # A broker that has not answered in time is no error to the client: it says this offset. Taken for an end, it
        # would make a state that has not been read look whole.
        if missing := [f"{topic}/{number}" for (topic, number), offset in found.items() if offset == OFFSET_INVALID]:
            unheard = Unavailable(f"reading offsets failed: nothing answers, of {missing[0]}")
            raise self._answers.explained(unheard, "reading offsets")
        return found

    def _hidden(self, error: Unavailable, rights: Sequence[Right]) -> Sequence[Right]:
        """Topics that we may not see are told to be without a leader, like new ones."""
        cause = error.__cause__
        is_leaderless = isinstance(cause, KafkaException) and error_of(cause).code() == KafkaError._NOENT  # noqa: SLF001 - librdkafka's public name
        return self.lacking(rights) if is_leaderless else ()


def _is_refusal(error: BaseException | None) -> bool:
    """Whether it says that a topic is not for us, not that we are nobody."""
    return isinstance(error, KafkaException) and error_of(error).code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
