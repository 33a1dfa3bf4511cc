"""Forgetting players of `counting`: commands as tools send them, and what is there of a player."""

import secrets
import time
from typing import Any

from tests.integration.counting_stage import Stage
from tests.integration.rewinds import MINUTE_MS
from topologies.runtime.forgetting.row import salted
from topologies.runtime.journal.record import SALT, owner
from topologies.runtime.partitioning import java_default
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import Forget

SALT_BYTES = secrets.token_bytes(16)


def ask(stage: Stage, player: str, /, **changes: Any) -> Forget:
    """Send a command, and its salt before it."""
    number, now = partition(stage, player), time.time_ns() // 1_000_000
    name, offsets = secrets.token_hex(4), list[int | None]()
    producer = stage.producer()
    producer.produce(
        stage.journal,
        SALT_BYTES,
        SALT + name.encode(),
        number,
        on_delivery=lambda _, message: offsets.append(message.offset()),
    )
    assert 0 == producer.flush(30)
    hashed = salted(player.encode(), SALT_BYTES)
    command = Forget(name, hashed, offsets[0] or 0, "a test", "", now, now + 10 * MINUTE_MS)._replace(**changes)
    producer.produce(stage.control, control.command_row(command)[1], name.encode(), number)
    assert 0 == producer.flush(30)
    return command


def partition(stage: Stage, player: str) -> int:
    return java_default(player.encode(), stage.partitions)


NEVER = bytes(8)
"""The expiry of rows that stay: others may be collected at any time."""


def rows(stage: Stage, player: str) -> dict[bytes, bytes]:
    """The player's rows and timers that stay, as compaction leaves them."""
    return {key: value for (_, key), value in _staying(stage) if _owner(key) == player.encode()}


def others(stage: Stage, player: str) -> dict[bytes, bytes]:
    """The rows of all others, without the tasks' own."""
    return {key: value for (_, key), value in _staying(stage) if _owner(key) not in {b"", player.encode()}}


def any_rows(stage: Stage, player: str) -> list[bytes]:
    """The keys of all that there is of a player, what has expired too."""
    return [key for _, key in stage.state_rows() if _owner(key) == player.encode()]


def _staying(stage: Stage) -> list[tuple[tuple[int, bytes], bytes]]:
    return [(where, value) for where, value in stage.state_rows().items() if value.startswith(NEVER)]


def _owner(key: bytes) -> bytes:
    return b"" if key.startswith(b"\0") and not key.startswith(b"\0timer\0") else owner(key)


def events(stage: Stage, player: str) -> list[tuple[str, bytes | None]]:
    """Id and content of each event of a player, in order."""
    told = [each for each in stage.read(stage.events) if each.key == player.encode()]
    return [(each.headers["event-id"].decode(), each.value) for each in told]


def files(stage: Stage) -> bytes:
    """All that a worker has on its disk."""
    return b"".join(each.read_bytes() for each in sorted(stage.state_dir.rglob("*")) if each.is_file())
