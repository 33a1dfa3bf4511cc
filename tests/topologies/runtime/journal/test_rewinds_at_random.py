"""A task that commits and rewinds at random, beside a model that remembers everything, whole, after every commit."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topologies.runtime.journal import marker
from topologies.runtime.journal.assembly import START, Commit, commits
from topologies.runtime.journal.marker import Heard, Marker, Slice
from topologies.runtime.journal.plan import Plan, Tally, from_json, to_json
from topologies.runtime.journal.record import MARKER, Record
from topologies.runtime.journal.replay import cuts
from topologies.runtime.journal.target import ShiftBy, ToCommit, ToEarliest, ToOffsets, Wanted, checked, choose
from topologies.runtime.journal.timeline import Timeline, survey
from topologies.runtime.journal.undo import Told, steps, undo

TOPICS = ("bets", "orders")
KEYS = [b"p%d\0row\0%d" % (player, row) for player in range(3) for row in range(2)] + [b"\0timer\0007\0t\0p1\0r"]
EVENTS = [(f"p{player}", f"e{event}") for player in range(3) for event in range(8)]
PART_BYTES_MAX = marker.FRAME_BYTES + 100

Rows = dict[bytes, bytes]
Inputs = dict[str, int]


class Snapshot(NamedTuple):
    """How everything was after a commit.

    `settled` are the events that the timeline has told, or that a replay in it
    has reported as vanished.
    """

    rows: Rows
    inputs: Inputs
    timeline: tuple[int, ...]
    settled: frozenset[tuple[str, str]]


class World:
    """A task as a runtime would run it. `crm` is what the CRM has heard, as it heard it last."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.rows: Rows = {}
        self.replay: Told = {}
        self.crm: Told = {}
        self.journal: list[Record] = []
        self.was = {0: Snapshot({}, dict.fromkeys(TOPICS, 0), (), frozenset())}

    @property
    def last(self) -> int:
        return len(self.was) - 1

    def commit(self, said: Marker, changes: dict[bytes, bytes | None]) -> None:
        """Write before-images and marker, as one transaction; each takes one more offset."""
        for key, value in changes.items():
            self._write(key, self.rows.get(key))
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value
        self._write(b"\0difference\0r", b"{}")
        said = said._replace(images=len(changes))
        for key, part in marker.encode(said, TOPICS, PART_BYTES_MAX):
            self._write(key, part)
        self.was[said.commit] = self._snapshot(said)

    def _write(self, key: bytes, value: bytes | None) -> None:
        gap = 1 + self.rng.randrange(2)
        offset = self.journal[-1].offset + gap if self.journal else 0
        self.journal.append(Record(offset, key, value))

    def _snapshot(self, said: Marker) -> Snapshot:
        before = self.was[self.last]
        if said.rewound_to is not None:
            return self.was[said.rewound_to]
        settled = before.settled | {(each.key, each.id) for each in (*said.heard, *said.vanished)}
        return Snapshot(dict(self.rows), dict(said.inputs), (*before.timeline, said.commit), settled)

    def work(self) -> None:
        """Take some records and say something new about them."""
        slices: list[Slice] = []
        at = self.was[self.last].inputs
        for _ in range(self.rng.randrange(4)):
            at = {topic: offset + self.rng.randrange(3) for topic, offset in at.items()}
            slices.append(
                Slice(tuple(at.values()), 1_000 + self.last, None, self.rng.choice([None, "\0timer\0007\0t\0p1\0r"]))
            )
        self.commit(Marker(self.last + 1, at, 0, slices, self._heard()), self._changes())

    def _changes(self) -> dict[bytes, bytes | None]:
        keys = self.rng.sample(KEYS, self.rng.randrange(4))
        return {key: self.rng.choice([None, b"%d" % self.rng.randrange(99)]) for key in keys}

    def _heard(self) -> list[Heard]:
        """Come to some events. What the CRM has heard already is not sent again, or sent as it is now."""
        found = []
        for event in self.rng.sample(EVENTS, self.rng.randrange(3)):
            if event in self.was[self.last].settled:
                continue
            heard_before = self.replay.pop(event, None)
            is_sent = heard_before is None or self.rng.random() < 0.3
            content = f"{self.rng.randrange(3)}" if is_sent else f"{heard_before}"
            self.crm[event] = content
            found.append(Heard(*event, content))
        return found

    def rewind(self, target: int, rows_max: int) -> None:
        old = self.last
        self._back(target, rows_max)
        assert {**self.was[target].rows} == self.rows
        assert open_events(self, target) == self.replay
        self._replay(target, old)
        assert self.replay.keys() <= self.crm.keys()
        self._sweep()

    def _back(self, target: int, rows_max: int) -> None:
        reached = self.last
        while reached > target:
            back = [each for each in commits(self.journal) if target <= each.number <= reached]
            *_, step = steps(back, rows_max)
            lines = [each for each in self.journal if step.begins_at <= each.offset <= step.ends_at]
            rows, told = undo(lines)
            self.replay = told | self.replay
            reached = step.reaches.number
            there = step.reaches.marker
            said = Marker(self.last + 1, there.inputs, there.stream_time, rewound_to=reached, rewind="r")
            self.commit(said, rows)
            assert self.was[reached].rows == self.rows

    def _replay(self, target: int, old: int) -> None:
        timeline = survey(commits(self.journal))._replace(last=old)
        slices = list(cuts(timeline, target, commits(self.journal)))
        for cut in slices:
            offsets = tuple(cut.until[topic] for topic in TOPICS)
            said = Marker(
                self.last + 1, cut.until, 0, [Slice(offsets, cut.wall_ms, cut.due, cut.tick)], self._heard(), rewind="r"
            )
            before = self.was[self.last].inputs
            assert all(before[topic] <= cut.until[topic] for topic in TOPICS)
            self.commit(said, self._changes())
        assert self.was[old].inputs == self.was[self.last].inputs

    def _sweep(self) -> None:
        left = [Heard(key, event, content) for (key, event), content in self.replay.items()]
        self.replay = {}
        self.commit(Marker(self.last + 1, self.was[self.last].inputs, 0, vanished=left, rewind="r"), {})


def open_events(world: World, number: int) -> Told:
    """What the CRM has heard and the timeline up to a commit has not settled."""
    return {event: content for event, content in world.crm.items() if event not in world.was[number].settled}


def lived(rng: Random) -> World:
    world = World(rng)
    for _ in range(rng.randrange(1, 4)):
        for _ in range(rng.randrange(1, 8)):
            world.work()
        if rng.random() < 0.8:
            world.rewind(rng.choice(world.was[world.last].timeline), rng.choice([1, 3, 100]))
    return world


worlds = st.builds(lived, st.randoms(use_true_random=False))


@settings(max_examples=30, deadline=None)
@given(worlds)
def test_whatever_happened_any_commit_can_be_brought_back(world: World) -> None:
    for commit in commits(world.journal):
        rows, told = undo(record for record in world.journal if record.offset > commit.ends_at)
        state = {key: value for key, value in {**world.rows, **rows}.items() if value is not None}

        assert world.was[commit.number].rows == state
        # Only those can be targets. One that was taken back may have settled what a replay has told since.
        if commit.number in world.was[world.last].timeline:
            assert open_events(world, commit.number) == told


@settings(max_examples=20, deadline=None)
@given(worlds)
def test_the_timeline_is_what_was_not_taken_back(world: World) -> None:
    timeline = survey(commits(world.journal))

    assert (1, world.last, START) == (timeline.first, timeline.last, timeline.gap)
    for number, then in world.was.items():
        present = timeline._replace(last=number).present(commits(world.journal))
        assert then.timeline == tuple(each.number for each in present)
    newest = world.was[world.last].timeline
    assert [*reversed(newest), None] == [timeline.back(commits_back) for commits_back in range(len(newest) + 1)]


@settings(max_examples=20, deadline=None)
@given(worlds, st.data())
def test_the_end_of_a_journal_says_the_same_of_what_lies_in_it(world: World, data: st.DataObject) -> None:
    last_marker = max(index for index, each in enumerate(world.journal) if each.key == MARKER)
    end = world.journal[data.draw(st.integers(0, last_marker)) :]
    first, *others = commits(end)
    whole = {each.number: each for each in commits(world.journal)}

    assert START == first.gap
    assert whole[first.number].ends_at == first.ends_at
    assert [whole[each.number] for each in others] == others
    known = [number for number in world.was[world.last].timeline if number >= first.number]
    assert known == [each.number for each in survey([first, *others]).present([first, *others])]


@settings(max_examples=20, deadline=None)
@given(worlds)
def test_commits_lie_one_behind_the_other(world: World) -> None:
    found = list(commits(world.journal))

    assert list(range(1, world.last + 1)) == [each.number for each in found]
    assert all(one.ends_at < other.begins_at for one, other in pairwise(found))
    assert (0, world.journal[-1].offset) == (found[0].begins_at, found[-1].ends_at)


def wishes(world: World) -> list[tuple[Wanted, int]]:
    """What can be asked for, and the commit that the model would take."""
    was, timeline = world.was, world.was[world.last].timeline
    middle = timeline[len(timeline) // 2]
    limits = was[middle].inputs
    up_to = [each for each in timeline if all(was[each].inputs[topic] <= limits[topic] for topic in TOPICS)]
    bets = [each for each in timeline if was[each].inputs["bets"] <= limits["bets"]]
    return [
        (ToCommit(middle), middle),
        (ShiftBy(len(timeline) - 1), timeline[0]),
        (ToEarliest(), timeline[0]),
        (ToOffsets(limits), up_to[-1]),
        (ToOffsets({"bets": limits["bets"]}), bets[-1]),
    ]


def chosen(world: World, wanted: Wanted, timeline: Timeline) -> Commit:
    beginnings = dict.fromkeys(TOPICS, 0)
    choice = choose(wanted, timeline, beginnings, commits(world.journal))
    return checked(wanted, timeline, beginnings, choice)


@settings(max_examples=20, deadline=None)
@given(worlds)
def test_a_target_is_what_a_person_would_point_at(world: World) -> None:
    timeline = survey(commits(world.journal))

    for wanted, expected in wishes(world):
        assert expected == chosen(world, wanted, timeline).number


@settings(max_examples=20, deadline=None)
def planned(journal: Sequence[Record], target: Commit, timeline: Timeline, rows_max: int) -> Plan:
    """A plan, told in two windows from the newest commit on."""
    tally, middle = Tally(), len(journal) // 2
    newer = tally.look(journal[middle:])
    if newer:
        tally.add(newer[1:], timeline)
    older = tally.look([each for each in journal if not newer or each.offset <= newer[0].commit.ends_at])
    tally.add(older, timeline)
    return tally.plan(3, target, (newer or older)[-1].commit, rows_max)


@given(worlds, st.sampled_from([1, 3, 100]))
def test_a_plan_says_what_the_rewind_does(world: World, rows_max: int) -> None:
    timeline = survey(commits(world.journal))
    target = chosen(world, ToCommit(world.was[world.last].timeline[0]), timeline)
    after = [each for each in commits(world.journal) if each.number >= target.number]

    found = planned(world.journal, target, timeline, rows_max)

    back = list(steps(after, rows_max))
    behind = [each for each in after[1:] if each.number in world.was[world.last].timeline]
    assert len(back) == found.steps
    assert sum(each.marker.images for each in after[1:]) == found.rows
    assert sum(len(each.marker.heard) for each in behind) == found.events
    assert after[-1].ends_at == found.newest_offset
    assert found == from_json(to_json(found))


@pytest.mark.parametrize("rows_max", [1, 2, 5])
def test_steps_are_no_larger_than_they_may_be(rows_max: int) -> None:
    world = lived(Random(7))
    found = list(commits(world.journal))
    rows = {each.number: each.rows for each in found}
    reached = found[-1].number

    for step in reversed(list(steps(found, rows_max))):
        taken = range(step.reaches.number + 1, reached + 1)
        assert step.rows <= rows_max or len(taken) == 1
        assert step.rows == sum(rows[number] for number in taken)
        reached = step.reaches.number
    assert reached == 1
