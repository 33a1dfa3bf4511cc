"""Where a replay cuts the inputs: where the commits that were taken back had cut them.

Each slice is merged by time, as it was then. So the same rules come to the
same rows and events, whatever the order of arrival had been.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.timeline import Timeline


class Cut(NamedTuple):
    """One slice to take again.

    All records before `until` (by topic), then the timers up to `due` by
    stream time, then those up to `tick` by the wall clock. `done` counts the
    slices of this commit with this one: with `commit` it is how far a replay
    is.
    """

    commit: int
    done: int
    until: Mapping[str, int]
    wall_ms: int
    due: str | None
    tick: str | None


def cuts(timeline: Timeline, target: int, commits: Iterable[Commit], *, done: int = 0) -> Iterator[Cut]:
    """Yield the slices that a replay follows, in order.

    Args:
        timeline: as of the last commit before the rewind's first step.
        target: what was gone back to; later, the commit where the replay stands.
        commits: from any on up to the timeline's last. When the replay stands in one, that one is read whole.
        done: how many slices of the target are done, when the replay stands in it; 0: it is done as a whole.
    """
    for commit in timeline.present(commits):
        yield from cuts_of(commit, target, done)


def cuts_of(commit: Commit, target: int, done: int) -> Iterator[Cut]:
    """Yield the slices of a commit of the timeline that are left; arguments as those of `cuts`."""
    if commit.number < target or (commit.number == target and not done):
        return
    begin = done if commit.number == target else 0
    topics = tuple(commit.marker.inputs)
    for number, (offsets, wall_ms, due, tick) in enumerate(commit.marker.slices[begin:], start=begin + 1):
        until = dict(zip(topics, offsets, strict=True))
        yield Cut(commit.number, number, until, wall_ms, due, tick)
