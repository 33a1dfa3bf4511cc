"""What a rewind would do, before it is done: a value that says everything, and its JSON form."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from topologies.runtime.journal.assembly import Assembly, Commit
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.record import Record, is_image, owner
from topologies.runtime.journal.timeline import Timeline
from topologies.wire import dump_json, load_json

VERSION = 1

RESTORED_ROWS_PER_S = 20_000
REPLAYED_RECORDS_PER_S = 10_000
STEP_S = 0.5
"""A task begins anew after each step. All three are rough: they tell seconds from hours."""


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


class _Tally:
    """Counts what all commits behind the target have changed, as they pass."""

    def __init__(self, target: Commit, step_rows_max: int) -> None:
        self.newest = target
        self.rows = 0
        self.steps = 0
        self.players: set[bytes] = set()
        self._target = target
        self._step_rows_max = step_rows_max
        self._step_rows = 0

    def pass_on(self, records: Iterable[Record]) -> Iterator[Commit]:
        assembly = Assembly()
        for record in records:
            if record.offset > self._target.ends_at and is_image(record.key):
                self.players.add(owner(record.key))
            commit = assembly.take(record)
            if commit is not None and commit.ends_at > self._target.ends_at:
                self._count(commit)
                yield commit

    def _count(self, commit: Commit) -> None:
        self.newest = commit
        self.rows += commit.marker.images
        # As `undo.steps` groups them.
        self._step_rows += commit.rows
        if not self.steps or self._step_rows > self._step_rows_max:
            self.steps += 1
            self._step_rows = commit.rows


def plan(partition: int, target: Commit, timeline: Timeline, records: Iterable[Record], step_rows_max: int) -> Plan:
    """Return the plan of going back to a commit of the timeline.

    Args:
        partition: the task's.
        target: the chosen commit.
        timeline: as of the newest commit.
        records: the journal's, from the target's marker or any earlier record on.
        step_rows_max: how many rows a step of several commits may write.
    """
    tally = _Tally(target, step_rows_max)
    sent = dead = 0
    for commit in timeline.present(tally.pass_on(records)):
        letters = sum(not heard.key for heard in commit.marker.heard)
        dead += letters
        sent += len(commit.marker.heard) - letters
    now, then = tally.newest.marker.inputs, target.marker.inputs
    return Plan(
        partition=partition,
        commit=target.number,
        journal_offset=target.ends_at,
        newest=tally.newest.number,
        newest_offset=tally.newest.ends_at,
        inputs=now,
        back_to=then,
        records={topic: max(0, now[topic] - offset) for topic, offset in then.items() if topic in now},
        rows=tally.rows,
        players=len(tally.players),
        events=sent,
        dead_letters=dead,
        steps=tally.steps,
    )


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
