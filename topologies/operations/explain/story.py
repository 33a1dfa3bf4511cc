"""One timeline: each cause in the order in which it was processed, and below it what it has led to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from topologies import row_words
from topologies.operations.explain import words
from topologies.operations.explain.changes import Change, Decode, TimerChange, changes
from topologies.operations.explain.found import Commit, Forgotten, Found, Input, Said
from topologies.operations.explain.groups import Group, placed
from topologies.units import instant_text
from topologies.wire import load_json

Changed = Change | TimerChange

BEFORE = "a record from before"
"""It was not read: the story begins behind it."""


CAUSES = frozenset({"input", "due", "cause", "rewind", "forgotten"})
"""Lines that others stand below; `due` is a timer that fires, `cause` a record that was not read, or had waited."""


class Line(NamedTuple):
    """One line of the story.

    `what` is input, event, dead-letter, replayed, state, timer (one set,
    fired or taken back), due, rewind, forgotten, difference or cause. `time_ms` is of an input
    the record's, of an event its own, of a change, a rewind and a difference
    when that was committed, of a timer when it was due.
    `where` is the record's place. `cause` is what it stands below; of changes,
    None when the commit had more than one cause. An empty `text` is for
    programs only.
    """

    time_ms: int
    what: str
    text: str
    where: str | None = None
    cause: str | None = None
    commit: int | None = None
    rewind: str | None = None
    details: Mapping[str, Any] | None = None

    @property
    def is_below(self) -> bool:
        """Whether it stands below its cause."""
        return self.what not in CAUSES


def story(found: Found, decode: Decode) -> list[Line]:
    """Return all lines, in order.

    Raises:
        Halted: a newer release wrote a row.
    """
    told = found._replace(commits=whole_rewinds(found.commits))
    groups, changed = placed(told), changes(told.commits, found.now, decode)
    causes = {said.id: said.cause for said in found.said}
    lines: list[Line] = []
    forgot = found.forgotten
    for commit, loose, own, rows in zip(told.commits, groups.loose, groups.of_commits, changed, strict=False):
        lines += _groups(loose, found)
        if forgot is not None and commit.number > forgot.commit:
            lines.append(_forgotten(forgot))
            forgot = None
        if commit.rewound_to is not None:
            lines.append(_rewound(commit, found.reasons))
        lines += _commit(commit, _remembered(own, commit, found), rows, causes)
    if forgot is not None:
        lines.append(_forgotten(forgot))
    return [*lines, *_groups(groups.loose[-1], found)]


def _forgotten(forgot: Forgotten) -> Line:
    because = f": {forgot.reason}" if forgot.reason else ""
    text = f"forgotten, every row and timer was deleted{because}"
    return Line(forgot.at_ms, "forgotten", text, commit=forgot.commit, details={"id": forgot.id})


def _remembered(groups: Sequence[Group], commit: Commit, found: Found) -> Sequence[Group]:
    """A replay passes over what the player was forgotten after."""
    if found.forgotten is None or commit.number <= found.forgotten.commit:
        return groups
    ends = found.forgotten.inputs
    return [each for each in groups if each.input is None or each.input.offset >= ends.get(each.input.topic, 0)]


def whole_rewinds(commits: Iterable[Commit]) -> list[Commit]:
    """Return the commits with the steps of each rewind made one: what they took back, they took back together."""
    made: list[Commit] = []
    for commit in commits:
        if commit.rewound_to is not None and made and made[-1].rewound_to is not None and _is_same(made[-1], commit):
            images = {**dict(commit.images), **dict(made[-1].images)}
            made[-1] = commit._replace(begins=made[-1].begins, images=list(images.items()))
        else:
            made.append(commit)
    return made


def _is_same(one: Commit, other: Commit) -> bool:
    return one.rewind == other.rewind


def _groups(groups: Sequence[Group], found: Found) -> Iterator[Line]:
    """What no commit has: not taken yet, of no effect, or from before the journal."""
    for group in groups:
        if group.input is None:
            text = "it was time" if group.cause.startswith(words.TIMER) else BEFORE
            yield Line(group.said[0].time_ms, "cause", text, group.cause)
        else:
            is_open = group.input.offset >= found.ends.get(group.input.topic, group.input.offset + 1)
            yield _input(group.input, "not processed yet: " if is_open else "")
        yield from (_said(each) for each in group.said)


def _commit(commit: Commit, groups: Sequence[Group], rows: Sequence[Changed], causes: Mapping[str, str]) -> list[Line]:
    lines: list[Line] = []
    differences = [_difference(each, commit, causes) for each in commit.differences if not each["sent"]]
    for group in groups:
        lines.append(_cause(group, commit, rows))
        lines += [_said(each, commit) for each in group.said]
        lines += [each for each in differences if each.cause == group.cause]
    known = {group.cause for group in groups}
    cause = groups[0].cause if len(groups) == 1 else None
    lines += [_change(each, commit, cause) for each in rows if not _is_as_before(each)]
    return lines + [each for each in differences if each.cause not in known]


def _is_as_before(change: Changed) -> bool:
    """Whether only its expiry has changed, or it came and went in one commit."""
    return isinstance(change, Change) and change.before == change.after


def _rewound(commit: Commit, reasons: Mapping[str, str]) -> Line:
    why = reasons.get(commit.rewind or "")
    because = f": {why}" if why else ""
    text = f"rewind {commit.rewind} took back everything after commit {commit.rewound_to}{because}"
    details = {"rewound_to": commit.rewound_to}
    return Line(commit.time_ms, "rewind", text, None, None, commit.number, commit.rewind, details)


def _cause(group: Group, commit: Commit, rows: Iterable[Changed]) -> Line:
    number, rewind, record = commit.number, commit.rewind, group.input
    if record is None and group.cause.startswith(words.TIMER):
        return _timer(group.cause, commit, rows)
    if record is None:
        return Line(commit.time_ms, "cause", BEFORE, group.cause, None, number, rewind)
    if group.is_late:
        text = f"what had waited: {words.of_input(record)}"
        return Line(record.time_ms, "cause", text, group.cause, None, number, rewind)
    return _input(record, "" if rewind is None else "again: ")._replace(commit=number, rewind=rewind)


def _timer(cause: str, commit: Commit, rows: Iterable[Changed]) -> Line:
    due = int(cause.rpartition("/")[2])
    timers = [each.timer for each in rows if isinstance(each, TimerChange) and each.timer.due == due]
    which = ", ".join(f"{each.name} of {each.row_id}" for each in timers)
    text = f"it was time for {which}" if which else "it was time"
    return Line(due, "due", text, cause, None, commit.number, commit.rewind)


def _input(record: Input, before: str = "") -> Line:
    text = f"{before}{words.of_input(record)}"
    details = {"value": record.value} if record.value is not None else {"problem": record.problem}
    return Line(record.time_ms, "input", text, record.where, details=details)


def _said(said: Said, commit: Commit | None = None) -> Line:
    details = {"id": said.id, "type": said.type, "value": said.value, "replay": said.replay}
    if said.what != "event":
        details = dict(said.value)
    number, rewind = (None, None) if commit is None else (commit.number, commit.rewind)
    return Line(said.time_ms, said.what, words.of_said(said), said.where, said.cause, number, rewind, details=details)


def _change(change: Changed, commit: Commit, cause: str | None) -> Line:
    if isinstance(change, TimerChange):
        timer = change.timer
        what, details = "timer", {**timer._asdict(), "due": instant_text(timer.due), "became": change.became}
        del details["key"]
    else:
        was, became = (
            None if row is None else row_words.named(change.kind, row) for row in (change.before, change.after)
        )
        what, details = "state", {"kind": change.kind, "id": change.id, "before": was, "after": became}
    text = words.of_change(change)
    return Line(commit.time_ms, what, text, None, cause, commit.number, commit.rewind, details=details)


def _difference(line: Mapping[str, Any], commit: Commit, causes: Mapping[str, str]) -> Line:
    new = None if line["new"] is None else load_json(line["new"])
    details = {"id": line["id"], "difference": line["what"], "new": new}
    text = words.of_difference(line, new)
    cause = causes.get(line["id"])
    return Line(commit.time_ms, "difference", text, None, cause, commit.number, commit.rewind, details=details)
