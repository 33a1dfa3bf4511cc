"""Rewinds of `counting`: commands as tools send them, what became of them, what is there before and after."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from tests.integration.counting_stage import Stage, wait_until
from tests.integration.counting_topics import Record
from topologies.runtime import head
from topologies.runtime.journal import assembly, record
from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.marker import content_hash
from topologies.runtime.journal.record import DIFFERENCE, is_image
from topologies.runtime.journal.timeline import survey
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import Answer, Command, Forget

MINUTE_MS = 60_000

Telling = tuple[str, str, str]
"""Key, event id and content of something that the CRM was told, or of a dead letter."""

ENDS = {"refused", "expired", "done"}


class Snapshot(NamedTuple):
    """A task as of a commit: its rows and timers, and how far it was."""

    rows: dict[bytes, bytes]
    stream_time: int
    inputs: dict[str, int]

    def alive(self) -> "Snapshot":
        """Without what has expired, collected or not, and without positions behind a transaction's marker."""
        rows = {key: value for key, value in self.rows.items() if not 0 < _expiry(value) <= self.stream_time}
        return Snapshot(rows, self.stream_time, {})


def ask(stage: Stage, number: int, target: Commit, /, **changes: Any) -> Command:
    """Send a command."""
    now = time.time_ns() // 1_000_000
    command = Command(
        secrets.token_hex(4), target.number, target.ends_at, "delta", "a test", "", now, now + 10 * MINUTE_MS
    )._replace(**changes)
    send(stage, number, command)
    return command


def send(stage: Stage, number: int, command: Command) -> None:
    """Send a command, maybe again."""
    key, value = control.command_row(command)
    producer = stage.producer()
    producer.produce(stage.control, value, key, number)
    assert producer.flush(30) == 0


def answers(stage: Stage, command: Command | Forget) -> list[Answer]:
    """What became of a command, in order."""
    said = [control.decode(each.value) for each in stage.read(stage.control) if each.key == command.id.encode()]
    return [each for each in said if isinstance(each, Answer)]


def outcomes(stage: Stage, command: Command | Forget) -> list[str]:
    return [each.outcome for each in answers(stage, command)]


def ended(stage: Stage, command: Command | Forget) -> Answer:
    """Wait for a command's end."""
    wait_until(lambda: bool(ENDS & set(outcomes(stage, command))), f"the end of {command.id}")
    return answers(stage, command)[-1]


def of(records: Sequence[Record], number: int) -> list[record.Record]:
    return [record.Record(each.offset, each.key, each.value) for each in records if each.partition == number]


def journal(stage: Stage, number: int) -> list[Commit]:
    """A task's commits."""
    return list(assembly.commits(of(stage.read(stage.journal), number)))


def present(commits: Sequence[Commit]) -> list[Commit]:
    """The commits that a rewind may go back to."""
    return list(survey(commits).present(commits))


def targets(stage: Stage, number: int) -> list[Commit]:
    """The commits that a rewind of a task may go back to and then has something to do."""
    return present(journal(stage, number))[:-1]


def some_targets(stage: Stage, number: int) -> list[Commit]:
    """Wait until there are some."""
    wait_until(lambda: bool(targets(stage, number)), "there is something to take back")
    return targets(stage, number)


def differences(stage: Stage, command: Command) -> list[tuple[str, str, bool]]:
    """The lines of a rewind's report: what, which event, whether it was sent."""
    key = DIFFERENCE + command.id.encode()
    lines = [json.loads(each.value or b"") for each in stage.read(stage.journal) if each.key == key]
    return [(each["what"], each["id"], each["sent"]) for each in lines]


def broken(stage: Stage, *, is_delta: bool = True) -> list[str]:
    """Everything that is not as it must be when all rules have always been the same."""
    state, journals = stage.read(stage.state), stage.read(stage.journal)
    commits = {number: list(assembly.commits(of(journals, number))) for number in range(stage.partitions)}
    found = []
    for number, theirs in commits.items():
        found += [f"{number}: {each}" for each in _broken(theirs, _snapshots(of(state, number)))]
    return [*found, *_untold(stage, commits, is_delta=is_delta)]


def _broken(commits: Sequence[Commit], was: dict[int, Snapshot]) -> list[str]:
    found = [f"{b.number} behind {a.number}: {b.gap}" for a, b in pairwise(commits) if b.gap]
    steps = [(each.number, each.marker.rewound_to) for each in commits if each.marker.rewound_to is not None]
    found += [f"{n} is not as {to}: {_unlike(was[to], was[n])}" for n, to in steps if was[to] != was[n]]
    for name in {each.marker.rewind: None for each in commits if each.marker.rewind}:
        numbers = [each.number for each in commits if each.marker.rewind == name]
        before, after = was[numbers[0] - 1].alive(), was[numbers[-1]].alive()
        if before != after:
            found.append(f"{name} from {numbers[0]} to {numbers[-1]} has changed {_unlike(before, after)}")
    return found


def _unlike(one: Snapshot, other: Snapshot) -> list[object]:
    keys = sorted(key for key in {*one.rows, *other.rows} if one.rows.get(key) != other.rows.get(key))
    rows = [(key, one.rows.get(key), other.rows.get(key)) for key in keys]
    return [len(rows), rows[:3], one[1:], other[1:]]


def _untold(stage: Stage, commits: dict[int, list[Commit]], *, is_delta: bool) -> list[str]:
    """What the timeline has said and nobody heard, or the other way round; what was heard twice."""
    heard = Counter(tuple(each) for theirs in commits.values() for commit in present(theirs) for each in _said(commit))
    told = Counter(
        (each.key.decode(), each.headers["event-id"].decode(), content_hash(each.value or b""))
        for each in stage.read(stage.events)
    )
    twice = [each for each, times in (heard + told).items() if times > 2 and is_delta]
    letters = Counter(map(_place, stage.read(stage.dead_letters)))
    dead = Counter("/".join(each[1].split("/")[1:4]) for each in heard.elements() if not each[0])
    return [
        *(f"twice: {each}" for each in twice[:3]),
        *(f"not told: {each}" for each in [each for each in heard if each[0] and each not in told][:3]),
        *(f"told: {each}" for each in [each for each in told if each not in heard][:3]),
        *([f"dead letters: {letters - dead} {dead - letters}"] if is_delta and letters != dead else []),
    ]


def _said(commit: Commit) -> list[Telling]:
    assert not commit.marker.vanished, f"vanished in {commit.number}: {commit.marker.vanished[:3]}"
    return [(each.key, each.id, each.hash) for each in commit.marker.heard]


def _place(letter: Record) -> str:
    return "/".join(letter.headers[f"dead-letter.{name}"].decode() for name in ("topic", "partition", "offset"))


def _snapshots(state: Sequence[record.Record]) -> dict[int, Snapshot]:
    """By commit: the head is the last row of each."""
    rows: dict[bytes, bytes] = {}
    found = {}
    for each in state:
        if each.key == head.KEY:
            at = head.Head(**json.loads((each.value or b"")[8:])[1])
            inputs = {topic: offset for topic, offset in at.inputs.items() if not topic.endswith("-control")}
            found[at.commit] = Snapshot({key: value for key, value in rows.items() if is_image(key)}, at[0], inputs)
        elif each.value is None:
            rows.pop(each.key, None)
        else:
            rows[each.key] = each.value
    return found


def left_over(stage: Stage) -> list[bytes]:
    """What rewinds have left in the state that must not outlive them."""
    return sorted(key for _, key in stage.state_rows() if key.startswith((b"\0rewind\0", b"\0told\0")))


def _expiry(value: bytes) -> int:
    return int.from_bytes(value[:8], "big")
