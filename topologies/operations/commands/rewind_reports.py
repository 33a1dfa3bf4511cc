"""`croupier rewind status`, `history` and `report`."""

from collections.abc import Sequence
from typing import Any

import click

from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.errors import Failed
from topologies.operations.rewind import asking, history, showing
from topologies.operations.rewind.differences import differences
from topologies.operations.rewind.site import Site
from topologies.wire import dump_json

_format = click.option("--format", "form", type=click.Choice(["table", "jsonl"]), default="table", show_default=True)


@click.command(short_help="Show the rewinds under way.", epilog=options.examples("croupier rewind status"))
@_format
@click.pass_obj
def status(invocation: Invocation, form: str) -> None:
    """Show the rewinds that are under way: what they do, and how many of their records they have replayed."""
    now_ms = invocation.now_ms()
    site = Site(invocation.settings)
    under_way = asking.under_way(site, now_ms)
    committed = site.committed([each.partition for each in under_way]) if under_way else {}
    if form == "jsonl":
        for each in under_way:
            places = each.places(committed)
            _echo({**history.as_json(each, now_ms), "replayed": each.replayed(committed), "inputs": places})
    elif under_way:
        click.echo(showing.status(under_way, committed, now_ms))
    else:
        click.echo("no rewind is under way", err=True)


@click.command(
    "history", short_help="Show all rewinds there ever were.", epilog=options.examples("croupier rewind history")
)
@_format
@click.pass_obj
def past(invocation: Invocation, form: str) -> None:
    """Show every rewind that was ever asked for: when, of what, by whom, why, and what became of it."""
    now_ms = invocation.now_ms()
    site = Site(invocation.settings)
    found = asking.ever_asked(site)
    if form == "jsonl":
        for each in found:
            _echo(history.as_json(each, now_ms))
    elif found:
        click.echo(showing.history(found, now_ms))
    else:
        click.echo("there was no rewind yet", err=True)


@click.command(
    short_help="Show what a rewind has changed.",
    epilog=options.examples("croupier rewind report 3f9a01bc", "croupier rewind report 3f9a01bc --format jsonl"),
)
@click.argument("rewind_id", metavar="ID")
@_format
@click.pass_obj
def report(invocation: Invocation, rewind_id: str, form: str) -> None:
    """Show what the replay of a rewind came to that the CRM had not heard so: changed, added and vanished events.

    Of changed and vanished events it shows what the CRM has heard, as long as
    that is still in its topic, and the event that would take it back, where
    there is one. Nothing of that is sent by itself.
    """
    now_ms = invocation.now_ms()
    site = Site(invocation.settings)
    found = asking.ever_asked(site)
    parts = [each for each in found if each.command.id == rewind_id]
    if not parts:
        raise Failed(f"there was no rewind {rewind_id}. croupier rewind history shows all")
    for each in parts:
        differing = differences(site, each, found)
        if form == "jsonl":
            for difference in differing:
                _echo(difference.line(rewind_id))
            continue
        click.echo(showing.heading(each, now_ms))
        for line in showing.report(differing):
            click.echo(line)


REPORTS: Sequence[click.Command] = (status, past, report)


def _echo(value: Any) -> None:  # noqa: ANN401  a JSON value
    click.echo(dump_json(value).decode())
