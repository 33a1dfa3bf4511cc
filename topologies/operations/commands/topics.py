"""`croupier topics`."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import click

from topologies.graph import Topology
from topologies.operations import acls, components, posting
from topologies.operations import topics as operation
from topologies.operations.acls import Grant, Role
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.errors import Failed
from topologies.operations.topics import Size
from topologies.settings import Settings


class Wish(NamedTuple):
    """How ACLs are to be shown."""

    roles: Sequence[Role]
    principal: str | None
    form: str


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


@topics.command(
    epilog=options.examples(
        "croupier topics create --partitions 6 --replication 3",
        "croupier topics create --show-acls --role worker --principal User:croupier",
    )
)
@_sized
@click.option("--show-acls", is_flag=True, help="Print what Kafka's tool has to grant to whom; create nothing.")
@click.option(
    "--role", "roles", type=click.Choice(list(acls.ROLES)), multiple=True, help="Only for this role; repeatable."
)
@click.option("--principal", metavar="USER", help="To whom it is granted.  [default: User:APP-ROLE]")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Of the ACLs."
)
@click.pass_obj
def create(
    invocation: Invocation,
    /,
    *,
    topology: str,
    partitions: int | None,
    replication: int | None,
    show_acls: bool,
    **wish: Any,  # noqa: ANN401  see Wish
) -> None:
    """Create the topics that are missing, and leave the others as they are.

    With --show-acls only the least ACLs are printed, role by role: a worker
    (run), an operator (rewind --execute), an eraser (forget), a replayer
    (deadletters replay), support (explain, audit, deadletters, planning
    rewinds), an analyst (tap), a source (load), and an administrator (topics).
    """
    settings = invocation.settings
    graph = components.topology(topology, settings, with_registry=False)
    if show_acls:
        click.echo("\n".join(_acls(graph, settings, Wish(**wish))))
        return
    if wish["roles"] or wish["principal"]:
        raise click.UsageError("--role and --principal need --show-acls")
    made = operation.create(components.admin(settings), graph, settings.app, _size(settings, partitions, replication))
    for spec, is_new in made:
        click.echo(f"{spec.name}: {f'created, partitions={spec.partitions}' if is_new else 'exists'}")


def _acls(graph: Topology, settings: Settings, wish: Wish) -> Iterator[str]:
    grants = [
        Grant(
            role,
            wish.principal or f"User:{settings.app}-{role}",
            acls.rights(graph, settings.app, role, is_retrying=posting.is_retrying(graph, settings)),
        )
        for role in wish.roles or acls.ROLES
    ]
    if wish.form == "json":
        yield json.dumps([fields for grant in grants for fields in acls.fields(grant)], indent=2)
        return
    for grant in grants:
        yield from acls.commands(grant, ["--bootstrap-server", settings.bootstrap_servers])


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
