"""Finding a target in the journal from its end on, so that a near one costs little in a long journal."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from topologies.runtime.journal.assembly import START, Commit, commits
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.plan import Tally
from topologies.runtime.journal.record import Record
from topologies.runtime.journal.target import Choice, Offsets, ToEarliest, Wanted, checked, choose, shown
from topologies.runtime.journal.timeline import Timeline, survey

WINDOW_RECORDS = 50_000
WINDOW_RECORDS_MAX = 200_000
"""The commits of one window are in memory, without their lists: less than a kilobyte each, of three records or more."""

GROWTH = 2
"""Each window is larger by this than the one behind it, because each costs a connection. Nothing is read twice."""

Read = Callable[[int, int], Iterable[Record]]
"""The committed records from an offset to before another."""


class Found(NamedTuple):
    """A commit that can be gone back to, the newest commit, and what lies behind the one, up to the other."""

    target: Commit
    newest: Commit
    tally: Tally


class _Known(NamedTuple):
    """What was found from the journal's end on; `oldest_present` is the oldest of the timeline in the last window."""

    timeline: Timeline
    choice: Choice
    oldest: Commit
    oldest_present: Commit | None
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
    begin, known, tally = end, None, Tally()
    while begin > first:
        begin = max(first, begin - window)
        window = min(WINDOW_RECORDS_MAX, window * GROWTH)
        # The oldest that is known may lack its beginning: it is read again, whole.
        seen = tally.look(read(begin, end if known is None else known.oldest.ends_at + 1))
        if not seen:
            continue
        known = _joined(wanted, beginnings, [each.commit for each in seen], known)
        tally.add(seen[1:], known.timeline)
        is_whole = begin == first or known.timeline.gap != START
        if is_whole or _is_enough(wanted, known):
            return Found(_checked(wanted, beginnings, known, is_whole=is_whole), known.newest, tally)
    raise Refused("there is no commit in the journal")


def _joined(wanted: Wanted, beginnings: Offsets, older: list[Commit], known: _Known | None) -> _Known:
    """Return what is known with the commits of another window, the last of which was the oldest that was known."""
    timeline, newer = survey(older), Choice(None, None)
    if known is not None:
        rewinds = {**timeline.rewinds, **known.timeline.rewinds}
        timeline, newer = timeline._replace(last=known.timeline.last, rewinds=rewinds), known.choice
    there = choose(wanted, timeline, beginnings, older)
    earliest = there.earliest or newer.earliest
    choice = Choice(earliest if isinstance(wanted, ToEarliest) else newer.chosen or there.chosen, earliest)
    oldest_present = next(timeline.present(older), None)
    return _Known(timeline, choice, older[0], oldest_present, older[-1] if known is None else known.newest)


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


def _is_enough(wanted: Wanted, known: _Known) -> bool:
    """Whether what lies further back would change nothing: the target is found, or cannot be gone back to any more."""
    if known.choice.chosen is not None and not isinstance(wanted, ToEarliest):
        return True
    return known.oldest_present is not None and known.oldest_present is not known.choice.earliest


def _checked(wanted: Wanted, beginnings: Offsets, known: _Known, *, is_whole: bool) -> Commit:
    choice = known.choice
    if is_whole or choice.chosen is not None or choice.earliest is None:
        return checked(wanted, known.timeline, beginnings, choice)
    why = "that is before the records that retention has left of the inputs"
    raise Refused(f"{why}. the earliest possible target is {shown(choice.earliest)}")
