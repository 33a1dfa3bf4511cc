"""`croupier load`."""

from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial

import click

from topologies import player
from topologies.operations import components, json_files
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.commands.progress import Progress
from topologies.operations.errors import Failed
from topologies.operations.keeping import Keeping, retentions_ms
from topologies.operations.load import Bad, Good, Loading, documents, shift_to
from topologies.runtime.errors import Misconfigured
from topologies.runtime.kafka.sender import Sender
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
@click.option("--dry-run", is_flag=True, help="Check everything, send nothing, ask no cluster.")
@click.option("--strict", is_flag=True, help="First check everything; send nothing unless all is right.")
@click.option("--times", type=click.Choice(["now"]), help="Shift all times together so that the newest fact is now.")
@click.pass_obj
def load(invocation: Invocation, files: tuple[str, ...], *, dry_run: bool, strict: bool, times: str | None) -> None:
    """Send JSON documents to their topics as Avro, with the right key and timestamp.

    A FILE holds JSON Lines (a document a line), one array or one object; - is
    standard input. A document is a JSON object, and one of its fields tells
    what it is: request (a wallet call), user_bonus_id (a bonus), OrderID (a
    payment) or rate, such as {"currency": "GBP", "rate": "1.17",
    "effective_from": "2026-11-01T00:00:00Z"}. Or it is named by its topic:
    {"topic": …, "value": {…}}, optionally with "key".

    A bad document is named by file, line and field, is not sent, and makes
    the exit code 1. Documents older than a topic keeps them are warned of.
    """
    settings = invocation.settings
    topics = components.input_topics(settings)
    codec = components.codec(settings, with_registry=not dry_run)
    progress = Progress(files, passes=1 + bool(times) + strict)
    now_ms = invocation.now_ms()
    with ExitStack() as opened:
        contents = [(file, opened.enter_context(json_files.opened(file))) for file in files]
        read = partial(documents, opened.enter_context(progress.watching(contents)), topics)
        shift_ms = shift_to(now_ms, read()) if times else 0
        loading = partial(Loading, codec, topics, now_ms=now_ms, shift_ms=shift_ms)
        if strict and (bad := _take(loading(None), read(), progress)):
            raise Failed(f"nothing was sent: {_documents(bad)}")
        keeping, sender = (Keeping({}, now_ms), None) if dry_run else _destination(settings, now_ms)
        sending = loading(sender, keeping=keeping)
        bad = _take(sending, read(), progress)
    for warning in keeping.warnings(are_shifted=bool(times)):
        click.echo(f"croupier: {warning}", err=True)
    for topic, count in sorted(sending.counts.items()):
        click.echo(f"{topic}: {count}")
    if bad:
        raise Failed(f"not sent: {_documents(bad)}")


def _documents(bad: int) -> str:
    return f"{bad} bad document{'' if bad == 1 else 's'}"


def _destination(settings: Settings, now_ms: int) -> tuple[Keeping, Sender]:
    """A producer, once all inputs are there: a broker may make a missing topic by itself, and not as it should be."""
    topics = components.input_topics(settings).values()
    admin = components.admin(settings, "Write")
    found = admin.topics(topics)
    if missing := [topic for topic in topics if topic not in found]:
        advice = f"create them with: croupier topics create {player.NAME}"
        raise Misconfigured(f"topics are missing: {', '.join(missing)}. {advice}")
    return Keeping(retentions_ms(admin, topics), now_ms), Sender(components.cluster(settings))


def _take(loading: Loading, read: Iterable[Good | Bad], progress: Progress) -> int:
    """Take what is good, name what is bad; how many were bad."""
    bad = 0
    for document in read:
        problem = document if isinstance(document, Bad) else loading.take(document)
        if problem:
            progress.tell(str(problem))
            bad += 1
    loading.finish()
    return bad
