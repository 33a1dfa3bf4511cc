"""Records as lines: a table for a terminal, JSON Lines for programs, CSV for spreadsheets."""

import csv
import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from topologies.operations.readable import DEAD_LETTER_TOPIC, Readable
from topologies.wire import dump_json

Render = Callable[[Readable], str]
"""A record as one or more lines, with headings where they are due."""

USUAL_WIDTH = 80
WHOSE = 1
"""The column of the player, or the key: an id may have any length, and a UUID has 36 characters."""
WHOSE_WIDTH_MAX = 36

EVENT_IDS = ("payment_id", "user_bonus_id", "activity_id")
CENTS = Decimal("0.01")


class Layout(NamedTuple):
    """A table's columns: heading → width at 80 columns; the last takes what is left of the line.

    `below` stands under a line.
    """

    columns: Mapping[str, int]
    cells: Callable[[Readable], Sequence[str]]
    below: Callable[[Readable], str] = lambda _: ""

    def line(self, cells: Sequence[str], width: int) -> str:
        """Cells below their headings; any other long cell than a long id moves what follows, and the line is cut."""
        widths = list(self.columns.values())
        # Half of what a wide terminal has more; the last column gets the rest.
        widths[WHOSE] = min(widths[WHOSE] + max(0, width - USUAL_WIDTH) // 2, WHOSE_WIDTH_MAX)
        shown = [printable(cell) for cell in cells]
        shown[WHOSE] = _shortened(shown[WHOSE], widths[WHOSE])
        text = " ".join(map(str.ljust, shown, widths)).rstrip()
        return text if len(text) <= width else f"{text[: width - 1]}…"


def _shortened(text: str, width: int) -> str:
    """Without its middle where it is too long: ids often differ at their ends."""
    if len(text) <= width:
        return text
    head = width // 2
    return f"{text[:head]}…{text[head + 1 - width :]}"


def printable(text: str) -> str:
    """What a source has sent may not steer the terminal."""
    return "".join(each if each.isprintable() else " " for each in text)


def jsonl(record: Readable) -> str:
    """All of a record as one JSON object."""
    return dump_json(record._asdict()).decode()


def table(width: int) -> Render:
    """One line for each record, no wider than `width`, under headings that fit what kind of record it is."""
    shown: list[Layout] = []

    def render(record: Readable) -> str:
        layout = _layout(record)
        heading = [] if shown[-1:] == [layout] else [layout.line(list(layout.columns), width)]
        shown[:] = [layout]
        below = textwrap.wrap(printable(layout.below(record)), width, initial_indent="  ", subsequent_indent="  ")
        return "\n".join([*heading, layout.line(layout.cells(record), width), *below])

    return render


def csv_lines() -> Render:
    """One line for each record; the same columns for all, headers and value as JSON."""
    columns = ("topic", "partition", "offset", "timestamp", "key")
    told = ("event", "type", "status", "amount", "currency", "id")
    is_first = True

    def render(record: Readable) -> str:
        nonlocal is_first
        value = _fields(record)
        cells = [*record[:5], record.headers.get("type", ""), *(value.get(name, "") for name in told[1:-1]), _id(value)]
        rows = [[*columns, *told, "headers", "value"]] if is_first else []
        is_first = False
        return _csv([*rows, [*cells, dump_json(record.headers).decode(), dump_json(record.value).decode()]])

    return render


FORMATS: Mapping[str, Callable[[int], Render]] = {
    "table": table,
    "jsonl": lambda _width: jsonl,
    "csv": lambda _width: csv_lines(),
}


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().removesuffix("\n")


def _layout(record: Readable) -> Layout:
    if DEAD_LETTER_TOPIC in record.headers:
        return DEAD_LETTER
    return EVENT if "type" in record.headers and isinstance(record.value, Mapping) else ANY


def _event(record: Readable) -> Sequence[str]:
    value = record.value
    words = [str(value.get(name, "")) for name in ("type", "status")]
    time = _short(str(value.get("timestamp") or record.timestamp))
    return [time, record.key or "", record.headers["type"], *words, _money(value), _id(value)]


def _dead_letter(record: Readable) -> Sequence[str]:
    where = "/".join(_told(record, name) for name in ("topic", "partition", "offset"))
    return [_short(record.timestamp), record.key or "", _told(record, "class") or _told(record, "form"), where]


def _reason(record: Readable) -> str:
    """Why it is one; of the note that one was sent again, by whom."""
    by = _told(record, "by")
    return f"sent again by {by}, attempt {_told(record, 'attempt')}" if by else _told(record, "reason")


def _told(record: Readable, name: str) -> str:
    return record.headers.get(f"dead-letter.{name}", "")


def _any(record: Readable) -> Sequence[str]:
    return [_short(record.timestamp), record.key or "", dump_json(record.value).decode()]


def _short(timestamp: str) -> str:
    """Month, day and time of day of an RFC 3339 time: a table has no room for more."""
    return timestamp[5:19].replace("T", " ")


def _money(value: Mapping[str, Any]) -> str:
    if not isinstance(value.get("amount"), int | float):
        return ""
    amount = Decimal(str(value["amount"]))
    exact = amount if -int(amount.as_tuple().exponent) > 2 else amount.quantize(CENTS)
    return f"{exact} {value.get('currency', '')}".rjust(EVENT.columns["AMOUNT"])


def _id(value: Mapping[str, Any]) -> str:
    return next((str(value[name]) for name in EVENT_IDS if name in value), "")


def _fields(record: Readable) -> Mapping[str, Any]:
    return record.value if isinstance(record.value, Mapping) else {}


EVENT = Layout(
    {"TIME": 14, "PLAYER": 9, "EVENT": 7, "TYPE": 13, "STATUS": 9, "AMOUNT": 11, "ID": 0},
    _event,
)
DEAD_LETTER = Layout({"TIME": 14, "PLAYER": 9, "CLASS": 19, "FROM": 0}, _dead_letter, _reason)
ANY = Layout({"TIME": 14, "KEY": 14, "VALUE": 0}, _any)
