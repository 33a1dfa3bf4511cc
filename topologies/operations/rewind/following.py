"""Following rewinds to their ends: what workers answer, and how far the replays are."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from topologies.operations.rewind import asking
from topologies.operations.rewind.history import Rewind, answered
from topologies.operations.rewind.site import Site
from topologies.runtime.kafka import polled
from topologies.runtime.kafka.groups import GroupPhase
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import Answer

LOOK_S = 0.3
QUIET_S = 3.0
"""After which it is asked whether anybody works at all."""

GRACE_MS = 30_000
"""How long after its deadline a command may still be answered: it may have been taken up just before."""


class Look(NamedTuple):
    """How some rewinds stand.

    `news` are those of which something was heard since the last look.
    `replayed` counts records, of all of them. `quiet` is None as long as
    something happens. When nothing has for a while, it is whether the group
    has members at all.
    """

    rewinds: Sequence[Rewind]
    news: Sequence[Rewind]
    replayed: int
    quiet: GroupPhase | None = None

    @property
    def is_unheard(self) -> bool:
        """No worker has answered yet."""
        return not any(each.answers for each in self.rewinds)


def followed(site: Site, rewinds: Sequence[Rewind], now_ms: Callable[[], int]) -> Iterator[Look]:
    """Give commands to the workers, and look at what becomes of them until nothing more will.

    Raises:
        Unknown: some commands may not have arrived.
        StreamError: the cluster does not answer.
    """
    with closing(site.reader()) as reader:
        # Before anything is sent: an answer that came earlier than we listen would be missed.
        reader.add(site.admin.ends([(site.own.control, each.partition) for each in rewinds]))
        asking.send(site, rewinds)
        following = _Following(site, reader, rewinds)
        while not following.is_over(now_ms()):
            yield following.look()


class _Following:
    def __init__(self, site: Site, reader: Reader, rewinds: Sequence[Rewind]) -> None:
        self._site = site
        self._reader = reader
        self._rewinds = {each.partition: each for each in rewinds}
        self._replayed = 0
        self._moved_at_s = time.monotonic()

    def is_over(self, now_ms: int) -> bool:
        return all(
            each.is_over or (not each.answers and now_ms > each.command.deadline_ms + GRACE_MS)
            for each in self._rewinds.values()
        )

    def look(self) -> Look:
        news = [self._heard(partition, said) for partition, said in self._answers()]
        committed = self._site.committed(list(self._rewinds))
        replayed = sum(each.replayed(committed) for each in self._rewinds.values())
        if news or replayed != self._replayed:
            self._moved_at_s = time.monotonic()
        self._replayed = replayed
        return Look(list(self._rewinds.values()), news, replayed, self._quiet())

    def _answers(self) -> Iterator[tuple[int, Answer]]:
        got = self._reader.poll(LOOK_S)
        if got.traps:
            raise got.traps[0].error
        for message in map(polled.message, got.messages):
            said = control.decode(message.value)
            if isinstance(said, Answer) and said.id == self._rewinds[message.partition].command.id:
                yield message.partition, said

    def _heard(self, partition: int, said: Answer) -> Rewind:
        self._rewinds[partition] = answered(self._rewinds[partition], said)
        return self._rewinds[partition]

    def _quiet(self) -> GroupPhase | None:
        if time.monotonic() - self._moved_at_s < QUIET_S:
            return None
        self._moved_at_s = time.monotonic()
        return self._site.admin.group_phase(self._site.settings.app)
