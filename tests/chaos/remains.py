"""What a worker that has ended leaves on its disk, to be held against what was committed."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from topologies.runtime import head
from topologies.runtime.rowcodec import EXPIRY_BYTES
from topologies.runtime.store import Bounds, Store

BOUNDS = Bounds(4 << 20, 4 << 20)

NEVER = 0
"""The number of the commit before the first."""


class Rows(NamedTuple):
    """A task's rows, in short: the number of the commit that its head is of, how many there are, and what they are."""

    commit: int
    number: int
    digest: int


class Remains(NamedTuple):
    """A task's slice of a dead worker's store, which says that it holds the state topic up to `offset`."""

    worker: str
    partition: int
    offset: int
    rows: Rows


class Change(NamedTuple):
    """A record of the state topic."""

    offset: int
    key: bytes
    value: bytes | None


def of(worker: str, state: Path, partitions: Iterable[int]) -> list[Remains]:
    """Return what lies there, of a copy: opening a store changes it."""
    if not state.exists():
        return []
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / state.name
        shutil.copytree(state, copy)
        store = Store(copy, BOUNDS)
        found = [
            Remains(worker, number, applied.offset, _rows(dict(store.scan(number, b""))))
            for number in partitions
            if (applied := store.applied(number)) is not None
        ]
        store.close()
    return found


def committed(changes: Iterable[Change], offsets: Iterable[int]) -> Iterator[tuple[int, Rows]]:
    """Yield for each of the offsets, in order, the rows that a state topic's records before it come to."""
    rows: dict[bytes, bytes] = {}
    coming = iter(changes)
    change = next(coming, None)
    for offset in sorted(set(offsets)):
        while change is not None and change.offset < offset:
            rows.pop(change.key, None)
            if change.value is not None:
                rows[change.key] = change.value
            change = next(coming, None)
        yield offset, _rows(rows)


def wrong(changes: Iterable[Change], left: Sequence[Remains]) -> Iterator[str]:
    """Say whose store is not what was committed, up to where it says: it may be behind, but never ahead."""
    there = dict(committed(changes, (each.offset for each in left)))
    for each in left:
        rows = there[each.offset]
        if each.rows.commit != rows.commit:
            yield (
                f"{each.worker} has died with commit {each.rows.commit} in its store, and the state has come to "
                f"{rows.commit} up to there ({each.offset})"
            )
        elif each.rows != rows:
            yield (
                f"{each.worker} has died with other rows of commit {rows.commit} than the state has: "
                f"{each.rows.number}, {rows.number}"
            )


def number_of(value: bytes | None) -> int:
    """Return the number of the commit that a head row is of."""
    if value is None:
        return NEVER
    _, fields = orjson.loads(value[EXPIRY_BYTES:])
    number: int = fields["commit"]
    return number


def _rows(rows: dict[bytes, bytes]) -> Rows:
    return Rows(number_of(rows.get(head.KEY)), len(rows), hash(frozenset(rows.items())))
