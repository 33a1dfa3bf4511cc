"""`croupier explain`."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import click

from topologies import player as topology
from topologies import units
from topologies.operations import components
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.commands.tap import parsed
from topologies.operations.errors import Failed
from topologies.operations.explain import showing
from topologies.operations.explain.found import Found
from topologies.operations.explain.reading import Topics
from topologies.operations.explain.story import Line, story
from topologies.operations.rewind.site import Site
from topologies.runtime.rowcodec import RowCodec
from topologies.settings import Settings

FORMATS: Mapping[str, Callable[[Found, Iterable[Line]], Iterator[str]]] = {"text": showing.text, "json": showing.jsonl}


@click.command(
    short_help="Tell one player's story.",
    epilog=options.examples(
        "croupier explain 125917",
        "croupier explain 125917 --since 2h",
        "croupier explain 125917 --format json | jq 'select(.what == \"event\") | .details.value'",
    ),
)
@click.argument("player", callback=parsed(options.player))
@click.option(
    "--since",
    metavar="T",
    help="From a time on: 2026-11-20T10:00:00Z, 2026-11-20, or back from now: 2h, P1D. "
    "Default: as far back as the journal reaches.",
)
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.pass_obj
def explain(invocation: Invocation, /, player: str, since: str | None, form: str) -> None:
    """Tell one player's story: what came in, what the CRM was told of it, and what it changed.

    PLAYER is the id as the events have it, 125917, not Rebilly's 123_125917.
    Causes are told in the order in which they were processed; below each stands
    what it led to. State changes are told per commit, from the journal.
    Reads the player's partition of each topic, committed records only: the
    younger --since, the faster.
    """
    since_ms = _since(since, invocation.now_ms())
    settings = invocation.settings
    found = _found(settings, player, since_ms)
    if not found:
        raise Failed(_nothing(player, since, settings))
    if not settings.rewind_window:
        click.echo("there is no journal, so state changes are not told: rewind_window is 0", err=True)
    decode = _rows(settings).decode
    for each in found:
        for line in FORMATS[form](each, story(each, decode)):
            click.echo(line)


def _since(text: str | None, now_ms: int) -> int | None:
    try:
        return None if text is None else units.since(text, now_ms)
    except ValueError as error:
        raise click.UsageError(f"--since: {error}") from None


def _found(settings: Settings, player: str, since_ms: int | None) -> list[Found]:
    sources = {topic: source for source, topic in components.input_topics(settings).items()}
    topics = Topics(Site(settings), components.codec(settings), sources, player)
    read = (topics.found(partition, since_ms) for partition in topics.partitions())
    return [each for each in read if not each.is_empty]


def _nothing(player: str, since: str | None, settings: Settings) -> str:
    when = "" if since is None else f" since {since}"
    said = f"there is nothing of player {player} in the topics of {settings.app}{when}"
    casino, _, own = player.partition("_")
    return f"{said}. the player of Rebilly's {player} is {own}" if own and casino in settings.origin_by_casino else said


def _rows(settings: Settings) -> RowCodec:
    made = components.topology(topology.NAME, settings, with_registry=False)
    return RowCodec(made.row_version, made.upgrade)
