"""`croupier settings`."""

import json

import click

from topologies.operations import settings_table
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.tables import table, terminal_width


@click.command(
    short_help="Show every setting and its source.",
    epilog=options.examples("CROUPIER_ORIGIN=brand.com croupier settings"),
)
@click.option("--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True)
@click.pass_obj
def settings(invocation: Invocation, form: str) -> None:
    """Show every setting, its value and where that comes from.

    A flag counts more than the environment (CROUPIER_*), that more than
    croupier.toml, that more than the default. `--format markdown` is the
    reference with all meanings.
    """
    if form == "markdown":
        click.echo(settings_table.markdown(), nl=False)
        return
    rows = settings_table.in_force(invocation.settings)
    if form == "json":
        click.echo(json.dumps([row._asdict() for row in rows], indent=2))
    else:
        click.echo(table(("setting", "value", "source"), rows, terminal_width()))
