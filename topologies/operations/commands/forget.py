"""`croupier forget`."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping

import click

from topologies import units
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.commands.rewind_progress import fail, tell
from topologies.operations.commands.tap import parsed
from topologies.operations.errors import Failed
from topologies.operations.forget import asking, showing
from topologies.operations.forget import proof as proofs
from topologies.operations.forget.asking import Wish
from topologies.operations.forget.proof import Proof
from topologies.operations.rewind.site import Site
from topologies.runtime.rewinding.control import TEXT_MAX, Answer
from topologies.wire import dump_json


def _json(found: Proof) -> Iterator[str]:
    yield dump_json(proofs.as_json(found)).decode()


FORMATS: Mapping[str, Callable[[Proof], Iterator[str]]] = {"table": showing.text, "json": _json}


@click.command(
    short_help="Delete everything of a player.",
    epilog=options.examples(
        "croupier forget 125917 --dry-run",
        "croupier forget 125917 --yes --reason 'request 2026-118'",
        "croupier forget 125917 --yes --format json > proof.json",
    ),
)
@click.argument("player", callback=parsed(options.player))
@click.option("--dry-run", is_flag=True, help="Only print what there is.")
@click.option("--reason", default="", help="Why; kept for ever, so it should name no player.")
@click.option(
    "--deadline",
    metavar="D",
    default="10m",
    show_default=True,
    callback=parsed(units.duration),
    help="When no worker has begun by then, none will.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="table", show_default=True)
@click.pass_obj
def forget(  # noqa: PLR0913 - click's own arguments
    invocation: Invocation, /, player: str, *, dry_run: bool, reason: str, deadline: int, yes: bool, form: str
) -> None:
    """Delete everything of a player: every row and timer, from state and local files.

    PLAYER is the id as the events have it, 125917, not Rebilly's 123_125917.
    No rewind and no replay brings anything back; records that come later begin
    a new life. Prints a proof: what was deleted, and what remains in which topic
    until when. Topics of others, and the CRM, forget by themselves or not at all.
    """
    if not player or "\0" in player:
        raise click.UsageError("the player's id is empty, or has U+0000 in it")
    if re.search(rf"(?<!\w){re.escape(player)}(?!\w)", reason):
        raise click.UsageError("--reason names the player, and is kept for ever")
    if len(reason) > TEXT_MAX:
        raise click.UsageError(f"--reason: longer than {TEXT_MAX:,} characters")
    site = Site(invocation.settings, is_meant=not dry_run)
    answers: Mapping[int, Answer] = {}
    if not dry_run:
        _confirm(player, is_sure=yes)
        answers = asking.forget(site, player, Wish(reason, deadline), invocation.now_ms, tell)
    for number in asking.partitions(site, player):
        deleted = answers[number].counts if number in answers else {}
        for line in FORMATS[form](proofs.proof(site, player, number, deleted)):
            click.echo(line)
    fail(
        [f"partition {number}: {each.why}" for number, each in answers.items() if each.outcome != "done"],
        "partitions have not forgotten the player",
    )


def _confirm(player: str, *, is_sure: bool) -> None:
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("this cannot be taken back: --yes is needed where nobody can be asked")
    if not click.confirm(f"everything of player {player} is deleted, and cannot be taken back. go on?", err=True):
        raise Failed("nothing was done")
