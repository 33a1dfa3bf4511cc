"""Plans and rewinds as lines for a terminal of 80 columns."""

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from topologies.operations.rewind.correction import correction
from topologies.operations.rewind.differences import Difference
from topologies.operations.rewind.history import Rewind
from topologies.operations.rewind.planned import Planned
from topologies.runtime.kafka.polled import Partition
from topologies.units import instant_text
from topologies.wire import dump_json

WIDTH = 80
GAP = "  "
NARROW = "\u00a0"
"""A space at which no line ends."""
S_PER_MINUTE, S_PER_HOUR = 60, 3600

PLAN = ("partition", "commit", "rows", "records", "events", "players", "steps", "estimate")
STATUS = ("id", "partition", "commit", "state", "replayed")
HISTORY = ("when", "id", "partition", "commit", "emit", "outcome")
REPORT = ("what", "player", "sent", "event")

RIGHT = frozenset({"partition", "commit", "rows", "records", "events", "players", "steps", "estimate", "replayed"})
"""Columns of numbers."""

ORDER = ("same", "changed", "added", "vanished")
"""Counts that are told first, and even if there were none."""


def plans(planned: Sequence[Planned]) -> str:
    """One line for each plan; when, and to which offsets, stand below it."""
    return _table(PLAN, [(_plan(each), _places(each)) for each in planned])


def _plan(planned: Planned) -> Sequence[str]:
    plan = planned.plan
    numbers = (plan.rows, sum(plan.records.values()), plan.events, plan.players, plan.steps)
    return [str(plan.partition), str(plan.commit), *(f"{each:,}" for each in numbers), duration(plan.estimate_s)]


def _places(planned: Planned) -> str:
    plan = planned.plan
    offsets = (
        f"{topic}{NARROW}{offset}"
        + (f"{NARROW}(now{NARROW}{now})" if (now := plan.inputs.get(topic, offset)) != offset else "")
        for topic, offset in sorted(plan.back_to.items())
    )
    plural = "" if plan.dead_letters == 1 else "s"
    letters = f"; {plan.dead_letters} dead letter{plural}" if plan.dead_letters else ""
    return f"{instant_text(planned.at_ms)}: {', '.join(offsets)}{letters}"


def duration(seconds: float) -> str:
    """Roughly, in one word or two."""
    if seconds < S_PER_MINUTE:
        return f"{math.ceil(seconds)} s"
    if seconds < S_PER_HOUR:
        return f"{seconds / S_PER_MINUTE:.0f} min"
    return f"{seconds / S_PER_HOUR:.1f} h"


def status(rewinds: Iterable[Rewind], committed: Mapping[Partition, int], now_ms: int) -> str:
    """One line for each rewind under way; where its inputs are by the group's offsets, and will be, stands below it."""
    return _table(STATUS, [(_status(each, committed, now_ms), _under_way(each, committed)) for each in rewinds])


def _status(rewind: Rewind, committed: Mapping[Partition, int], now_ms: int) -> Sequence[str]:
    command, replayed = rewind.command, f"{rewind.replayed(committed):,}"
    if rewind.planned is not None:
        replayed = f"{replayed} of {sum(rewind.planned.plan.records.values()):,}"
    return [command.id, str(rewind.partition), str(command.target), rewind.state(now_ms), replayed]


def _under_way(rewind: Rewind, committed: Mapping[Partition, int]) -> str:
    places = rewind.places(committed)
    offsets = (f"{topic}{NARROW}{now}{NARROW}of{NARROW}{stood}" for topic, (now, stood) in sorted(places.items()))
    return ". ".join(filter(None, (_asked(rewind), ", ".join(offsets))))


def history(rewinds: Iterable[Rewind], now_ms: int) -> str:
    """One line for each rewind that was ever asked for; why, and what came out, stand below it."""
    return _table(HISTORY, [(_history(each, now_ms), _said(each)) for each in rewinds])


def _history(rewind: Rewind, now_ms: int) -> Sequence[str]:
    command, state = rewind.command, rewind.state(now_ms)
    when = instant_text(command.at_ms // 1000 * 1000)
    return [when, command.id, str(rewind.partition), str(command.target), command.emit, state]


def _said(rewind: Rewind) -> str:
    return ". ".join(filter(None, (_asked(rewind), rewind.why, counts(rewind.counts) if rewind.is_done else "")))


def _asked(rewind: Rewind) -> str:
    command = rewind.command
    return f"by {command.by}{f': {command.reason}' if command.reason else ''}"


def counts(found: Mapping[str, int]) -> str:
    """What a replay came to, in words."""
    told = {**{name: found.get(name, 0) for name in ORDER}, **found}
    return ", ".join(f"{name} {count:,}" for name, count in told.items())


def heading(rewind: Rewind, now_ms: int) -> str:
    """What became of one partition's part of a rewind, in a line."""
    said = f"partition {rewind.partition}: {rewind.state(now_ms)}"
    if rewind.is_done:
        return f"{said}, {counts(rewind.counts)}"
    why = rewind.why if rewind.answers else "no worker has answered"
    return f"{said}: {why}" if why else said


def report(differences: Iterable[Difference]) -> Iterator[str]:
    """One line for each difference; what was and is, and what could be sent, stand below it."""
    widths = (8, 14, 4, 0)
    for number, each in enumerate(differences):
        if number == 0:
            yield _line([name.upper() for name in REPORT], widths)
        key = each.key or "dead letter"
        yield _line([each.what, key, "yes" if each.is_sent else "no", each.id], widths)
        yield from map(_below, filter(None, (_values(each), _correction(each))))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(map(str.ljust, map(_printable, cells), widths)).rstrip()


def _values(difference: Difference) -> str:
    old, new = difference.old, difference.new
    if difference.what == "changed" and old is not None and new is not None:
        names = [name for name in {**old.value, **new} if old.value.get(name) != new.get(name)]
        return ", ".join(f"{name} {_json(old.value.get(name))} → {_json(new.get(name))}" for name in names)
    if difference.what == "added":
        return "" if new is None else words(new)
    if old is not None:
        return f"was {words(old.value)}"
    return "what was heard is not in its topic any more" if difference.key else ""


def _correction(difference: Difference) -> str:
    found = correction(difference.what, difference.old)
    return "" if found is None else f"correction: {found['headers']['type']} {words(found['value'])}"


def words(event: Mapping[str, Any]) -> str:
    """An event in short: `Credit Approved 45 EUR`."""
    return " ".join(str(event[name]) for name in ("type", "status", "amount", "currency") if name in event)


def _json(value: Any) -> str:  # noqa: ANN401  a JSON value
    return dump_json(value).decode()


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() or each == NARROW else " " for each in text)


def _below(text: str) -> str:
    shown = textwrap.fill(_printable(text), WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    return shown.replace(NARROW, " ")


def _table(heading: Sequence[str], rows: Sequence[tuple[Sequence[str], str]]) -> str:
    """A table with something below each line; columns of numbers end below each other."""
    lines = [[name.upper() for name in heading], *(cells for cells, _ in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    pads = [str.rjust if name in RIGHT else str.ljust for name in heading]
    shown = [
        GAP.join(pad(cell, width) for pad, cell, width in zip(pads, cells, widths, strict=True)).rstrip()
        for cells in lines
    ]
    below = ["", *(text and _below(text) for _, text in rows)]
    return "\n".join(part for pair in zip(shown, below, strict=True) for part in pair if part)
