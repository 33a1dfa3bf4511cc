"""Who caused what: the player's records in the order in which their task took them, and what was said of each."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from heapq import merge
from typing import NamedTuple

from topologies.operations.explain.found import Commit, Found, Input, Said


class Group(NamedTuple):
    """A cause, and what was said because of it, in order.

    `input` is None for a timer, and for a record that was not read. `is_late`:
    the record was taken by an earlier commit, and has waited.
    """

    cause: str
    input: Input | None
    said: list[Said]
    is_late: bool = False


class Placed(NamedTuple):
    """The groups of every commit, and those that no commit has.

    `loose[i]` come before commit i, the last ones after all commits.
    """

    of_commits: list[list[Group]]
    loose: list[list[Group]]


def placed(found: Found) -> Placed:
    """Return all inputs and all that was said, by commit and cause."""
    commits, inputs = found.commits, {each.where: each for each in found.inputs}
    of_commits = [[Group(each.where, each, []) for each in taken] for taken in _taken(found)]
    claims = _claims(commits, found.said)
    taken = {group.cause for groups in of_commits for group in groups}
    # Of a commit whose beginning is not known, what it said tells what it took.
    loose = _loose(found, taken | {said.cause for said, at in zip(found.said, claims, strict=True) if at is not None})
    last: dict[int, int] = {}
    for said, number in zip(found.said, claims, strict=True):
        groups = _home(said, number, of_commits, loose)
        at = next((at for at, group in enumerate(groups) if group.cause == said.cause), None)
        if at is None:
            # What has a cause from elsewhere, such as a timer, stands behind what was said before it.
            at = last.get(id(groups), -1) + 1
            groups.insert(at, Group(said.cause, inputs.get(said.cause), [], said.cause in taken))
            taken.add(said.cause)
        groups[at].said.append(said)
        last[id(groups)] = at
    return Placed(of_commits, loose)


def _taken(found: Found) -> list[list[Input]]:
    """Return each commit's inputs, in the order in which it took them."""
    lanes: dict[str, list[Input]] = {}
    for each in found.inputs:
        lanes.setdefault(each.topic, []).append(each)
    return [_of_commit(commit, lanes) for commit in found.commits]


def _of_commit(commit: Commit, lanes: Mapping[str, list[Input]]) -> list[Input]:
    """Slice by slice, each merged by time; at equal times in the topology's order."""
    taken: list[Input] = []
    begins = tuple(commit.begins.get(topic, 0) for topic in commit.inputs)
    for ends in (each.offsets for each in commit.slices):
        parts = [
            _between(lanes.get(topic, []), begin, end)
            for topic, begin, end in zip(commit.inputs, begins, ends, strict=True)
        ]
        taken += merge(*parts, key=lambda each: each.time_ms)
        begins = ends
    return taken


def _between(lane: Sequence[Input], begin: int, end: int) -> Sequence[Input]:
    first, behind = (bisect_left(lane, offset, key=lambda each: each.offset) for offset in (begin, end))
    return lane[first:behind]


def _loose(found: Found, taken: Iterable[str]) -> list[list[Group]]:
    """Return the inputs that no commit has, where they lie between the commits."""
    known = set(taken)
    slots: list[list[Group]] = [[] for _ in range(len(found.commits) + 1)]
    for each in sorted(found.inputs, key=lambda one: one.time_ms):
        if each.where not in known:
            behind = (at for at, commit in enumerate(found.commits) if commit.inputs.get(each.topic, 0) > each.offset)
            slots[next(behind, len(found.commits))].append(Group(each.where, each, []))
    return slots


def _claims(commits: Sequence[Commit], all_said: Iterable[Said]) -> list[int | None]:
    """Return which commit has said what.

    The same may have been said by a commit and again by a replay, which then says so; and a replay's marker also
    has what it did not send again.
    """
    told: dict[tuple[str, str], list[int]] = {}
    for at, commit in enumerate(commits):
        for heard in commit.heard:
            told.setdefault((heard.id, heard.hash), []).append(at)
    return [_claim(said, commits, told.get((said.id, said.hash), [])) for said in all_said]


def _claim(said: Said, commits: Sequence[Commit], left: list[int]) -> int | None:
    fitting = (at for at in left if (commits[at].rewind is not None) == (said.replay is not None))
    at = next(fitting, None if said.what == "event" or not left else left[0])
    if at is not None:
        left.remove(at)
    return at


def _home(
    said: Said, number: int | None, of_commits: Sequence[list[Group]], loose: Sequence[list[Group]]
) -> list[Group]:
    if number is not None:
        return of_commits[number]
    homes = (groups for groups in [*of_commits, *loose] if any(each.cause == said.cause for each in groups))
    return next(homes, loose[0])
