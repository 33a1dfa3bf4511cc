"""`croupier audit`."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from topologies import player, units
from topologies.operations import components
from topologies.operations.audit.auditing import Audited, audited
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.errors import Failed
from topologies.operations.rewind import planning
from topologies.operations.rewind.rehearsal import Rehearsal
from topologies.operations.rewind.site import Site
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.target import ToEarliest
from topologies.wire import dump_json

SHOWN_MAX = 20
"""Differences of a partition that are shown to people; programs get all of them."""


@click.command(
    short_help="Recompute players and compare.",
    epilog=options.examples("croupier audit", "croupier audit --partition 3 --sample 100"),
)
@click.option("--partition", metavar="SET", default="all", show_default=True, help="3, or 0-2,5, or all.")
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="So many players of each partition, drawn anew."
)
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
@click.pass_obj
def audit(invocation: Invocation, partition: str, sample: int | None, form: str) -> None:
    """Recompute players from the inputs, in the recorded order, and compare state and events with what there is.

    As far back as journal and inputs reach, by the rules of this installation;
    nothing is written to the cluster, and workers go on meanwhile. Prints how
    many players were verified and what differs; exit code 1 if anything does.
    """
    settings = invocation.settings
    if not settings.rewind_window:
        raise Failed("there is no journal, so nothing can be recomputed: rewind_window is 0")
    numbers = _partitions(partition)
    with ExitStack() as opened:
        directory = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="croupier-")))
        site = Site(settings)
        topology = components.topology(player.NAME, settings)
        rehearsal = Rehearsal(topology, settings, directory, invocation.clock, opened)
        found = [_of(site, rehearsal, number, sample, form) for number in site.chosen(numbers)]
    players, differ = sum(each.players for each in found), sum(each.differing for each in found)
    click.echo(f"{players:,} players verified, {differ:,} differ", err=form == "jsonl")
    if differ:
        raise Failed("what is recorded is not what these rules come to")


def _partitions(text: str) -> frozenset[int] | None:
    try:
        return units.partitions(text)
    except ValueError as error:
        raise click.UsageError(f"--partition: {error}") from None


def _of(site: Site, rehearsal: Rehearsal, number: int, sample: int | None, form: str) -> Audited:
    try:
        planned = planning.planned(site, number, ToEarliest())
    except Refused as why:
        raise Failed(f"partition {number}: {why}") from None
    found = Audited(0, []) if planned.is_empty else audited(site, rehearsal, planned, sample)
    for difference in found.differences if form == "jsonl" else ():
        click.echo(dump_json({"partition": number, **difference}).decode())
    for difference in found.differences[:SHOWN_MAX] if form == "text" else ():
        what = difference.get("event") or difference["row"]
        click.echo(f"{difference['player']}: {what}")
        for name in ("recorded", "recomputed"):
            click.echo(f"  {name}: {dump_json(difference[name]).decode()}")
    if form == "text" and len(found.differences) > SHOWN_MAX:
        click.echo(f"partition {number}: {len(found.differences) - SHOWN_MAX:,} more differences: --format jsonl")
    return found
