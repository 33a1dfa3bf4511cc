"""Who is being forgotten, and who was, as rows of the task's own. No row says the player's id."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from topologies.runtime.overlay import TIMER
from topologies.runtime.rewinding.control import Forget

KEY = "\0forget\0"
"""The key of the row of a player who is being forgotten."""

FORGOTTEN = "\0forgotten\0"
"""Begins the keys of the rows that remember who was: `\\0forgotten\\0<command id>`."""

HASH_BYTES = 16

TIMERS = "timer"
"""The kind of timer rows, in counts."""


class Forgetting(NamedTuple):
    """How far a player's forgetting is: `deleted` counts rows by kind."""

    command: Forget
    deleted: Mapping[str, int]


class Forgotten(NamedTuple):
    """One player who was forgotten, by the command `id`.

    `hash` is `salted` of the id. `commit` is the last commit that deleted rows:
    all of before it is gone. `inputs` has the next offset of every source by
    topic then: records from there on are a new life. `is_complete` is false
    while rows are left.
    """

    id: str
    hash: str
    salt: str
    at_ms: int
    commit: int
    inputs: Mapping[str, int]
    is_complete: bool


def salted(player: bytes, salt: bytes) -> str:
    """Return what stands for a player's id; who does not know the salt cannot tell whose it is."""
    return blake2b(player, key=salt, digest_size=HASH_BYTES).hexdigest()


def forgotten_key(command_id: str) -> str:
    """Return the key of the row that remembers what a command has done."""
    return f"{FORGOTTEN}{command_id}"


def as_row(forgetting: Forgetting) -> dict[str, Any]:
    """Return its JSON value."""
    return {"command": forgetting.command._asdict(), "deleted": dict(forgetting.deleted)}


def of_row(row: dict[str, Any]) -> Forgetting:
    """Return what a JSON value tells."""
    return Forgetting(Forget(**row["command"]), row["deleted"])


def kind(key: bytes) -> str:
    """Return the kind of a row of the topology, by its key, for counts."""
    return TIMERS if key.startswith(TIMER.encode()) else key.split(b"\0")[1].decode()
