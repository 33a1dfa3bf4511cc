"""What the journal says about a rewind: which commits to take back, and which slices to take again."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from topologies.runtime.journal.assembly import START, Commit, commits
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.record import Record
from topologies.runtime.journal.replay import cuts_of
from topologies.runtime.journal.timeline import Timeline
from topologies.runtime.journal.undo import Step, slim, steps
from topologies.runtime.rewinding.replay import Placed
from topologies.runtime.rewinding.row import Rewind

CUTS_MAX = 5_000
"""How much of a replay is looked up at a time: some hundred bytes each."""


class Scan(NamedTuple):
    """`steps` lead back from where the rewind stands, the oldest first; `timeline` is that before its first step."""

    steps: Sequence[Step]
    timeline: Timeline


def scan(rewind: Rewind, newest: int, beginnings: Mapping[str, int], records: Iterable[Record], rows_max: int) -> Scan:
    """Read the commits that a rewind is about, and check that they can be taken back, or again.

    Args:
        rewind: what is asked for, or on its way.
        newest: the last commit before the rewind's first step.
        beginnings: the first offset that is left of each input.
        records: of the journal, from where the rewind stands (`offset`): at first the target's marker.
        rows_max: that a step of several commits may write.

    Raises:
        Refused: says why.
    """
    if rewind.command.target >= newest:
        raise Refused(f"there is nothing to take back: commit {newest} is the newest")
    passing = _Passing(rewind)
    passed = passing.look(_until(newest, records))
    reached = newest if rewind.phase == "asked" else rewind.reached
    back = list(steps(takewhile(lambda each: each.number <= reached, passed), rows_max))
    # What lies behind has been taken back already; the timeline was made of it too.
    deque(passed, maxlen=0)
    timeline = passing.timeline(newest, beginnings)
    return Scan(back, timeline)


class _Passing:
    """Looks at commits as they pass: there may be a million of them, so none is kept."""

    def __init__(self, rewind: Rewind) -> None:
        self._rewind = rewind
        self._first: Commit | None = None
        self._last = 0
        self._rewinds: dict[int, int] = {}

    def look(self, found: Iterable[Commit]) -> Iterator[Commit]:
        begin, offset = self._rewind.commit, self._rewind.offset
        for commit in found:
            if self._first is None:
                if commit.number != begin:
                    raise Refused(f"the journal has commit {commit.number} at offset {offset}, not {begin}. plan again")
                self._first = slim(commit)
            elif commit.gap is not None:
                raise Refused(f"commit {begin} is out of reach: {commit.gap}")
            if commit.marker.rewound_to is not None:
                self._rewinds[commit.number] = commit.marker.rewound_to
            self._last = commit.number
            yield commit

    def timeline(self, newest: int, beginnings: Mapping[str, int]) -> Timeline:
        first, last, begin = self._first, self._last, self._rewind
        if first is None:
            raise Refused(f"the journal has no commit {begin.commit} at offset {begin.offset}. plan again")
        if last != newest:
            raise Refused(f"the journal ends with commit {last}, the state is as of {newest}: it may have been off")
        found = Timeline(first.number, first.ends_at, newest, self._rewinds, START)
        if next(found.present([first]), None) is None:
            raise Refused(f"commit {first.number} was taken back by a rewind")
        _check_inputs(first, beginnings)
        return found


def _check_inputs(target: Commit, beginnings: Mapping[str, int]) -> None:
    inputs = target.marker.inputs
    if missing := sorted(beginnings.keys() - inputs.keys()):
        raise Refused(f"commit {target.number} is from before {', '.join(missing)} became an input")
    if gone := sorted(topic for topic, begin in beginnings.items() if inputs[topic] < begin):
        raise Refused(f"commit {target.number} needs records that retention has deleted, of {', '.join(gone)}")


def following(rewind: Rewind, timeline: Timeline, records: Iterable[Record]) -> list[Placed]:
    """Return the next slices of a replay, none at its end; `records` begin with the commit where it stands."""
    return list(islice(_placed(rewind, timeline, records), CUTS_MAX))


def _placed(rewind: Rewind, timeline: Timeline, records: Iterable[Record]) -> Iterator[Placed]:
    for commit in timeline.present(_whole(_until(timeline.last, records))):
        for cut in cuts_of(commit, rewind.commit, rewind.done):
            yield cut, commit.begins_at


def _whole(found: Iterable[Commit]) -> Iterator[Commit]:
    for commit in found:
        if commit.gap not in {None, START}:
            raise Refused(f"commit {commit.number} cannot be taken again: {commit.gap}")
        yield commit


def _until(newest: int, records: Iterable[Record]) -> Iterator[Commit]:
    return takewhile(lambda each: each.number <= newest, commits(records))
