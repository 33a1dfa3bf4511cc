"""`croupier topics`."""

from collections.abc import Callable
from typing import Any

import click

from topologies.operations import components
from topologies.operations import topics as operation
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.errors import Failed
from topologies.operations.topics import Size
from topologies.settings import Settings

POSITIVE = click.IntRange(min=1)


@click.group(epilog=options.examples("croupier topics create player --partitions 12"))
def topics() -> None:
    """Create or check the topics of a topology."""


def _sized(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options that both commands have."""
    topology = click.argument("topology", type=click.Choice(list(components.TOPOLOGIES)), default="player")
    partitions = click.option(
        "--partitions",
        type=POSITIVE,
        help=f"As many as existing inputs have, else {operation.PARTITIONS}.",
    )
    replication = click.option(
        "--replication",
        type=POSITIVE,
        help=f"{operation.REPLICATION_MAX}, or as many as there are brokers.",
    )
    return topology(partitions(replication(command)))


def _size(settings: Settings, partitions: int | None, replication: int | None) -> Size:
    return Size(partitions, replication, settings.rewind_window)


@topics.command(epilog=options.examples("croupier topics create --partitions 6 --replication 3"))
@_sized
@click.pass_obj
def create(invocation: Invocation, topology: str, partitions: int | None, replication: int | None) -> None:
    """Create the topics that are missing, and leave the others as they are."""
    settings = invocation.settings
    graph = components.topology(topology, settings, with_registry=False)
    made = operation.create(components.admin(settings), graph, settings.app, _size(settings, partitions, replication))
    for spec, is_new in made:
        click.echo(f"{spec.name}: {f'created, partitions={spec.partitions}' if is_new else 'exists'}")


@topics.command(epilog=options.examples("croupier topics check player"))
@_sized
@click.pass_obj
def check(invocation: Invocation, topology: str, partitions: int | None, replication: int | None) -> None:
    """Print every difference between the topics and what they should be; exit code 1 if there is one."""
    settings = invocation.settings
    graph = components.topology(topology, settings, with_registry=False)
    size = _size(settings, partitions, replication)
    differences = operation.check(components.admin(settings), graph, settings.app, size)
    for difference in differences:
        click.echo(difference)
    if differences:
        is_one_missing = any(each.endswith(operation.MISSING) for each in differences)
        advice = f". create missing topics with: croupier topics create {topology}" if is_one_missing else ""
        raise Failed(f"{len(differences)} {'difference' if len(differences) == 1 else 'differences'}{advice}")
