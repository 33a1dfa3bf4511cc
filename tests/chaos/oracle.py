"""What has to be so in the end, whatever was done to the system: pure, evidence in, sentences out.

The journal says in which order the records were taken. The processors, which are pure, say what comes of that order. So
every event, dead letter, row and timer is known exactly, and compared.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import histories

from processors.events import Event
from tests.chaos import remains
from tests.chaos.remains import Change, Remains
from tests.integration.crowd import PLACES, Laid
from tests.integration.outputs import Ends, Written, expected
from tests.integration.truth import Letter, in_merge_order, truth_in_order
from topologies.runtime.head import Head
from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.timeline import survey

Told = tuple[str, str, str]
"""An event that a reader of committed records sees: key, id, hash of its content."""

SHOWN = 3


class Partition(NamedTuple):
    """One partition at the end: what readers see of it, and every commit by its two traces."""

    written: Written
    told: Sequence[Told]
    commits: Sequence[Commit]
    """From the journal, in order. Inputs by their default names."""

    heads: Sequence[Head]
    """From the state topic, in order, likewise."""

    group: Mapping[str, int]
    """The group's offsets, likewise."""

    changes: Sequence[Change] = ()
    """The state topic."""


class Evidence(NamedTuple):
    """All that was seen."""

    sent: Sequence[Laid]
    partitions: Mapping[int, Partition]
    open_ends: Mapping[str, tuple[int, int]]
    """Of each partition whose last stable offset is not its end: both."""

    resident_mb: Mapping[str, float]
    resident_mb_max: float

    left: Sequence[Remains] = ()
    """What workers had on their disks whenever they ended."""


class Verdict(NamedTuple):
    """What is wrong, in sentences; how many events, dead letters and records were lost, and how many came twice."""

    wrong: Sequence[str]
    lost: int
    duplicated: int


def judged(evidence: Evidence) -> Verdict:
    """Compare what is there with what has to be there."""
    found = Finding()
    ends = _ends(evidence.sent)
    lanes = _lanes(evidence.sent)
    for number in sorted({*ends, *evidence.partitions}):
        if number not in evidence.partitions:
            found.lost += sum(ends[number].values())
            found.say(f"partition {number}: nothing was ever committed")
            continue
        part = evidence.partitions[number]
        left = [each for each in evidence.left if each.partition == number]
        _of_partition(found, number, part, lanes[number], ends)
        for sentence in remains.wrong(part.changes, left):
            found.say(f"partition {number}: {sentence}")
    for place, (stable, high) in evidence.open_ends.items():
        found.say(f"{place}: a transaction hangs, readers stop at {stable} of {high}")
    for name, peak in evidence.resident_mb.items():
        if peak > evidence.resident_mb_max:
            found.say(f"{name} took {peak:.0f} MB of memory, more than {evidence.resident_mb_max:.0f}")
    return Verdict(found.wrong, found.lost, found.duplicated)


class Finding:
    """Sentences, and what they come to."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.lost = 0
        self.duplicated = 0

    def say(self, sentence: str) -> None:
        self.wrong.append(sentence)


def _of_partition(found: Finding, number: int, part: Partition, lanes: Mapping[str, list[Laid]], ends: Ends) -> None:
    where = f"partition {number}"
    commits = list(survey(part.commits).present(part.commits)) if part.commits else []
    _commits(found, where, part)
    order = list(taken(found, where, commits, lanes))
    slices = truth_in_order(order, histories.RULES, histories.rates())
    if number not in slices:
        found.say(f"{where}: no record was taken")
        return
    wanted = expected(slices, ends)[number]
    _things(found, f"{where}: event", [_event(each) for each in wanted.events], list(map(_event, part.written.events)))
    _players(found, where, wanted.events, part.written.events)
    letters, read = wanted.letters, part.written.letters
    _things(found, f"{where}: dead letter", list(map(_letter, letters)), list(map(_letter, read)))
    _whole(found, where, commits, part.told)
    # What the runtime remembers of rewinds belongs to nobody.
    _mappings(found, f"{where}: row", wanted.rows, {key: row for key, row in part.written.rows.items() if key[0]})
    _mappings(found, f"{where}: timer", dict.fromkeys(wanted.timers), dict.fromkeys(part.written.timers))
    if wanted.stream_time != part.written.stream_time:
        found.say(f"{where}: stream time should be {wanted.stream_time}, is {part.written.stream_time}")


def taken(found: Finding, where: str, commits: Sequence[Commit], lanes: Mapping[str, list[Laid]]) -> Iterator[Laid]:
    """Yield a partition's records in the order in which the present commits took them."""
    at = dict.fromkeys(PLACES, 0)
    for commit in commits:
        topics = tuple(commit.marker.inputs)
        for cut in commit.marker.slices:
            until = dict(zip(topics, cut.offsets, strict=True))
            if cut.tick is not None:
                found.say(f"{where}: commit {commit.number} let timers fire by the wall clock")
            for topic, offset in until.items():
                if offset < at[topic]:
                    found.duplicated += at[topic] - offset
                    found.say(
                        f"{where}: commit {commit.number} took {topic} again from {offset} on, not from {at[topic]}"
                    )
            yield from in_merge_order([lanes.get(topic, [])[at[topic] : until[topic]] for topic in PLACES])
            at = {topic: max(at[topic], until[topic]) for topic in PLACES}
    for topic, lane in lanes.items():
        if at[topic] < len(lane):
            found.lost += len(lane) - at[topic]
            found.say(f"{where}: {topic} was taken up to {at[topic]} only, of {len(lane)} records")


def _commits(found: Finding, where: str, part: Partition) -> None:
    """A commit is in the journal, the state and the group, or nowhere."""
    for before, after in pairwise(part.commits):
        if after.gap is not None:
            found.say(f"{where}: commit {after.number} behind {before.number} of the journal is not whole: {after.gap}")
    journal = [(each.number, dict(each.marker.inputs)) for each in part.commits]
    state = [(each.commit, {topic: each.inputs[topic] for topic in PLACES}) for each in part.heads]
    for one, other in zip(journal, state, strict=False):
        if one != other:
            found.say(f"{where}: the journal has commit {one}, the state has {other}")
            break
    if len(journal) != len(state):
        found.say(f"{where}: the journal has {len(journal)} commits, the state has {len(state)}")
    if part.heads and dict(part.heads[-1].inputs) != dict(part.group):
        found.say(f"{where}: the state stands at {part.heads[-1].inputs}, the group at {dict(part.group)}")


def _whole(found: Finding, where: str, commits: Iterable[Commit], told: Iterable[Told]) -> None:
    """What readers see is what commits have said: all of it, and nothing of an aborted transaction."""
    said = Counter((each.key, each.id, each.hash) for commit in commits for each in commit.marker.heard if each.key)
    seen = Counter(told)
    for what, extra in (("no commit has said", seen - said), ("a commit has said, nobody sees", said - seen)):
        if extra:
            found.say(f"{where}: {_some(extra.elements())}: {what} it")


def _things(found: Finding, what: str, wanted: Sequence[Hashable], got: Sequence[Hashable]) -> None:
    names = Counter(name for name, _ in map(_split, wanted)), Counter(name for name, _ in map(_split, got))
    missing, more = names[0] - names[1], names[1] - names[0]
    twice = Counter({name: times for name, times in more.items() if name in names[0]})
    strange = Counter({name: times for name, times in more.items() if name not in names[0]})
    found.lost += missing.total()
    found.duplicated += twice.total()
    for how, which in (("lost", missing), ("there more than once", twice), ("there, and should not be", strange)):
        if which:
            found.say(f"{what}s {how}: {which.total()}, {_some(which.elements())}")
    if not missing and not more and (unlike := Counter(wanted) - Counter(got)):
        found.say(f"{what}s of another content: {unlike.total()}, {_some(unlike.elements())}")


def _players(found: Finding, where: str, wanted: Sequence[Event], got: Sequence[Event]) -> None:
    """Each player's events are in the order of their causes."""
    one, other = _by_player(wanted), _by_player(got)
    wrong = [player for player in one if player in other and one[player] != other[player]]
    if set(wanted_ids := [each.event_id for each in wanted]) == {each.event_id for each in got} and wrong:
        found.say(f"{where}: events of {len(wrong)} players out of order ({len(wanted_ids)} events), {_some(wrong)}")


def _by_player(events: Iterable[Event]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for event in events:
        found[event.user_id].append(event.event_id)
    return found


def _mappings(found: Finding, what: str, wanted: Mapping[Any, Any], got: Mapping[Any, Any]) -> None:
    for how, keys in (
        ("missing", wanted.keys() - got.keys()),
        ("there, and should not be", got.keys() - wanted.keys()),
        ("of another content", {key for key in wanted.keys() & got.keys() if wanted[key] != got[key]}),
    ):
        if keys:
            found.say(f"{what}s {how}: {len(keys)}, {_some(sorted(keys))}")


def _event(event: Event) -> tuple[str, str]:
    return f"{event.user_id} {event.event_id}", repr((event.type, event.cause, event.payload))


def _letter(letter: Letter) -> tuple[str, str]:
    return f"{letter.kind} {letter.cause}", repr(letter)


def _split(thing: Any) -> tuple[Hashable, Hashable]:
    name, content = thing
    return name, content


def _some(things: Iterable[object]) -> str:
    listed = [str(each) for _, each in zip(range(SHOWN + 1), things, strict=False)]
    return ", ".join(listed[:SHOWN]) + (" …" if len(listed) > SHOWN else "")


def _ends(sent: Iterable[Laid]) -> dict[int, dict[str, int]]:
    ends: dict[int, dict[str, int]] = defaultdict(dict)
    for record in sent:
        ends[record.partition][record.topic] = record.offset + 1
    return ends


def _lanes(sent: Iterable[Laid]) -> dict[int, dict[str, list[Laid]]]:
    lanes: dict[int, dict[str, list[Laid]]] = defaultdict(lambda: {topic: [] for topic in PLACES})
    for record in sent:
        lanes[record.partition][record.topic].append(record)
    return lanes
