"""`croupier audit`."""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import click

from topologies import player, units
from topologies.operations import components
from topologies.operations.audit import auditing, showing
from topologies.operations.audit.auditing import Audited
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.errors import Failed
from topologies.operations.rewind import planning
from topologies.operations.rewind.rehearsal import Rehearsal
from topologies.operations.rewind.site import Site
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.target import ToEarliest
from topologies.wire import dump_json

FORM_NAMES = ("text", "jsonl")

SHOWN_MAX = 20
"""Rows, and events, of a partition that are shown to people; programs get all of them."""


@click.command(
    short_help="Recompute players and compare.",
    epilog=options.examples("croupier audit", "croupier audit --partition 3 --sample 100"),
)
@click.option("--partition", metavar="SET", default="all", show_default=True, help="3, or 0-2,5, or all.")
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="So many players of each partition, drawn anew."
)
@click.option("--format", "form", type=click.Choice(FORM_NAMES), default="text", show_default=True)
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
        found = [_of(site, rehearsal, number, sample, invocation.now_ms()) for number in site.chosen(numbers)]
    for number, each in zip(site.chosen(numbers), found, strict=True):
        FORMS[form](number, each)
    players, differ = sum(each.players for each in found), sum(each.differing for each in found)
    click.echo(f"{players:,} players verified, {differ:,} differ", err=form == "jsonl")
    if not all(each.is_right for each in found):
        raise Failed("what is recorded is not what these rules come to")


def _partitions(text: str) -> frozenset[int] | None:
    try:
        return units.partitions(text)
    except ValueError as error:
        raise click.UsageError(f"--partition: {error}") from None


def _of(site: Site, rehearsal: Rehearsal, number: int, sample: int | None, now_ms: int) -> Audited:
    try:
        planned = planning.planned(site, number, ToEarliest())
    except Refused as why:
        raise Failed(f"partition {number}: {why}") from None
    return Audited(0, (), ()) if planned.is_empty else auditing.audited(site, rehearsal, planned, sample, now_ms)


def _as_text(number: int, found: Audited) -> None:
    shown = Audited(found.players, found.rows[:SHOWN_MAX], found.events[:SHOWN_MAX])
    for line in showing.lines(shown):
        click.echo(line)
    more = len(found.rows) + len(found.events) - len(shown.rows) - len(shown.events)
    if more:
        click.echo(f"partition {number}: {more:,} more differences: --format jsonl has them")


def _as_json(number: int, found: Audited) -> None:
    for line in auditing.lines(number, found):
        click.echo(dump_json(line).decode())


FORMS: Mapping[str, Callable[[int, Audited], None]] = {"text": _as_text, "jsonl": _as_json}
