"""A story as text of 80 columns, or as JSON Lines."""

import textwrap
from collections.abc import Iterable, Iterator

from topologies.operations.explain.found import Found
from topologies.operations.explain.story import Line
from topologies.units import instant_text
from topologies.wire import dump_json

WIDTH = 80
TIME_WIDTH = 21
BELOW = "→ "

CHANGES = frozenset({"state", "timer"})


def text(found: Found, lines: Iterable[Line]) -> Iterator[str]:
    """A heading, then causes with their times and places; below each what was said of it.

    What a commit wrote stands behind its causes. A time that stands above already is not repeated.
    """
    yield _heading(found)
    time, written = "", None
    for line in lines:
        if not line.text:
            continue
        now = instant_text(line.time_ms // 1000 * 1000)[:-1].replace("T", " ")
        if line.what in CHANGES and line.commit != written:
            yield f"{now.ljust(TIME_WIDTH)}commit {line.commit} wrote"
            time, written = now, line.commit
        if line.what == "rewind":
            written = line.commit
        yield _wrapped(line, now if not line.is_below or now != time else "")
        time = now


def _heading(found: Found) -> str:
    counts = {
        "record": len(found.inputs),
        "event": sum(each.what == "event" for each in found.said),
        "dead letter": sum(each.what == "dead-letter" for each in found.said),
    }
    told = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    heading = _printable(f"player {found.player}, partition {found.partition}: {told}. times are UTC")
    return textwrap.fill(heading, WIDTH, break_on_hyphens=False)


def _wrapped(line: Line, time: str) -> str:
    lead, margin = time.ljust(TIME_WIDTH), " " * TIME_WIDTH
    if line.is_below:
        lead, margin = lead + BELOW, margin + " " * len(BELOW)
    told = textwrap.wrap(
        _printable(line.text), WIDTH, initial_indent=lead, subsequent_indent=margin, break_on_hyphens=False
    )
    return "\n".join([*told, *_place(line)])


def _place(line: Line) -> list[str]:
    """Where a cause lies, and which commit took it; below it nobody needs to be told again."""
    if line.is_below:
        return []
    commit = "" if line.commit is None else f"commit {line.commit}"
    place = ", ".join(filter(None, (line.where, commit)))
    indent = " " * TIME_WIDTH
    return textwrap.wrap(f"({place})", WIDTH, initial_indent=indent, subsequent_indent=indent) if place else []


def jsonl(_found: Found, lines: Iterable[Line]) -> Iterator[str]:
    """All of each line as one JSON object."""
    for line in lines:
        fields = {"time": instant_text(line.time_ms), **line._asdict()}
        del fields["time_ms"]
        yield dump_json(fields).decode()


def _printable(told: str) -> str:
    """What a source has sent may not steer the terminal."""
    return "".join(each if each.isprintable() else " " for each in told)
