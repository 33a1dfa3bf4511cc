"""`croupier rewind --preview`."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import click

from topologies import player
from topologies.operations import components
from topologies.operations.commands.invocation import Invocation
from topologies.operations.rewind import asking, showing
from topologies.operations.rewind.asking import Wish
from topologies.operations.rewind.differences import of_lines
from topologies.operations.rewind.planned import Planned
from topologies.operations.rewind.rehearsal import Rehearsal
from topologies.operations.rewind.site import Site

EXAMPLES_MAX = 50


def preview(invocation: Invocation, site: Site, plans: Sequence[Planned], wish: Wish) -> None:
    """Print, for each plan, what its replay would come to with the rules of this installation."""
    settings = site.settings
    with ExitStack() as opened:
        directory = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="croupier-")))
        topology = components.topology(player.NAME, settings)
        rehearsal = Rehearsal(topology, settings, directory, invocation.clock, opened)
        earlier = asking.ever_asked(site)
        for rewind in asking.asked(plans, wish, invocation.now_ms()):
            rehearsed = rehearsal.rehearse(rewind.partition, rewind.command)
            click.echo(f"partition {rewind.partition}: would be {showing.counts(rehearsed.counts)}")
            lines = rehearsed.differences
            for line in showing.report(of_lines(site, rewind, islice(lines, EXAMPLES_MAX), earlier)):
                click.echo(line)
            if len(lines) > EXAMPLES_MAX:
                click.echo(f"… and {len(lines) - EXAMPLES_MAX:,} more differences")
    click.echo("nothing was written", err=True)
