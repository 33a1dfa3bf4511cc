"""Dead letters of one partition sent to their inputs again: exactly once, whoever does it, and whoever dies.

One transaction holds a record, back in its input, and the note of it. Each
partition has a transactional id of its own; who takes it later fences who had
it, and reads all notes before it sends anything. So of two at once one stops,
and what either has committed is never sent again.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from topologies.runtime.errors import Aborted, Poison, Unknown
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.letters import letter
from topologies.runtime.letters.letter import Letter, Note, Place
from topologies.runtime.letters.reading import Letters
from topologies.runtime.taking_over import taken_over

BACK_OFF_S = (0.05, 0.5)
"""Between the attempts of one transaction."""

LETTERS_MAX = 500
BYTES_MAX = 4 << 20
"""Of one transaction: readers of the inputs wait as long as it is open."""

Wants = Callable[[Letter], bool]


class Post(NamedTuple):
    """What sending again needs.

    `transactions` makes a producer for a partition, with the partition's
    transactional id. `topics` are the inputs, with `partitions` each, chosen by `partitioner`.
    """

    letters: Letters
    transactions: Callable[[int], Transactions]
    topics: Collection[str]
    partitions: int
    partitioner: str
    wall_ms: Callable[[], int]
    is_stopping: Callable[[], bool]


class Outcome(NamedTuple):
    """What became of a letter: sent and committed, or `problem` says why not."""

    letter: Letter
    problem: str | None


class Replaying:
    """Sends letters of one partition; `close` it.

    Args:
        post: the means.
        partition: of the dead-letter topic.
        by: who does it, for the notes.
        begin: no letter before this offset is wanted.
    """

    def __init__(self, post: Post, partition: int, by: str, begin: int) -> None:
        self._post = post
        self._partition = partition
        self._by = by
        self._begin = begin
        self._read_to = 0
        self._replayed: set[Place] = set()
        self._transactions: Transactions | None = None

    def replay(self, wants: Wants) -> Iterator[Outcome]:
        """Send the wanted letters that were not sent again yet, in their order; yield each when it is committed.

        Raises:
            Fenced: somebody else replays this partition. What was yielded is done.
            StreamError: the cluster does not answer, or refuses us.
        """
        self._take_over()
        bundle: dict[Place, Letter] = {}
        size = 0
        for each in self._post.letters.read(self._partition, self._begin, self._read_to):
            if not isinstance(each, Letter) or each.source in self._replayed or each.source in bundle:
                continue
            if not wants(each):
                continue
            if (problem := letter.obstacle(each, self._post.topics)) is not None:
                yield Outcome(each, problem)
                continue
            bundle[each.source] = each
            size += len(each.value or b"")
            if len(bundle) >= LETTERS_MAX or size >= BYTES_MAX:
                yield from self._send(list(bundle.values()))
                bundle, size = {}, 0
        yield from self._send(list(bundle.values()))

    def close(self) -> None:
        """Let go of the producer."""
        if self._transactions is not None:
            self._transactions.close()
            self._transactions = None

    def _take_over(self) -> None:
        """Fence whoever had the partition, then learn what they have sent."""
        self.close()
        self._transactions = taken_over(lambda: self._post.transactions(self._partition), self._post.is_stopping)
        # From the first letter on: a note may stand before a later letter of the same record.
        first, end = self._post.letters.bounds(self._partition)
        for each in self._post.letters.read(self._partition, max(first, self._read_to), end):
            if isinstance(each, Note):
                self._replayed.add(each.source)
        self._read_to = max(self._read_to, end)

    def _send(self, bundle: Sequence[Letter]) -> Iterator[Outcome]:
        """Send together; one after the other when that cannot be written, to find which one."""
        try:
            self._commit(bundle)
        except (Poison, Aborted) as error:
            if len(bundle) == 1:
                yield Outcome(bundle[0], str(error))
            else:
                for each in bundle:
                    yield from self._send([each])
        else:
            yield from (Outcome(each, None) for each in bundle)

    def _commit(self, bundle: Sequence[Letter]) -> None:
        left = bundle
        for pause_s in BACK_OFF_S:
            try:
                self._transact(left)
            except Aborted:
                time.sleep(pause_s)
            except Unknown:
                # Behind a new fence the notes say whether it was committed.
                self._take_over()
                left = [each for each in bundle if each.source not in self._replayed]
            else:
                return
        self._transact(left)

    def _transact(self, bundle: Sequence[Letter]) -> None:
        transactions, post = self._transactions, self._post
        if not bundle or transactions is None:
            return
        transactions.begin()
        try:
            for each in bundle:
                again, note = letter.again(each, post.partitioner, post.partitions), letter.note(each, self._by)
                transactions.send_to(*again)
                transactions.send_to((post.letters.topic, note.partition), *note[1:], post.wall_ms())
            transactions.commit()
        except (Poison, Aborted):
            transactions.abort()
            raise
        self._replayed.update(each.source for each in bundle)
