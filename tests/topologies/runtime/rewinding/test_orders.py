"""Commands as they come to a task: obeyed once, answered once."""

from collections.abc import Callable
from typing import Any

import pytest

from topologies.runtime.batch import Batch
from topologies.runtime.cache import RowCache
from topologies.runtime.overlay import Overlay
from topologies.runtime.rewinding import control, orders, row
from topologies.runtime.rewinding.control import TEXT_MAX, Answer, Command
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Applied, Store

NOW = 1_700_000_000_000
COMMAND = Command("r1", 7, 70, "delta", "somebody", "why not", NOW, NOW + 1_000)
RUNNING = row.asked(COMMAND)

Obey = Callable[..., tuple[bool, list[str]]]


@pytest.fixture
def obey(store: Store) -> Obey:
    """Takes up a command, and commits; whether a rewind begins, and what was answered."""
    overlay = Overlay(store, 0, RowCache(1 << 20), RowCodec(1, lambda _kind, _version, old: old))

    def take(said: object, running: row.Rewind | None = None, now_ms: int = NOW) -> tuple[bool, list[str]]:
        batch = Batch(0)
        begins = orders.obey(said, running, batch, overlay, now_ms)
        rows = overlay.rows()
        store.write(0, rows, Applied("id", 1, 1))
        overlay.committed(rows)
        answers = [control.decode(value) for _, value in batch.answers]
        return begins, [each.outcome for each in answers if isinstance(each, Answer)]

    return take


@pytest.mark.parametrize(
    ("running", "now_ms", "expected"),
    [
        pytest.param(None, NOW, (True, ["accepted"]), id="in time"),
        pytest.param(None, NOW + 1_001, (False, ["expired"]), id="too late"),
        pytest.param(RUNNING, NOW, (False, ["refused"]), id="another is under way"),
    ],
)
def test_a_command_is_answered_once(
    obey: Obey, running: row.Rewind | None, now_ms: int, expected: tuple[bool, list[str]]
) -> None:
    assert expected == obey(COMMAND, running, now_ms)
    assert (False, []) == obey(COMMAND, running, now_ms)
    assert (False, []) == obey(COMMAND, None, NOW)


def test_another_command_is_another_command(obey: Obey) -> None:
    assert [(True, ["accepted"])] * 2 == [obey(COMMAND), obey(COMMAND._replace(id="r2"))]


def test_a_command_that_is_no_longer_remembered_has_expired(obey: Obey, store: Store) -> None:
    obey(COMMAND)
    later = COMMAND.deadline_ms + orders.REMEMBERED_MS + 1

    assert (True, ["accepted"]) == obey(COMMAND._replace(id="r2", deadline_ms=later), now_ms=later)
    assert (False, ["expired"]) == obey(COMMAND, now_ms=later)
    assert b"r1" in (store.get(0, row.OBEYED.encode()) or b"")


@pytest.mark.parametrize("said", [None, Answer("r1", "done", "", NOW, {}), "?"])
def test_what_is_no_command_is_passed_over(obey: Obey, said: object) -> None:
    assert (False, []) == obey(said)


@pytest.mark.parametrize("said", [COMMAND, Answer("r1", "refused", "why", NOW, {"same": 3})])
def test_what_was_written_is_read(said: Command | Answer) -> None:
    written = control.command_row(said) if isinstance(said, Command) else control.answer_row(said)

    assert (b"r1", said) == (written[0], control.decode(written[1]))


@pytest.mark.parametrize(
    "changes",
    [
        {"target": -1},
        {"journal_offset": -2},
        {"target": True},
        {"at_ms": "now"},
        {"emit": "some"},
        {"reason": None},
        {"reason": "x" * (TEXT_MAX + 1)},
        {"id": "x" * (TEXT_MAX + 1)},
    ],
    ids=str,
)
def test_what_no_tool_of_ours_writes_is_no_command(changes: dict[str, Any]) -> None:
    assert control.decode(control.command_row(COMMAND._replace(**changes))[1]) is None


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b"[]", b'{"what": "forget"}', b'{"what": "rewind"}', b'{"what": []}']
)
def test_bytes_that_say_nothing(value: bytes | None) -> None:
    assert control.decode(value) is None
