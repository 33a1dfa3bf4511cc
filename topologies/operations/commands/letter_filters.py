"""The options that choose dead letters."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import click

from topologies import units
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.commands.tap import parsed, words
from topologies.operations.letters import advice
from topologies.operations.letters.selection import Selection, name

Decorated = Callable[..., Any]

FILTERS = ("names", "classes", "topics", "player", "since", "until", "partitions")


def _classes(text: str) -> frozenset[str]:
    found = words(text)
    if unknown := sorted(found - advice.ADVICE.keys()):
        raise ValueError(f"there is no class {unknown[0]}: {', '.join(advice.ADVICE)}")
    return found


OPTIONS: Sequence[Callable[[Decorated], Decorated]] = (
    click.option("--class", "classes", metavar="CLASS,…", callback=parsed(_classes), help="Only these: missing-rate."),
    click.option("--topic", "topics", metavar="TOPIC,…", callback=parsed(words), help="Only from these inputs."),
    click.option(
        "--player", metavar="ID", callback=parsed(options.player), help="Only this player, by the record's key."
    ),
    click.option(
        "--since",
        metavar="T",
        help="Only those written from a time on: 2026-11-20T10:00:00Z, 2026-11-20, or back from now: 2h, P1D.",
    ),
    click.option("--until", metavar="T", help="Only those written before a time."),
    click.option(
        "--partition",
        "partitions",
        metavar="SET",
        callback=parsed(units.partitions),
        help="Only these partitions: 3, or 0-2,5.",
    ),
)


def choosing(command: Decorated) -> Decorated:
    """Give a command the options, in their order."""
    return reduce(lambda made, option: option(made), reversed(OPTIONS), command)


def selection(given: Mapping[str, Any], invocation: Invocation, topic: str) -> Selection:
    """Return what the options say; `topic` is that of the dead letters."""
    now_ms = invocation.now_ms()
    try:
        names = frozenset(name(each, topic) for each in given.get("names", ()))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return Selection(
        names,
        given.get("classes") or frozenset(),
        given.get("topics") or frozenset(),
        given.get("player"),
        _time(given, "since", now_ms),
        _time(given, "until", now_ms),
        given.get("partitions"),
    )


def _time(given: Mapping[str, Any], option: str, now_ms: int) -> int | None:
    try:
        return None if given.get(option) is None else units.since(given[option], now_ms)
    except ValueError as error:
        raise click.UsageError(f"--{option}: {error}") from None
