"""Dead letters that only lacked something, sent again by the worker when it has come.

A thread of its own: the stream does not wait for it, and it writes nothing but
what a person's replay would. It looks when a partition comes to this worker,
and when a table has changed. Nothing is remembered that could be lost: what is
open stands in the dead-letter topic.
"""

import logging
from collections.abc import Callable, Collection
from contextlib import closing

from topologies.graph import Entry, Message, Topology, Unanswered
from topologies.runtime.asked import Asked
from topologies.runtime.errors import Aborted, Fenced, Halted, StreamError, Unavailable, Unknown
from topologies.runtime.letters.letter import Letter, Note, Place
from topologies.runtime.letters.replaying import Post, Replaying
from topologies.runtime.tables import TableFeed

log = logging.getLogger("croupier.letters")

RETRY_S = 5.0
LOOK_MAX = 10_000
"""Letters that one look finds. When they are sent the next one follows at once."""

PASSING = (Aborted, Fenced, Halted, Unanswered, Unavailable, Unknown)
"""A person may be replaying the same partition, or the cluster or a schema registry is away."""


class Retrying:
    """Looks through partitions of the dead-letter topic and sends what lacks nothing any more.

    Args:
        topology: says what is retriable, and whether it has come.
        tables: where it comes.
        post: how letters are sent.
        attempts_max: a letter that is older than so many attempts is left to people.
        by: for the notes.
    """

    def __init__(self, topology: Topology, tables: TableFeed, post: Post, attempts_max: int, by: str) -> None:
        self._retriable = topology.retriable
        self._decode = {source.topic: source.decode for source in topology.sources}
        self._tables = tables
        self._post = post
        self._attempts_max = attempts_max
        self._by = by
        # Nothing before these offsets will ever be of interest again.
        self._begins: dict[int, int] = {}

    def look(self, partition: int) -> int:
        """Send what is ready, and return how many letters were sent."""
        sent = 0
        while (ready := self._ready(partition)) and (done := self._send(partition, ready)):
            sent += done
        return sent

    def _ready(self, partition: int) -> Collection[Place]:
        """The records of open letters that lack nothing any more; remembers where the first open one lies."""
        letters = self._post.letters
        first, end = letters.bounds(partition)
        begin = max(first, min(self._begins.get(partition, 0), end))
        replayed = {each.source for each in letters.read(partition, begin, end) if isinstance(each, Note)}
        ready: set[Place] = set()
        opens_at = end
        for each in letters.read(partition, begin, end):
            if not isinstance(each, Letter) or each.source in replayed or not self._is_retriable(each):
                continue
            opens_at = min(opens_at, each.offset)
            if len(ready) < LOOK_MAX and self._lacks_nothing(each):
                ready.add(each.source)
        self._begins[partition] = opens_at
        return ready

    def _is_retriable(self, letter: Letter) -> bool:
        return letter.kind in self._retriable and letter.attempt <= self._attempts_max

    def _lacks_nothing(self, letter: Letter) -> bool:
        decode = self._decode.get(letter.source.topic)
        if decode is None or letter.form:
            return False
        [decoded] = decode([Message(*letter.source, letter.timestamp, letter.key, letter.value)])
        if not isinstance(decoded, Entry):
            return False
        with self._tables.lock:
            return self._retriable[letter.kind](decoded.fact, self._tables.values)

    def _send(self, partition: int, ready: Collection[Place]) -> int:
        sent = 0
        with closing(Replaying(self._post, partition, self._by, self._begins[partition])) as replaying:
            for letter, problem in replaying.replay(lambda letter: letter.source in ready):
                sent += problem is None
                if problem is not None:
                    log.warning("dead letter %s cannot be sent again: %s", letter.name, problem)
        if sent:
            log.info("%d dead letters of partition %d sent again: what they lacked has come", sent, partition)
        return sent


class Retries:
    """The thread. `sent` counts for people.

    Args:
        make: what looks, told how to know that it is to stop; called by the thread.
    """

    def __init__(self, make: Callable[[Callable[[], bool]], Retrying]) -> None:
        self.sent = 0
        self._make = make
        self._ours: frozenset[int] = frozenset()
        self._asked: Asked[frozenset[int], None] = Asked("letters", self._work, _given_up)

    def follow(self, running: Collection[int], *, is_news: bool) -> None:
        """Say which tasks are running, and whether a table has changed since the last call."""
        before, self._ours = self._ours, frozenset(running)
        wanted = self._ours if is_news else self._ours - before
        if wanted:
            self._asked.ask(wanted)

    def stop(self) -> None:
        """End the thread and wait for it, unless it waits for the cluster: what it has open is aborted."""
        self._asked.stop()

    def _work(self) -> None:
        stopping = self._asked.stopping
        retrying = self._make(stopping.is_set)
        waiting: set[int] = set()
        while not stopping.is_set():
            while (wanted := self._asked.next(is_idle=not waiting)) is not None:
                waiting |= wanted
            for partition in sorted(waiting & self._ours):
                if self._has_looked(retrying, partition):
                    waiting.discard(partition)
            waiting &= self._ours
            if waiting:
                stopping.wait(RETRY_S)

    def _has_looked(self, retrying: Retrying, partition: int) -> bool:
        try:
            self.sent += retrying.look(partition)
        except PASSING as error:
            log.info("dead letters of partition %d wait: %s", partition, error)
            return False
        return True


def _given_up(error: StreamError) -> None:
    """A worker can do without."""
    log.warning("dead letters are not sent again by themselves any more: %s", error)
