"""To which commit a rewind goes: always one of the timeline whose inputs are still there."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from topologies.runtime.journal.assembly import START, Commit
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.timeline import Timeline

Offsets = Mapping[str, int]
"""By topic."""


class ToCommit(NamedTuple):
    """The commit of this number."""

    number: int


class ShiftBy(NamedTuple):
    """The commit so many before the newest, from 0 on."""

    commits: int


class ToOffsets(NamedTuple):
    """The newest commit that, in each of these topics, has taken nothing from the offset on."""

    limits: Offsets


class ToEarliest(NamedTuple):
    """The earliest commit that can be gone back to."""


Wanted = ToCommit | ShiftBy | ToOffsets | ToEarliest


class Choice(NamedTuple):
    """What was found among some commits in a row.

    `chosen` is None when what is wanted does not lie among them. `earliest` is
    the earliest possible target, None when there is none.
    """

    chosen: Commit | None
    earliest: Commit | None


def choose(wanted: Wanted, timeline: Timeline, beginnings: Offsets, commits: Iterable[Commit]) -> Choice:
    """Look for a target.

    Args:
        wanted: what is asked for.
        timeline: the survey of the same commits.
        beginnings: the first offset of each input that retention has left.
        commits: from any on up to the newest. For the whole truth, and the earliest, they begin where the journal
            does; to look for a recent target in a long journal, begin nearer to the end, and further back while
            `chosen` is None.
    """
    number = _number(wanted, timeline)
    chosen = earliest = None
    for commit in timeline.present(commits):
        if earliest is None and not _lost(commit, beginnings):
            earliest = commit
        if commit.number == number or (isinstance(wanted, ToOffsets) and _is_within(commit, wanted.limits)):
            chosen = commit
    return Choice(earliest if isinstance(wanted, ToEarliest) else chosen, earliest)


def checked(wanted: Wanted, timeline: Timeline, beginnings: Offsets, choice: Choice) -> Commit:
    """Return the chosen commit; `choice` was made among all commits of the journal.

    Raises:
        Refused: it cannot be gone back to. Says why, and the earliest that can.
    """
    chosen, earliest = choice
    if earliest is None:
        raise Refused("there is no commit that a rewind could go back to")
    why = _missing(wanted, timeline) if chosen is None else _lost(chosen, beginnings)
    if chosen is None or why:
        raise Refused(f"{why}. the earliest possible target is {shown(earliest)}")
    return chosen


def shown(commit: Commit) -> str:
    """Name a commit for people."""
    return f"commit {commit.number} ({_offsets(commit.marker.inputs)})"


def _number(wanted: Wanted, timeline: Timeline) -> int | None:
    """Return the number of what is wanted, when the timeline alone can tell."""
    match wanted:
        case ToCommit(number):
            return number
        case ShiftBy(commits):
            return timeline.back(commits)
    return None


def _is_within(commit: Commit, limits: Offsets) -> bool:
    # A commit from before an input was added has taken nothing of it.
    return all(commit.marker.inputs.get(topic, 0) <= offset for topic, offset in limits.items())


def _lost(commit: Commit, beginnings: Offsets) -> str:
    """Say which records would be needed again but were deleted; empty: none. Dropped inputs are no concern of ours."""
    inputs = commit.marker.inputs
    gone = {topic: begin for topic, begin in beginnings.items() if inputs.get(topic, begin) < begin}
    if not gone:
        return ""
    return f"{shown(commit)} needs records that retention has deleted: what is left begins at {_offsets(gone)}"


def _missing(wanted: Wanted, timeline: Timeline) -> str:
    before = f"the journal begins with commit {timeline.first}" if timeline.gap == START else timeline.gap
    match wanted:
        case ToCommit(number):
            return _absent(number, timeline) or f"commit {number} is out of reach: {before}"
        case ShiftBy(commits):
            return f"{commits} commits before the newest is out of reach: {before}"
        case ToOffsets(limits):
            return f"no commit at or before {_offsets(limits)} is within reach: {before}"
    return before


def _absent(number: int, timeline: Timeline) -> str:
    """Say why a commit is not in the timeline; empty: it lies before all that are known."""
    if number > timeline.last:
        return f"there is no commit {number} yet: the newest is commit {timeline.last}"
    if number in timeline.rewinds:
        return f"commit {number} is itself a step of a rewind"
    return f"commit {number} was taken back by a rewind" if number >= timeline.first else ""


def _offsets(offsets: Offsets) -> str:
    return ", ".join(f"{topic} {offset}" for topic, offset in sorted(offsets.items()))
