"""What people's tools and workers tell each other about a task, as records of the control topic.

Partition p concerns task p. The key is the command's id. Tools write commands,
workers say in their own transactions what became of them; who reads a record
that it does not understand passes over it. All of it is kept for ever, so no
record names a player.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from topologies.runtime.store import Row
from topologies.wire import dump_json, load_json

REWIND = "rewind"
FORGET = "forget"

Emit = Literal["delta", "all", "none"]
"""What a replay sends: what the CRM has never heard, everything again, nothing."""

Outcome = Literal["accepted", "refused", "expired", "back", "done"]
"""Of a command. `back`: the state is that of the target, the replay begins."""

TEXT_MAX = 1_000
"""Characters. A rewind's row has the command in it, and must be written whatever happens."""

EMITS: tuple[Emit, ...] = ("delta", "all", "none")
OUTCOMES: tuple[Outcome, ...] = ("accepted", "refused", "expired", "back", "done")

ENDS: frozenset[Outcome] = frozenset({"done", "refused", "expired"})
"""Answers after which no other comes."""


class Command(NamedTuple):
    """Take a task back to the commit `target`, whose marker ends at `journal_offset` of the journal.

    `by` and `reason` are for people. After `deadline_ms` it is not begun any more.
    """

    id: str
    target: int
    journal_offset: int
    emit: Emit
    by: str
    reason: str
    at_ms: int
    deadline_ms: int


class Forget(NamedTuple):
    """Delete everything of the player whose id has this salted hash.

    The salt lies at an offset of the journal, and goes with it: then nobody can
    tell any more whose hash it is, however few ids there are to try.
    """

    id: str
    hash: str
    salt_offset: int
    by: str
    reason: str
    at_ms: int
    deadline_ms: int


class Answer(NamedTuple):
    """What became of a command; `counts` are those of its replay, or of deleted rows, by name."""

    id: str
    outcome: Outcome
    why: str
    at_ms: int
    counts: Mapping[str, int]


def command_row(command: Command | Forget) -> Row:
    """Return a command as key and value."""
    what = REWIND if isinstance(command, Command) else FORGET
    return command.id.encode(), dump_json({"what": what, **command._asdict()})


def answer_row(answer: Answer) -> Row:
    """Return an answer as key and value."""
    fields = answer._asdict()
    return answer.id.encode(), dump_json({"what": fields.pop("outcome"), **fields})


def decode(value: bytes | None) -> Command | Forget | Answer | None:
    """Return what a record says; None when it says nothing that we understand."""
    try:
        fields = load_json(value or b"")
        what = fields.pop("what")
        if what == REWIND:
            return _command(fields)
        if what == FORGET:
            return _forget(fields)
        if what in OUTCOMES:
            return _answer(what, fields)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return None


def _command(fields: dict[str, Any]) -> Command | None:
    command = Command(**{name: fields[name] for name in Command._fields})
    is_ours = _are_numbers(command.target, command.journal_offset, command.at_ms, command.deadline_ms)
    is_ours = is_ours and _are_texts(command.id, command.by, command.reason)
    return command if is_ours and command.emit in EMITS else None


def _answer(outcome: Outcome, fields: dict[str, Any]) -> Answer | None:
    answer = Answer(**{name: fields[name] for name in Answer._fields if name != "outcome"}, outcome=outcome)
    is_ours = isinstance(answer.counts, dict) and _are_numbers(answer.at_ms, *answer.counts.values())
    return answer if is_ours and _are_texts(answer.id) and isinstance(answer.why, str) else None


def _forget(fields: dict[str, Any]) -> Forget | None:
    forget = Forget(**{name: fields[name] for name in Forget._fields})
    is_ours = _are_numbers(forget.salt_offset, forget.at_ms, forget.deadline_ms)
    return forget if is_ours and _are_texts(forget.id, forget.hash, forget.by, forget.reason) else None


def _are_numbers(*values: object) -> bool:
    return all(type(each) is int and each >= 0 for each in values)


def _are_texts(*values: object) -> bool:
    return all(isinstance(each, str) and len(each) <= TEXT_MAX for each in values)
