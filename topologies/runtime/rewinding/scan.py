"""What the journal says about a rewind: which commits to take back, and which slices to take again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from topologies.runtime.journal.assembly import Assembly, Commit
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.record import Record
from topologies.runtime.journal.replay import cuts
from topologies.runtime.journal.timeline import Timeline, survey
from topologies.runtime.journal.undo import Step, steps
from topologies.runtime.rewinding.replay import Placed
from topologies.runtime.rewinding.row import Rewind

CUTS_MAX = 5_000
"""How much of a replay is looked up at a time: some hundred bytes each."""


class Scan(NamedTuple):
    """`steps` lead back from where the rewind stands, the next one first; `timeline` is that before its first step."""

    steps: Sequence[Step]
    timeline: Timeline


def scan(rewind: Rewind, newest: int, beginnings: Mapping[str, int], records: Iterable[Record], rows_max: int) -> Scan:
    """Read from the target on to the journal's end, and check that the target can be gone back to.

    Args:
        rewind: what is asked for, or on its way.
        newest: the last commit before the rewind's first step.
        beginnings: the first offset that is left of each input.
        records: of the journal, from the target's marker on.
        rows_max: before-images that a step of several commits may have.

    Raises:
        Refused: says why.
    """
    target = rewind.command.target
    commits = [_slim(each) for each in takewhile(lambda each: each.number <= newest, _commits(records))]
    _check(target, newest, beginnings, commits)
    timeline = survey(commits)
    if next(timeline.present(commits[:1]), None) is None:
        raise Refused(f"commit {target} was taken back by a rewind")
    reached = newest if rewind.phase == "asked" else rewind.reached
    behind = [commit for commit in reversed(commits) if commit.number <= reached]
    return Scan(list(steps(behind, rows_max)), timeline)


def _check(target: int, newest: int, beginnings: Mapping[str, int], commits: Sequence[Commit]) -> None:
    if target >= newest:
        raise Refused(f"there is nothing to take back: commit {newest} is the newest")
    if not commits or commits[0].number != target:
        raise Refused(f"commit {target} is not where the plan says: the journal may have lost it. plan again")
    if broken := next((commit.gap for commit in commits[1:] if commit.gap is not None), None):
        raise Refused(f"commit {target} is out of reach: {broken}")
    if commits[-1].number != newest:
        raise Refused(f"the journal ends with commit {commits[-1].number}, the state is as of {newest}")
    inputs = commits[0].marker.inputs
    if missing := sorted(beginnings.keys() - inputs.keys()):
        raise Refused(f"commit {target} is from before {', '.join(missing)} became an input")
    if gone := sorted(topic for topic, begin in beginnings.items() if inputs[topic] < begin):
        raise Refused(f"commit {target} needs records that retention has deleted, of {', '.join(gone)}")


def following(rewind: Rewind, timeline: Timeline, records: Iterable[Record]) -> list[Placed]:
    """Return the next slices of a replay, none at its end; `records` begin with the commit where it stands."""
    at, done = rewind.commit, rewind.done
    return list(islice(_placed(timeline, at, done, _commits(records)), CUTS_MAX))


def _placed(timeline: Timeline, at: int, done: int, commits: Iterable[Commit]) -> Iterator[Placed]:
    for commit in commits:
        if commit.number > timeline.last:
            return
        for cut in cuts(timeline, at, [commit], done=done):
            yield cut, commit.begins_at


def _commits(records: Iterable[Record]) -> Iterator[Commit]:
    assembly = Assembly()
    take: Callable[[Record], Commit | None] = assembly.take
    return (commit for record in records if (commit := take(record)) is not None)


def _slim(commit: Commit) -> Commit:
    """Without its lists, a million commits fit into memory."""
    return commit._replace(marker=commit.marker._replace(slices=(), heard=(), vanished=()))
