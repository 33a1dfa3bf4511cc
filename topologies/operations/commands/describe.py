"""`croupier describe`."""

import click

from topologies.operations import components, drawing, settings_table
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.tables import table, terminal_width
from topologies.runtime.names import own_topics


@click.command(
    short_help="Show a topology: topics, state, settings.",
    epilog=options.examples(
        "croupier describe player --format mermaid", "croupier describe player --format dot | dot -Tsvg > player.svg"
    ),
)
@click.argument("topology", type=click.Choice(list(components.TOPOLOGIES)))
@click.option("--format", "form", type=click.Choice(list(drawing.FORMATS)), default="text", show_default=True)
@click.pass_obj
def describe(invocation: Invocation, topology: str, form: str) -> None:
    """Show a topology: its topics, its state, and as text its settings too."""
    settings = invocation.settings
    graph = components.topology(topology, settings, with_registry=False)
    own = {name.replace("_", " "): topic for name, topic in own_topics(settings.app)._asdict().items()}
    click.echo(drawing.FORMATS[form](graph, own))
    if form == "text":
        rows = settings_table.in_force(settings)
        click.echo(f"\n{table(('setting', 'value', 'source'), rows, terminal_width())}")
