"""What commits have changed: from the before-images in the journal to what was and what became of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from topologies.operations.explain.found import Commit
from topologies.runtime.overlay import TIMER, TimerKey, parse_timer
from topologies.runtime.rowcodec import StoredEntry

Decode = Callable[[bytes, bytes], StoredEntry]
"""(key, value) → entry: `RowCodec.decode`."""

Rows = Mapping[bytes, bytes]


class Change(NamedTuple):
    """One row of the player in one commit; `before` and `after` are its JSON values, None where there was none."""

    kind: str
    id: str
    before: Any
    after: Any


class TimerChange(NamedTuple):
    """A timer that was set, or that is gone: because it has fired, or because it was taken back."""

    timer: TimerKey
    became: str


def changes(commits: Sequence[Commit], now: Rows, decode: Decode) -> list[list[Change | TimerChange]]:
    """Return the changes of each of some commits, in the same order.

    What became of a row is what the next commit that changed it found; of the last change it is what there is now.

    Raises:
        Halted: a newer release wrote a row.
    """
    later: dict[bytes, bytes | None] = {}
    found: list[list[Change | TimerChange]] = []
    for commit in reversed(commits):
        found.append([_change(key, before, _after(key, later, now), commit, decode) for key, before in commit.images])
        later.update(commit.images)
    return found[::-1]


def _after(key: bytes, later: Mapping[bytes, bytes | None], now: Rows) -> bytes | None:
    return later[key] if key in later else now.get(key)


def _change(
    key: bytes, before: bytes | None, after: bytes | None, commit: Commit, decode: Decode
) -> Change | TimerChange:
    text = key.decode()
    if text.startswith(TIMER):
        return TimerChange(parse_timer(text), "set" if before is None else _gone(text, commit))
    _, kind, row_id = text.split("\0", 2)
    was, became = (None if value is None else decode(key, value)[1] for value in (before, after))
    return Change(kind, row_id, was, became)


def _gone(key: str, commit: Commit) -> str:
    """A rewind takes back without firing; otherwise what was due by then has fired."""
    if commit.rewound_to is not None:
        return "taken back"
    has_ticked = any(each.tick is not None and key <= each.tick for each in commit.slices)
    return "fired" if has_ticked or parse_timer(key).due <= commit.stream_time else "taken back"
