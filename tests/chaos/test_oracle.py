"""The oracle sees each thing that can go wrong, and nothing where nothing is wrong."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import histories
import pytest

from processors.events import Event
from tests.chaos.oracle import Evidence, Partition, judged
from tests.integration.crowd import PLACES, Laid, crowd
from tests.integration.outputs import Written, ends_of, expected
from tests.integration.truth import in_merge_order, truth_in_order
from topologies.runtime.head import Head
from topologies.runtime.journal.assembly import START, Commit
from topologies.runtime.journal.marker import Heard, Marker, Slice

SENT = crowd(1, 600, 1)
PER_COMMIT = 50


def cut_in_commits(sent: list[Laid]) -> tuple[list[Laid], list[Commit]]:
    """Topic by topic, so many at a time: not in the order of time."""
    at = dict.fromkeys(PLACES, 0)
    order: list[Laid] = []
    commits: list[Commit] = []
    while len(order) < len(sent):
        until = {topic: at[topic] + PER_COMMIT for topic in PLACES}
        lanes = [[each for each in sent if each.topic == topic][at[topic] : until[topic]] for topic in PLACES]
        order += in_merge_order(lanes)
        at = {topic: at[topic] + len(lane) for topic, lane in zip(PLACES, lanes, strict=True)}
        number = len(commits) + 1
        marker = Marker(number, at, 0, [Slice(tuple(at.values()), 0, None, None)])
        commits.append(Commit(number, number, number, 0, marker, None if commits else START))
    return order, commits


@cache
def evidence() -> Evidence:
    """Of a run in which everything went well."""
    order, commits = cut_in_commits(SENT)
    slices = truth_in_order(order, histories.RULES, histories.rates())
    written = expected(slices, ends_of(SENT))[0]
    told = [(event.user_id, event.event_id, "hash") for event in written.events]
    last = commits[-1]
    commits[-1] = last._replace(marker=last.marker._replace(heard=[Heard(*each) for each in told]))
    heads = [Head(0, dict(each.marker.inputs), each.number) for each in commits]
    part = Partition(written, told, commits, heads, dict(last.marker.inputs))
    return Evidence(SENT, {0: part}, {}, {"worker-0": 100.0}, 200.0)


def but(part: Partition | None = None, **others: Any) -> Evidence:
    return evidence()._replace(**others) if part is None else evidence()._replace(partitions={0: part})


def part() -> Partition:
    return evidence().partitions[0]


def written(**changed: Any) -> Evidence:
    return but(part()._replace(written=part().written._replace(**changed)))


def events() -> list[Event]:
    return list(part().written.events)


def swapped() -> list[Event]:
    """Two events of one player change places."""
    found = events()
    second = next(n for n in range(1, len(found)) if found[n].user_id == found[n - 1].user_id)
    found[second - 1 : second + 1] = reversed(found[second - 1 : second + 1])
    return found


def taken_again() -> Partition:
    """A commit takes again what the one before it has taken."""
    commits = list(part().commits)
    again = commits[2].marker.slices[0]._replace(offsets=commits[1].marker.slices[0].offsets)
    commits[3] = commits[3]._replace(marker=commits[3].marker._replace(slices=[again, *commits[3].marker.slices]))
    return part()._replace(commits=commits)


def without(mapping: dict[Any, Any]) -> dict[Any, Any]:
    return dict(list(mapping.items())[1:])


Case = Callable[[], Evidence]

CASES: dict[str, tuple[Case, str, int, int]] = {
    "an event is missing": (lambda: written(events=events()[1:]), "events lost: 1, ", 1, 0),
    "an event came twice": (lambda: written(events=[*events(), events()[3]]), "events there more than once: 1", 0, 1),
    "an event of nobody": (
        lambda: written(events=[*events(), replace(events()[0], event_id="payment/x")]),
        "events there, and should not be: 1",
        0,
        0,
    ),
    "an event says something else": (
        lambda: written(events=[replace(events()[0], payload={}), *events()[1:]]),
        "events of another content: 1",
        0,
        0,
    ),
    "a player's events in the wrong order": (
        lambda: written(events=swapped()),
        "events of 1 players out of order",
        0,
        0,
    ),
    "a dead letter is missing": (
        lambda: written(letters=part().written.letters[1:]),
        "dead letters lost: 1",
        1,
        0,
    ),
    "a dead letter came twice": (
        lambda: written(letters=[*part().written.letters, part().written.letters[0]]),
        "dead letters there more than once: 1",
        0,
        1,
    ),
    "a row is missing": (lambda: written(rows=without(dict(part().written.rows))), "rows missing: 1", 0, 0),
    "a row that should be gone": (
        lambda: written(rows={**part().written.rows, ("p", "bet", "x"): (0, 1)}),
        "rows there, and should not be: 1, ('p', 'bet', 'x')",
        0,
        0,
    ),
    "a timer is missing": (lambda: written(timers=set(list(part().written.timers)[1:])), "timers missing: 1", 0, 0),
    "another stream time": (lambda: written(stream_time=1), "stream time should be", 0, 0),
    "records that nobody took": (
        lambda: but(part()._replace(commits=part().commits[:-1], heads=part().heads[:-1])),
        "only, of",
        1,
        0,
    ),
    "records taken twice": (lambda: but(taken_again()), "took rebilly.orders again from", 0, 1),
    "a commit that the state does not have": (
        lambda: but(part()._replace(heads=[*part().heads[:2], *part().heads[3:]])),
        "the journal has commit (3, ",
        0,
        0,
    ),
    "an event that no commit has said": (
        lambda: but(part()._replace(told=[*part().told, ("p", "an event", "hash")])),
        "no commit has said it",
        0,
        0,
    ),
    "an event that a commit has said and nobody sees": (
        lambda: but(part()._replace(told=part().told[1:])),
        "a commit has said, nobody sees it",
        0,
        0,
    ),
    "offsets that do not belong to the state": (
        lambda: but(part()._replace(group={**part().group, PLACES[0]: 0})),
        "the group at",
        0,
        0,
    ),
    "a transaction that hangs": (
        lambda: but(open_ends={"crm.events/0": (5, 7)}),
        "crm.events/0: a transaction hangs, readers stop at 5 of 7",
        0,
        0,
    ),
    "a worker that grows": (
        lambda: but(resident_mb={"worker-0": 300.0}),
        "worker-0 took 300 MB of memory, more than 200",
        0,
        0,
    ),
    "a partition without any commit": (lambda: but(partitions={}), "partition 0: nothing was ever committed", 1, 0),
}


def test_what_is_right_is_right() -> None:
    assert ([], 0, 0) == tuple(judged(evidence()))
    assert isinstance(part().written, Written)
    assert part().written.letters


def test_what_the_runtime_remembers_of_rewinds_is_no_row_of_a_player() -> None:
    remembered = written(rows={**part().written.rows, ("", "obeyed", ""): (0, ["6089c83a"])})

    assert ([], 0, 0) == tuple(judged(remembered))


@pytest.mark.parametrize(("case", "sentence", "lost", "duplicated"), CASES.values(), ids=CASES.keys())
def test_what_is_wrong_is_said(case: Case, sentence: str, lost: int, duplicated: int) -> None:
    found = judged(case())

    assert any(sentence in each for each in found.wrong), found.wrong
    assert (lost > 0, duplicated > 0) == (found.lost > 0, found.duplicated > 0)
