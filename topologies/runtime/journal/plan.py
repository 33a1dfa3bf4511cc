"""What a rewind would do, before it is done: a value that says everything, and its JSON form."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from topologies.runtime.journal.assembly import Commit, commits
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.record import Record, is_image, owner
from topologies.runtime.journal.timeline import Timeline
from topologies.runtime.journal.undo import fits, slim
from topologies.wire import dump_json, load_json

VERSION = 1

RESTORED_ROWS_PER_S = 20_000
REPLAYED_RECORDS_PER_S = 4_000
STEP_S = 0.5
"""A task begins anew after each step. All three were measured on two busy cores, and tell seconds from hours: a machine
that has nothing else to do is twice as fast, one that has far too much, half."""


class Plan(NamedTuple):
    """A rewind of one partition to a commit, as the journal stood when it was planned.

    `journal_offset` and `newest_offset` are those of the last parts of the
    markers of `commit` and `newest`. `inputs` and `back_to` have the next
    offset by topic, now and then. `rows` counts before-images: a row that many
    commits of one step have changed is restored once. `records` counts
    offsets: there may be fewer records. `events` and `dead_letters` are what
    the timeline's commits behind the target have sent.
    """

    partition: int
    commit: int
    journal_offset: int
    newest: int
    newest_offset: int
    inputs: Mapping[str, int]
    back_to: Mapping[str, int]
    records: Mapping[str, int]
    rows: int
    players: int
    events: int
    dead_letters: int
    steps: int

    @property
    def estimate_s(self) -> float:
        """Roughly how long it takes, in seconds."""
        replay_s = sum(self.records.values()) / REPLAYED_RECORDS_PER_S
        return round(self.rows / RESTORED_ROWS_PER_S + replay_s + self.steps * STEP_S, 1)


class Seen(NamedTuple):
    """A commit without its lists, and how many events and dead letters they had."""

    commit: Commit
    events: int
    dead_letters: int


class _Counted(NamedTuple):
    """What was counted of some commits in a row: a column each. Events and dead letters only of the timeline's."""

    ends_at: "array[int]"
    rows: "array[int]"
    size_bytes: "array[int]"
    images: "array[int]"
    events: "array[int]"
    dead_letters: "array[int]"


class Tally:
    """What commits have changed, told from the newest on: so a target can be looked for and counted in one pass.

    Keeps some 30 bytes of a commit and 200 of a player.
    """

    def __init__(self) -> None:
        self._players: dict[bytes, int] = {}
        self._counted: list[_Counted] = []

    def look(self, records: Iterable[Record]) -> list[Seen]:
        """Return the commits that some records in a row complete, and remember whose rows they have changed."""
        here: dict[bytes, int] = {}
        found = [_seen(each) for each in commits(_noting(records, here))]
        # What was looked at before lies behind.
        self._players = {**here, **self._players}
        return found

    def add(self, seen: Sequence[Seen], timeline: Timeline) -> None:
        """Count some commits in a row, which lie right before those that were counted."""
        present = {each.ends_at for each in timeline.present(each.commit for each in seen)}
        self._counted.append(
            _Counted(
                array("q", (each.commit.ends_at for each in seen)),
                array("I", (each.commit.rows for each in seen)),
                array("I", (each.commit.size_bytes for each in seen)),
                array("I", (each.commit.marker.images for each in seen)),
                array("I", (each.events * (each.commit.ends_at in present) for each in seen)),
                array("I", (each.dead_letters * (each.commit.ends_at in present) for each in seen)),
            )
        )

    def plan(self, partition: int, target: Commit, newest: Commit, step_rows_max: int) -> Plan:
        """Return the plan of going back to a commit of the timeline; all commits behind it were counted.

        Args:
            partition: the task's.
            target: the chosen commit.
            newest: the last commit.
            step_rows_max: how many rows a step of several commits may write.
        """
        now, then = newest.marker.inputs, target.marker.inputs
        behind = [_behind(each, target.ends_at) for each in reversed(self._counted)]
        return Plan(
            partition=partition,
            commit=target.number,
            journal_offset=target.ends_at,
            newest=newest.number,
            newest_offset=newest.ends_at,
            inputs=now,
            back_to=then,
            records={topic: max(0, now[topic] - offset) for topic, offset in then.items() if topic in now},
            rows=sum(sum(each.images) for each in behind),
            players=sum(offset > target.ends_at for offset in self._players.values()),
            events=sum(sum(each.events) for each in behind),
            dead_letters=sum(sum(each.dead_letters) for each in behind),
            steps=_steps(behind, step_rows_max),
        )


def _behind(counted: _Counted, offset: int) -> _Counted:
    begin = bisect_right(counted.ends_at, offset)
    return _Counted(*(column[begin:] for column in counted))


def _steps(behind: Iterable[_Counted], rows_max: int) -> int:
    """Return how many steps it takes, grouped as `undo.steps` does."""
    steps = rows = size_bytes = 0
    for counted in behind:
        for more_rows, more_bytes in zip(counted.rows, counted.size_bytes, strict=True):
            rows, size_bytes = rows + more_rows, size_bytes + more_bytes
            if not steps or not fits(rows, size_bytes, rows_max):
                steps, rows, size_bytes = steps + 1, more_rows, more_bytes
    return steps


def _seen(commit: Commit) -> Seen:
    letters = sum(not heard.key for heard in commit.marker.heard)
    return Seen(slim(commit), len(commit.marker.heard) - letters, letters)


def _noting(records: Iterable[Record], players: dict[bytes, int]) -> Iterator[Record]:
    """Pass records on, and note at which offset each player's rows were changed last."""
    for record in records:
        if is_image(record.key):
            players[owner(record.key)] = record.offset
        yield record


def check_current(plan: Plan, newest: int, newest_offset: int) -> None:
    """Compare a plan with the journal's newest commit.

    Raises:
        Refused: something was committed since; the plan no longer says what would happen.
    """
    if (plan.newest, plan.newest_offset) != (newest, newest_offset):
        raise Refused(
            f"the journal has outgrown this plan: it was made at commit {plan.newest}, the newest is commit {newest}. "
            "make the plan again"
        )


def to_json(plan: Plan) -> bytes:
    """Return a plan as a file has it."""
    return dump_json({"v": VERSION, **plan._asdict(), "estimate_s": plan.estimate_s})


def from_json(text: bytes) -> Plan:
    """Return the plan that a file has.

    Raises:
        ValueError: it has none that this release can read.
    """
    try:
        fields = load_json(text)
    except ValueError:
        raise ValueError("this is no plan of a rewind: it is not JSON") from None
    version = fields.get("v") if isinstance(fields, dict) else None
    if not _is_count(version):
        raise ValueError("this is no plan of a rewind: it has no version `v`")
    if version != VERSION:
        raise ValueError(f"this plan has version {version}, this release reads version {VERSION}: make it again")
    for name, (is_right, kind) in _FIELDS.items():
        if not is_right(fields.get(name)):
            raise ValueError(f"this is no plan of a rewind: `{name}` is not {kind}")
    return Plan(**{name: fields[name] for name in _FIELDS})


def _is_count(value: Any) -> bool:  # noqa: ANN401 - a JSON value
    return type(value) is int and value >= 0


def _are_counts(value: Any) -> bool:  # noqa: ANN401 - a JSON value
    return isinstance(value, dict) and all(map(_is_count, value.values()))


_Kind = tuple[Callable[[Any], bool], str]

_COUNT: _Kind = (_is_count, "a whole number from 0 on")
_COUNTS: _Kind = (_are_counts, "whole numbers from 0 on by topic")

_FIELDS: Mapping[str, _Kind] = {
    name: _COUNTS if name in {"inputs", "back_to", "records"} else _COUNT for name in Plan._fields
}
