"""`croupier tap`."""

import select
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from itertools import islice
from typing import Any, NamedTuple

import click

from topologies import units
from topologies.operations import components
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.filters import Filter
from topologies.operations.readable import Readable, Reading
from topologies.operations.rendering import FORMATS
from topologies.operations.tap import Batch, Scope, Start, records
from topologies.runtime.kafka.reader import Reader

WIDTH = 80
STDOUT = 1


def parsed(parse: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """A callback that parses an option's text; what it refuses is a usage error."""

    def callback(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:  # noqa: ANN401  parse's own
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


class Wish(NamedTuple):
    """What the options say; None where one is left out."""

    types: frozenset[str] | None
    player: str | None
    statuses: frozenset[str] | None
    where: tuple[tuple[str, str], ...]
    since: str | None
    from_start: bool
    partitions: frozenset[int] | None
    drain: bool
    limit: int | None
    form: str | None


def words(text: str) -> frozenset[str]:
    """The words of `PAYMENT,BONUS`."""
    return frozenset(filter(None, map(str.strip, text.split(","))))


def _pairs(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    for text in texts:
        if "=" not in text.strip("="):
            raise click.BadParameter(f"`{text}` is not KEY=VALUE")
    return tuple((key, value) for key, _, value in (text.partition("=") for text in texts))


@click.command(
    short_help="Read a topic, decoded and filtered.",
    epilog=options.examples(
        "croupier tap --type PAYMENT --player 125917 --since 2h",
        "croupier tap --status Rollback --where currency=GBP --from-start",
        "croupier tap croupier-dead-letters --from-start --drain",
        "croupier tap --from-start --drain --format jsonl | head -1",
    ),
)
@click.argument("topic", required=False)
@click.option(
    "--type", "types", metavar="TYPE,…", callback=parsed(words), help="Only these types: PAYMENT, BONUS, CASINO."
)
@click.option("--player", metavar="ID", callback=parsed(options.player), help="Only this player, by the record's key.")
@click.option(
    "--status",
    "statuses",
    metavar="STATUS,…",
    callback=parsed(words),
    help="Only these statuses, such as Approved,Rejected.",
)
@click.option(
    "--where",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_pairs,
    help="Only with this field: currency=GBP, meta.tier=gold.",
)
@click.option(
    "--since", metavar="T", help="From a time on: 2026-11-20T10:00:00Z, 2026-11-20, or back from now: 2h, P1D."
)
@click.option("--from-start", is_flag=True, help="From the oldest record on.")
@click.option(
    "--partition",
    "partitions",
    metavar="SET",
    callback=parsed(units.partitions),
    help="Only these partitions: 3, or 0-2,5.",
)
@click.option("--drain", is_flag=True, help="End when everything that is there now was read.")
@click.option("--limit", type=click.IntRange(min=1), help="End after so many records.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Default: table on a terminal, else jsonl.")
@click.pass_obj
def tap(invocation: Invocation, /, topic: str | None, **options: Any) -> None:  # noqa: ANN401  see Wish
    """Read a topic as a person wants it: committed records only, decoded, filtered.

    TOPIC is crm.events when it is left out; any other can be read too, such
    as croupier-dead-letters. Without --since and --from-start only what comes
    from now on is shown, until Ctrl-C. A record must pass all filters.
    """
    wish = Wish(**options)
    settings = invocation.settings
    scope = Scope(topic or settings.topic_events, _start(wish, invocation.now_ms()), wish.partitions, wish.drain)
    wanted = Filter(wish.types or frozenset(), wish.player, wish.statuses or frozenset(), wish.where)
    reading = Reading(components.codec(settings), components.input_topics(settings))
    admin = components.admin(settings, "Read")
    with closing(Reader(components.cluster(settings))) as reader, suppress(KeyboardInterrupt):
        batches = records(admin, reader, scope)
        seen = (reading.readable(*each) for batch in _while_heard(batches) for each in batch)
        _show(islice(filter(wanted.wants, seen), wish.limit), wish.form)


def _start(wish: Wish, now_ms: int) -> Start:
    if wish.since is not None and wish.from_start:
        raise click.UsageError("--since and --from-start exclude each other")
    try:
        return "beginning" if wish.from_start else "end" if wish.since is None else units.since(wish.since, now_ms)
    except ValueError as error:
        raise click.UsageError(f"--since: {error}") from None


def _while_heard(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches, until standard output is closed: `head` may have enough long before the next record comes.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    pipe = select.poll()
    pipe.register(STDOUT, 0)  # errors are told unasked
    for batch in batches:
        yield batch
        if any(event & select.POLLERR for _, event in pipe.poll(0)):
            raise BrokenPipeError


def _show(records_wanted: Iterable[Readable], form: str | None) -> None:
    width = shutil.get_terminal_size((WIDTH, 0)).columns
    render = FORMATS[form or ("table" if sys.stdout.isatty() else "jsonl")](width)
    for record in records_wanted:
        click.echo(render(record))
