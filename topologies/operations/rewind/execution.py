"""Doing what plans say: by the workers, which get commands, or, when there are none, by ourselves."""

import time
from collections.abc import Callable, Iterator, Sequence

from topologies.operations import allowed
from topologies.operations.errors import Failed
from topologies.operations.rewind import asking, offline
from topologies.operations.rewind.asking import Wish
from topologies.operations.rewind.following import Look, followed
from topologies.operations.rewind.history import Rewind
from topologies.operations.rewind.planned import Planned
from topologies.operations.rewind.site import Site
from topologies.runtime.kafka.groups import GroupPhase
from topologies.runtime.task import Moment

LOOK_S = 0.5

Tell = Callable[[str], None]


def execute(
    site: Site, planned: Sequence[Planned], wish: Wish, now_ms: Callable[[], int], tell: Tell
) -> Iterator[Look]:
    """Take partitions back, and look at how far that is, until it is over.

    Raises:
        Failed: it could not be begun.
        StreamError: the cluster does not answer, or we are not allowed.
    """
    allowed.check(site.admin, site.topology, site.settings, "operator")
    phase = settled(site, wish.deadline_ms / 1000, tell)
    rewinds = asking.asked(planned, wish, now_ms())
    tell(f"rewind {rewinds[0].command.id}")
    if phase == "empty":
        return _offline(site, rewinds, now_ms, tell, lambda: asking.send(site, rewinds))
    return _by_workers(site, rewinds, now_ms, tell)


def _by_workers(site: Site, rewinds: Sequence[Rewind], now_ms: Callable[[], int], tell: Tell) -> Iterator[Look]:
    """Let the workers do it, unless there turn out to be none: a static member that has left counts as one for long."""
    for look in followed(site, rewinds, now_ms):
        if look.quiet == "empty" and look.is_unheard:
            tell("no worker is running any more: it is done without")
            # Who finds the commands later passes over them.
            yield from _offline(site, rewinds, now_ms, tell, lambda: None)
            return
        yield look


def _offline(
    site: Site, rewinds: Sequence[Rewind], now_ms: Callable[[], int], tell: Tell, send: Callable[[], None]
) -> Iterator[Look]:
    """Take partitions of a group without members back; the replays are left to workers."""
    name = rewinds[0].command.id

    def clock() -> Moment:
        return Moment(now_ms(), time.monotonic())

    offline.take_back(site.settings, rewinds, send, clock, tell)
    done = [each for each in asking.ever_asked(site) if each.command.id == name]
    yield Look(done, [], 0)


def settled(site: Site, patience_s: float, tell: Tell) -> GroupPhase:
    """Wait until the group has members, or has none; in between, who is leaving may still commit.

    Raises:
        Failed: it has not come to rest.
    """
    group = site.settings.app
    give_up_at, is_told = time.monotonic() + patience_s, False
    while (phase := site.admin.group_phase(group)) == "moving":
        if time.monotonic() > give_up_at:
            raise Failed(f"nothing was done: the members of group {group} come and go")
        if not is_told:
            tell(f"waiting: the members of group {group} come and go")
            is_told = True
        time.sleep(LOOK_S)
    return phase
