"""The dead letters of an application: looked at, and sent again."""

from collections.abc import Callable, Iterator
from contextlib import closing

from topologies import player
from topologies.operations import allowed, components, posting
from topologies.operations.errors import Failed
from topologies.operations.keeping import retentions_ms
from topologies.operations.letters.selection import Listed, Selection
from topologies.operations.rewind.asking import person
from topologies.runtime.errors import Fenced
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.letters.letter import Letter, Note, Place
from topologies.runtime.letters.replaying import Outcome, Replaying
from topologies.runtime.task import Moment
from topologies.schemas import RATES
from topologies.settings import Settings


class Office:
    """One application's.

    `inputs` are the topics that letters go back to.

    Raises:
        Misconfigured: it has no dead-letter topic.
    """

    def __init__(self, settings: Settings, clock: Callable[[], Moment]) -> None:
        self._admin = components.admin(settings, "Read")
        self._settings = settings
        topics = components.input_topics(settings)
        self.inputs = [topic for source, topic in topics.items() if source != RATES]
        cluster: Cluster = components.cluster(settings)
        self._post = posting.post(settings, self.inputs, cluster, self._admin, clock, lambda: False)
        self._letters = self._post.letters
        self.topic = self._letters.topic

    def listed(self, selection: Selection) -> Iterator[Listed]:
        """Yield the selected letters, partition by partition.

        Raises:
            Failed: there is no such partition.
        """
        for number in self._partitions(selection):
            notes: dict[Place, Note] = {}
            first, end = self._letters.settled(number)
            # From the first on: a rewind may write a letter once more, behind the note.
            for each in self._letters.read(number, first, end):
                if isinstance(each, Note):
                    notes[each.source] = each
            for each in self._letters.read(number, self._begin(number, selection), end):
                if isinstance(each, Letter) and selection.wants(each):
                    yield Listed(each, notes.get(each.source))

    def unsent(self, selection: Selection) -> Iterator[Letter]:
        """Yield the selected letters that are open, one of each record."""
        seen: set[Place] = set()
        for letter, note in self.listed(selection):
            if note is None and letter.source not in seen:
                seen.add(letter.source)
                yield letter

    def replayed(self, selection: Selection) -> Iterator[Outcome]:
        """Send the selected letters that are open, and yield what became of each.

        Raises:
            Failed: somebody else has begun the same, or there is no such partition.
            Misconfigured: we are not allowed.
        """
        topology = components.topology(player.NAME, self._settings, with_registry=False)
        allowed.check(self._admin, topology, self._settings, "replayer")
        for number in self._partitions(selection):
            begin = self._begin(number, selection)
            with closing(Replaying(self._post, number, person(), begin)) as replaying:
                try:
                    yield from replaying.replay(selection.wants)
                except Fenced as error:
                    raise Failed(
                        f"somebody else replays dead letters of partition {number} now: what was shown is sent, and "
                        "the same command goes on with the rest"
                    ) from error

    def kept_ms(self) -> dict[str, int]:
        """Return how long the inputs keep records, by their own times; none for one that keeps them for ever."""
        return retentions_ms(self._admin, self.inputs)

    def _begin(self, number: int, selection: Selection) -> int:
        """Where selected letters may begin."""
        first, _ = self._letters.settled(number, selection.since_ms)
        return selection.begin(number, first)

    def _partitions(self, selection: Selection) -> list[int]:
        numbers = range(self._post.partitions)
        asked = (selection.partitions or frozenset()) | {number for number, _ in selection.names}
        if beyond := asked - set(numbers):
            raise Failed(f"topic {self.topic} has {len(numbers)} partitions, and no {min(beyond)}")
        return [number for number in numbers if selection.has(number)]
