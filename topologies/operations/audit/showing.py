"""What an audit has found, as lines for a terminal of 80 columns."""

import textwrap
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from topologies.operations.audit.auditing import Audited
from topologies.operations.audit.comparing import RowDifference
from topologies.operations.rewind.differences import Difference
from topologies.operations.rewind.showing import WIDTH, words
from topologies.row_words import named
from topologies.runtime.rowcodec import expires_at
from topologies.units import instant_text
from topologies.wire import dump_json, load_json

VALUE_MAX = 40
"""Characters of one value; programs get all of it."""

ABSENT = object()

HEADING = "PLAYER          WHAT    WHICH (recorded → recomputed)"


def lines(found: Audited) -> Iterator[str]:
    """Yield one line for each difference, and below it what differs."""
    if not found.is_right:
        yield HEADING
    for what, player, which, below in chain(map(_row, found.rows), map(_event, found.events)):
        yield _printable(f"{player:14}  {what:6}  {which}")
        yield from _below(below)


def _row(each: RowDifference) -> tuple[str, str, str, str]:
    return "row", each.player, each.name, _row_values(each)


def _event(each: Difference) -> tuple[str, str, str, str]:
    return ("event" if each.key else "letter"), each.key or "dead letter", each.id, _event_values(each)


def _row_values(each: RowDifference) -> str:
    if each.recorded is None:
        return "recomputed only"
    if each.recomputed is None:
        return "recorded only"
    old, new = _fields(each.kind, each.recorded), _fields(each.kind, each.recomputed)
    return ", ".join(_changes("", old, new)) or "another version of the same row"


def _event_values(each: Difference) -> str:
    if each.what == "added":
        return " ".join(filter(None, ("recomputed only:", words(each.new or {})))).rstrip(":")
    if each.what == "vanished":
        return "recorded only" if each.old is None else f"recorded only: {words(each.old.value)}"
    if each.old is None or each.new is None:
        return "what was heard is not in its topic any more"
    return ", ".join(_changes("", each.old.value, each.new))


def _fields(kind: str, value: bytes) -> Mapping[str, Any]:
    """A row by the names of its fields, with when it expires."""
    expiry = expires_at(value)
    row = named(kind, load_json(value[8:])[1])
    return {"": row, "expires": instant_text(expiry) if expiry else "never"}


def _changes(path: str, old: Any, new: Any) -> Iterator[str]:  # noqa: ANN401 - JSON values
    """Yield each place at which two JSON values differ, with both values."""
    if old == new:
        return
    for name, before, after in _pairs(old, new):
        yield from _changes(".".join(filter(None, (path, name))), before, after)
    if not _pairs(old, new):
        yield f"{path} {_short(old)} → {_short(new)}".lstrip()


def _pairs(old: Any, new: Any) -> list[tuple[str, Any, Any]]:  # noqa: ANN401 - JSON values
    """The parts of two values of the same shape."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [(name, old.get(name, ABSENT), new.get(name, ABSENT)) for name in {**old, **new}]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [(str(number), *both) for number, both in enumerate(zip(old, new, strict=True))]
    return []


def _short(value: Any) -> str:  # noqa: ANN401 - a JSON value
    return "nothing" if value is ABSENT else textwrap.shorten(dump_json(value).decode(), VALUE_MAX, placeholder="…")


def _below(text: str) -> list[str]:
    return textwrap.wrap(_printable(text), WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
