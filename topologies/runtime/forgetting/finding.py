"""A task's rows, as far as they concern forgetting."""

from collections.abc import Iterator
from typing import NamedTuple

from topologies.runtime.forgetting import row
from topologies.runtime.forgetting.row import Forgetting, Forgotten, salted
from topologies.runtime.journal.record import owner
from topologies.runtime.overlay import TIMER
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Store

FIRST_KEY = b"\x01"
"""Behind the task's own rows."""

BEHIND = b"\x01"
"""Behind all rows of a player: in each of them U+0000 follows the id."""


class Remembered(NamedTuple):
    """Who is being forgotten by a task, and who was."""

    under_way: Forgetting | None = None
    done: tuple[Forgotten, ...] = ()


def remembered(store: Store, partition: int, codec: RowCodec) -> Remembered:
    """Return what a task's own rows say; raises `Halted` for a newer release's."""
    key, prefix = row.KEY.encode(), row.FORGOTTEN.encode()
    value = store.get(partition, key)
    under_way = None if value is None else row.of_row(codec.decode(key, value)[1])
    found = [codec.decode(key, value)[1] for key, value in store.scan(partition, prefix, prefix)]
    return Remembered(under_way, tuple(Forgotten(**each) for each in found))


def player(store: Store, partition: int, player_hash: str, salt: bytes) -> bytes | None:
    """Return the player of a task with this hash; None when there is nothing of such a one."""
    return next((each for each in _players(store, partition) if salted(each, salt) == player_hash), None)


def rows(store: Store, partition: int, whose: bytes) -> Iterator[bytes]:
    """Yield the keys of a player's rows, and of the timers."""
    prefix = whose + b"\0"
    yield from (key for key, _ in store.scan(partition, prefix, prefix))
    yield from (key for key in _timers(store, partition) if owner(key) == whose)


def _players(store: Store, partition: int) -> Iterator[bytes]:
    """Yield who has rows, then who has timers, which may be the same again."""
    start = FIRST_KEY
    while (found := next(store.scan(partition, start), None)) is not None:
        whose = owner(found[0])
        yield whose
        start = whose + BEHIND
    yield from {owner(key): None for key in _timers(store, partition)}


def _timers(store: Store, partition: int) -> Iterator[bytes]:
    prefix = TIMER.encode()
    return (key for key, _ in store.scan(partition, prefix, prefix))
