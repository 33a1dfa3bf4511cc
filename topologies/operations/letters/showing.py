"""Dead letters as lines: a table of 80 columns, JSON Lines, and one in full."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from topologies.graph import Message
from topologies.operations.letters import advice
from topologies.operations.letters.selection import Listed
from topologies.operations.readable import Reading
from topologies.operations.rendering import Layout, printable
from topologies.runtime.letters.letter import Letter
from topologies.units import instant_text
from topologies.wire import dump_json

INDENT = "  "
HEAD = 9

COLUMNS = Layout({"LETTER": 9, "PLAYER": 9, "WRITTEN": 14, "STATE": 8, "CLASS": 0}, lambda _: ())

Render = Callable[[Iterable[Listed]], Iterator[str]]


def table(width: int) -> Render:
    """A line for each, and below it where the record stood, which attempt it was, and why it died."""

    def lines(listed: Iterable[Listed]) -> Iterator[str]:
        is_first = True
        for each in listed:
            if is_first:
                yield COLUMNS.line(list(COLUMNS.columns), width)
            is_first = False
            yield _line(each, width)

    return lines


def _line(listed: Listed, width: int) -> str:
    letter = listed.letter
    written = _time(letter.time_ms)[5:19].replace("T", " ")
    cells = [letter.name, _text(letter.key), written, listed.state, letter.kind]
    attempt = "" if letter.attempt == 1 else f", attempt {letter.attempt}"
    below = printable(f"{letter.source}{attempt}: {letter.reason}")
    wrapped = textwrap.wrap(below, width, initial_indent=INDENT, subsequent_indent=INDENT, break_on_hyphens=False)
    return "\n".join([COLUMNS.line(cells, width), *wrapped])


def jsonl(_width: int) -> Render:
    """One JSON object a line; without the value, which may be personal."""
    return lambda listed: (dump_json(fields(each)).decode() for each in listed)


FORMATS: Mapping[str, Callable[[int], Render]] = {"table": table, "jsonl": jsonl}


def fields(listed: Listed) -> dict[str, Any]:
    """Return what is told of a letter; times are RFC 3339."""
    letter, note = listed
    return {
        "letter": letter.name,
        "state": listed.state,
        "class": letter.kind,
        "reason": letter.reason,
        "player": None if letter.key is None else _text(letter.key),
        "written": _time(letter.time_ms),
        "first_seen": _time(letter.first_seen),
        "attempt": letter.attempt,
        "source": str(letter.source),
        "timestamp": _time(letter.timestamp),
        "form": letter.form or "record",
        "replayed": None if note is None else {"at": _time(note.time_ms), "by": note.by},
    }


def full(listed: Listed, reading: Reading) -> dict[str, Any]:
    """Return all of a letter: also the source's headers, the value, decoded where it can be, and what to do."""
    letter = listed.letter
    readable = reading.readable(_message(letter), list(letter.headers))
    return {**fields(listed), "headers": readable.headers, "value": readable.value, "advice": advice.of(letter.kind)}


def text(listed: Listed, reading: Reading) -> Iterator[str]:
    """One letter for a terminal."""
    told = full(listed, reading)
    value, headers, replayed = told.pop("value"), told.pop("headers"), told.pop("replayed")
    if replayed is not None:
        told["state"] = f"replayed at {replayed['at']} by {replayed['by']}"
    for name, each in told.items():
        yield _wrapped(name.replace("_", " "), str(each))
    for name, each in headers.items():
        yield _wrapped("header", f"{name}: {each}")
    yield "value"
    yield textwrap.indent(_pretty(value), INDENT)


def _wrapped(name: str, said: str) -> str:
    margin = " " * (HEAD + 3)
    return textwrap.fill(
        printable(said), 80, initial_indent=name.ljust(len(margin)), subsequent_indent=margin, break_on_hyphens=False
    )


def _pretty(value: Any) -> str:  # noqa: ANN401  a JSON value
    """JSON, a field a line."""
    if not isinstance(value, Mapping) or not value:
        return printable(dump_json(value).decode())
    width = max(map(len, value))
    return "\n".join(f"{name.ljust(width)}  {printable(dump_json(each).decode())}" for name, each in value.items())


def _message(letter: Letter) -> Message:
    """The record as it was; its time is told from the letter."""
    return Message(*letter.source, 0, letter.key, letter.value)


def _time(time_ms: int) -> str:
    """RFC 3339; a producer may have sent a time that has no such form."""
    try:
        return instant_text(time_ms)
    except OverflowError:
        return str(time_ms)


def _text(key: bytes | None) -> str:
    return "" if key is None else key.decode(errors="replace")
