"""Rewinds of `counting`: commands as tools send them, what became of them, what is there before and after."""

import secrets
import time
from typing import Any, NamedTuple

from confluent_kafka import Producer

from tests.integration.counting_stage import Stage
from tests.integration.counting_topics import Record
from topologies.runtime.journal import assembly, record
from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.timeline import survey
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import Answer, Command

MINUTE_MS = 60_000
OWN = b"\0"


class Seen(NamedTuple):
    """All that a rewind may not change: rows by key, and the content of every event, by key and id."""

    rows: dict[tuple[int, bytes], bytes]
    events: dict[tuple[bytes, bytes], bytes | None]
    dead: list[tuple[bytes, ...]]


def seen(stage: Stage) -> Seen:
    """What is there now; fails when an event is there twice. Rows that have expired may be collected or not."""
    events = stage.read(stage.events)
    by_id = {(each.key, each.headers["event-id"]): each.value for each in events}
    assert len(by_id) == len(events), "an event was sent twice"
    rows = {key: value for key, value in stage.state_rows().items() if not key[1].startswith(OWN) or b"timer" in key[1]}
    dead = sorted(
        tuple(each.headers[f"dead-letter.{name}"] for name in ("topic", "partition", "offset", "class"))
        for each in stage.read(stage.dead_letters)
    )
    return Seen({key: value for key, value in rows.items() if value[:8] == bytes(8)}, by_id, dead)


def journal(stage: Stage, number: int) -> list[Commit]:
    """A task's commits."""
    return list(assembly.commits(record.Record(each.offset, each.key, each.value) for each in of(stage, number)))


def of(stage: Stage, number: int) -> list[Record]:
    return [each for each in stage.read(stage.journal) if each.partition == number]


def present(stage: Stage, number: int) -> list[Commit]:
    """The commits that a rewind of a task may go back to."""
    commits = journal(stage, number)
    return list(survey(commits).present(commits))


def ask(stage: Stage, number: int, target: Commit, **changes: Any) -> Command:
    """Send a command."""
    now = time.time_ns() // 1_000_000
    command = Command(
        secrets.token_hex(4), target.number, target.ends_at, "delta", "a test", "", now, now + 10 * MINUTE_MS
    )._replace(**changes)
    key, value = control.command_row(command)
    producer = Producer({"bootstrap.servers": stage.bootstrap_servers, "enable.idempotence": True})
    producer.produce(stage.control, value, key, number)
    assert producer.flush(30) == 0
    return command


def answers(stage: Stage, command: Command) -> list[Answer]:
    """What became of a command, in order."""
    said = [control.decode(each.value) for each in stage.read(stage.control) if each.key == command.id.encode()]
    return [each for each in said if isinstance(each, Answer)]
