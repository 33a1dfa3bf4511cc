"""`croupier load`."""

from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial

import click

from topologies.operations import components, json_files
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.errors import Failed
from topologies.operations.load import Bad, Good, Loading, documents, shift_to
from topologies.runtime.kafka.transactions import Sender
from topologies.settings import Settings


@click.command(
    short_help="Send JSON documents to their topics.",
    epilog=options.examples(
        "croupier load orders.jsonl calls.json --dry-run", "croupier load --times now - < history.jsonl"
    ),
)
@click.argument(
    "files", metavar="FILE…", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True)
)
@click.option("--dry-run", is_flag=True, help="Check everything, send nothing.")
@click.option("--strict", is_flag=True, help="Send nothing unless every document is right.")
@click.option("--times", type=click.Choice(["now"]), help="Shift all times together so that the newest fact is now.")
@click.pass_obj
def load(invocation: Invocation, files: tuple[str, ...], *, dry_run: bool, strict: bool, times: str | None) -> None:
    """Send JSON documents to their topics as Avro, with the right key and timestamp.

    A FILE holds JSON Lines, an array or one object; - is standard input. What
    a document is, is told by a field: request (a wallet call), user_bonus_id,
    OrderID or rate. {"topic": …, "value": {…}} names the topic, "key" the key.

    A bad document is named by file, line and field, is not sent, and makes
    the exit code 1.
    """
    settings = invocation.settings
    topics = components.input_topics(settings)
    codec = components.codec(settings, with_registry=not dry_run)
    with ExitStack() as opened:
        contents = [(file, opened.enter_context(json_files.opened(file))) for file in files]
        read = partial(documents, contents, topics)
        now_ms = invocation.now_ms()
        loading = partial(Loading, codec, topics, now_ms=now_ms, shift_ms=shift_to(now_ms, read()) if times else 0)
        if strict and (bad := _take(loading(None), read())):
            raise Failed(f"nothing was sent: {bad} bad documents")
        sending = loading(None if dry_run else _sender(settings))
        bad = _take(sending, read())
    for topic, count in sorted(sending.counts.items()):
        click.echo(f"{topic}: {count}")
    if bad:
        raise Failed(f"{bad} bad documents were not sent")


def _sender(settings: Settings) -> Sender:
    """A producer, once all inputs are there: a broker may make a missing topic by itself, and not as it should be."""
    topics = components.input_topics(settings).values()
    found = components.admin(settings).topics(topics)
    if missing := [topic for topic in topics if topic not in found]:
        raise Failed(f"topics are missing: {', '.join(missing)}. create them with: croupier topics create")
    return Sender(components.cluster(settings))


def _take(loading: Loading, read: Iterable[Good | Bad]) -> int:
    """Take what is good, name what is bad; how many were bad."""
    bad = 0
    for document in read:
        problem = document if isinstance(document, Bad) else loading.take(document)
        if problem:
            click.echo(str(problem), err=True)
            bad += 1
    loading.finish()
    return bad
