"""Finding a target in the journal from its end on, so that a near one costs little in a long journal."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from topologies.runtime.journal.assembly import START, Commit, commits
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.record import Record
from topologies.runtime.journal.target import Choice, Offsets, ToEarliest, Wanted, checked, choose, shown
from topologies.runtime.journal.timeline import Timeline, survey
from topologies.runtime.journal.undo import slim

WINDOW_RECORDS = 100_000
GROWTH = 2
"""Each window is larger by this than the one behind it. What lies in that is not read again: so at most twice as much
is read as is taken back."""

Read = Callable[[int, int], Iterable[Record]]
"""The committed records from an offset to before another."""


class Found(NamedTuple):
    """A commit that can be gone back to, the timeline that it was found in, and the newest commit."""

    target: Commit
    timeline: Timeline
    newest: Commit


def search(
    wanted: Wanted, beginnings: Offsets, bounds: tuple[int, int], read: Read, window: int = WINDOW_RECORDS
) -> Found:
    """Look for a target in a partition of the journal.

    Args:
        wanted: what is asked for.
        beginnings: the first offset of each input that retention has left.
        bounds: of the partition: its first offset, and the one behind its last record.
        read: reads it.
        window: how many records are looked at first.

    Raises:
        Refused: it cannot be gone back to; says why, and the earliest that can. Only then all of the journal is read.
        Halted: a newer release wrote the journal.
    """
    first, end = bounds
    begin, known = end, list[Commit]()
    while begin > first:
        begin = max(first, begin - window)
        window *= GROWTH
        # The oldest that is known may lack its beginning: it is read again, whole.
        older = [slim(each) for each in commits(read(begin, known[0].ends_at + 1 if known else end))]
        known = older + known[1:]
        if not known:
            continue
        timeline = survey(known)
        choice = choose(wanted, timeline, beginnings, known)
        is_whole = begin == first or timeline.gap != START
        if is_whole or _is_enough(wanted, timeline, choice, known):
            return Found(_checked(wanted, timeline, beginnings, choice, is_whole=is_whole), timeline, known[-1])
    raise Refused("there is no commit in the journal")


def newest(bounds: tuple[int, int], read: Read, window: int = 1_000) -> Commit:
    """Return the last commit of a partition of the journal.

    Raises:
        Refused: there is none.
        Halted: a newer release wrote it.
    """
    first, begin = bounds[0], bounds[1]
    while begin > first:
        begin = max(first, begin - window)
        window *= GROWTH
        last = None
        for last in commits(read(begin, bounds[1])):  # noqa: B007  the last one
            pass
        if last is not None:
            return last
    raise Refused("there is no commit in the journal")


def _is_enough(wanted: Wanted, timeline: Timeline, choice: Choice, known: list[Commit]) -> bool:
    """Whether what lies further back would change nothing: the target is found, or cannot be gone back to any more."""
    if choice.chosen is not None and not isinstance(wanted, ToEarliest):
        return True
    oldest = next(timeline.present(known), None)
    return oldest is not None and oldest is not choice.earliest


def _checked(wanted: Wanted, timeline: Timeline, beginnings: Offsets, choice: Choice, *, is_whole: bool) -> Commit:
    if is_whole or choice.chosen is not None or choice.earliest is None:
        return checked(wanted, timeline, beginnings, choice)
    why = "that is before the records that retention has left of the inputs"
    raise Refused(f"{why}. the earliest possible target is {shown(choice.earliest)}")
