"""What recovery asks the cluster, in the order that keeps state and inputs together."""

from collections.abc import Mapping, Sequence

from topologies.graph import Topology
from topologies.runtime.checks import all_topics, partition_count
from topologies.runtime.errors import Fatal, Misconfigured
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.names import own_topics
from topologies.runtime.positions import Ground

Start = str | int
"""`earliest`, `latest`, or a time in ms."""


class Surveyor:
    """Asks for several tasks at once.

    `stop_at` has the ends of all inputs when draining. Every method raises
    what `Admin` raises.
    """

    def __init__(self, topology: Topology, app: str, admin: Admin, start: Start) -> None:
        self._topology = topology
        self._app = app
        self._admin = admin
        self._start = start
        self._state = own_topics(app).state
        self._partitions: int | None = None
        self.stop_at: Mapping[Partition, int] | None = None

    def partitions(self) -> int:
        """Return how many tasks there are, after checking that the topics fit together.

        Raises:
            Misconfigured: they do not.
            Fatal: they did when we began.
        """
        found = self._admin.topics(all_topics(self._topology, self._app))
        try:
            count = self._same_count(partition_count(self._topology, self._app, found))
        except Misconfigured as error:
            if self._partitions is None:
                raise
            raise Fatal(f"the topics have changed while the application runs: {error}") from error
        self._state_id = found[self._state].topic_id
        return count

    def inputs(self, partitions: Sequence[int]) -> list[Partition]:
        """Return all inputs of some tasks, their commands too."""
        topics = [*(source.topic for source in self._topology.sources), own_topics(self._app).control]
        return [(topic, number) for topic in topics for number in partitions]

    def ends(self) -> dict[Partition, int]:
        """Return where every input ends now, for readers of committed records."""
        return self._admin.stable_ends(self.inputs(range(self.partitions())))

    def beginnings(self) -> dict[Partition, int]:
        """Return where every input begins now."""
        return self._admin.beginnings(self.inputs(range(self.partitions())))

    def committed(self) -> dict[Partition, int]:
        """Return the group's offsets of every input."""
        return self._admin.committed(self._app, self.inputs(range(self._partitions or 0)))

    def survey(self, partitions: Sequence[int]) -> dict[int, Ground]:
        """Return the ground for some tasks; those whose offsets an open transaction holds are left out."""
        count = self.partitions()
        if not partitions:
            return {}
        # (1) stable offsets; (2) only then the end of the state, of open transactions too: all
        # that the offsets cover lies before it.
        committed, held = self._admin.settled(self._app, self.inputs(partitions))
        partitions = sorted(set(partitions) - {number for _, number in held})
        inputs = self.inputs(partitions)
        states = [(self._state, number) for number in partitions]
        state_ends = self._admin.ends(states)
        state_begins = self._admin.beginnings(states)
        beginnings = self._admin.beginnings(inputs)
        fresh = self._fresh(inputs, beginnings)
        ends = self._admin.ends(inputs)
        return {
            number: Ground(
                committed=_of(number, committed),
                beginnings=_of(number, beginnings),
                ends=_of(number, ends),
                fresh=_of(number, fresh),
                stop_at=None if self.stop_at is None else _of(number, self.stop_at),
                state=(self._state, number),
                state_id=self._state_id,
                state_begin=state_begins[self._state, number],
                state_end=state_ends[self._state, number],
                partitions=count,
            )
            for number in partitions
        }

    def _same_count(self, count: int) -> int:
        if self._partitions not in (None, count):
            raise Fatal(
                f"the topics' partition count has changed from {self._partitions} to {count} while the application "
                "runs: keys lie elsewhere now, so its state no longer fits them"
            )
        self._partitions = count
        return count

    def _fresh(self, inputs: Sequence[Partition], beginnings: Mapping[Partition, int]) -> Mapping[Partition, int]:
        if self._start == "earliest":
            return beginnings
        if self._start == "latest":
            return self._admin.stable_ends(inputs)
        if isinstance(self._start, int):
            return self._admin.offsets_at(inputs, self._start)
        raise Misconfigured(f"start must be earliest, latest or a time, not {self._start}")


def _of(number: int, offsets: Mapping[Partition, int]) -> dict[str, int]:
    return {topic: offset for (topic, partition), offset in offsets.items() if partition == number}
