"""Which commits the present is made of, and which of them a rewind can go back to.

Commits are numbered in the order in which they lie in the journal. A rewind's
commit says `rewound_to`: it brings back the state as of an earlier commit, and
with it the timeline as of that commit. So the timeline is the chain from the
last commit back over such jumps. A rewind's own commits are not in it: they
read nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from topologies.runtime.journal.assembly import START, Commit
from topologies.runtime.journal.errors import Refused


class Timeline(NamedTuple):
    """What some commits in a row say about the present.

    `since` is the offset of the first one's marker, `gap` why nothing before
    it is known, as in `Commit`. `rewinds` has, by the number of a rewind's
    commit, what it went back to. The timeline as of an earlier commit is the
    same value with that one as `last`.
    """

    first: int
    since: int
    last: int
    rewinds: Mapping[int, int]
    gap: str

    def stretches(self) -> Iterator[range]:
        """Yield the numbers of the timeline's commits, the newest stretch first."""
        rewinds = sorted(self.rewinds)
        at = self.last
        while at >= self.first:
            before = bisect_right(rewinds, at)
            begin = rewinds[before - 1] if before else self.first - 1
            if at == begin:
                at = self.rewinds[at]
            else:
                yield range(begin + 1, at + 1)
                at = begin

    def back(self, commits: int) -> int | None:
        """Return the number of the commit that lies so many before the newest; None: before those that are known."""
        for stretch in self.stretches():
            if commits < len(stretch):
                return stretch[-1 - commits]
            commits -= len(stretch)
        return None

    def present(self, commits: Iterable[Commit]) -> Iterator[Commit]:
        """Yield those of some commits in a row that are in the timeline."""
        stretches = list(self.stretches())
        for commit in commits:
            # Numbers from before a gap may come again behind it.
            if commit.ends_at < self.since:
                continue
            while stretches and commit.number >= stretches[-1].stop:
                stretches.pop()
            if stretches and commit.number in stretches[-1]:
                yield commit


def survey(commits: Iterable[Commit]) -> Timeline:
    """Return the timeline as of the last of some commits in a row.

    Raises:
        Refused: there is none.
    """
    first, last = None, 0
    rewinds: dict[int, int] = {}
    for commit in commits:
        last = commit.number
        if commit.gap is not None or first is None:
            first = commit
            rewinds.clear()
        if commit.marker.rewound_to is not None:
            rewinds[last] = commit.marker.rewound_to
    if first is None:
        raise Refused("there is no commit in the journal")
    return Timeline(first.number, first.ends_at, last, rewinds, first.gap or START)
