"""`croupier deadletters`."""

import shutil
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import click

from topologies import units
from topologies.operations import components
from topologies.operations.commands import letter_filters, options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.commands.rewind_progress import tell
from topologies.operations.commands.tap import WIDTH
from topologies.operations.errors import Failed
from topologies.operations.letters import showing
from topologies.operations.letters.office import Office
from topologies.operations.letters.selection import STATES, Listed, Selection
from topologies.operations.readable import Reading
from topologies.operations.rewind.asking import person
from topologies.runtime.letters import letter as letters
from topologies.runtime.letters.letter import Note
from topologies.runtime.letters.replaying import Outcome
from topologies.wire import dump_json

UNASKED_MAX = 1_000
"""Letters that are sent without a question."""

_format = click.option(
    "--format", "form", type=click.Choice(list(showing.FORMATS)), help="Default: table on a terminal, else jsonl."
)


@click.group(short_help="Look at dead letters, and send them again.")
def deadletters() -> None:
    """Look at the records that could not be processed, and send them to their inputs again.

    A letter is called 2/17, by its partition and offset in the dead-letter
    topic. It is open until its record is sent again, which happens once,
    whoever does it.
    """


@deadletters.command(
    "list",
    short_help="Show which there are, and why.",
    epilog=options.examples(
        "croupier deadletters list",
        "croupier deadletters list --class missing-rate,invalid --since 2h --state open",
        "croupier deadletters list --player 125917 --format jsonl",
    ),
)
@letter_filters.choosing
@click.option("--state", type=click.Choice(STATES), help="Only those that are open, or that were replayed.")
@click.option("--limit", type=click.IntRange(min=1), help="End after so many.")
@_format
@click.pass_obj
def listing(invocation: Invocation, /, **given: Any) -> None:  # noqa: ANN401  filters and the rest
    """Show dead letters, the oldest of each partition first: what they are, and whether they were sent again.

    Values are not shown, because they may be personal: croupier deadletters
    show has them.
    """
    office = Office(invocation.settings, invocation.clock)
    found = office.listed(letter_filters.selection(given, invocation, office.topic))
    wanted = (each for each in found if given["state"] in (None, each.state))
    kinds, states = Counter[str](), Counter[str]()
    for line in _render(given["form"])(_counted(islice(wanted, given["limit"]), kinds, states)):
        click.echo(line)
    tell(f"{_sum(kinds)}: {states['open']:,} open, {states['replayed']:,} replayed" if kinds else "no such dead letter")


@deadletters.command(
    short_help="Show one in full.",
    epilog=options.examples("croupier deadletters show 2/17", "croupier deadletters show 2/17 --format json"),
)
@click.argument("name", metavar="LETTER")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def show(invocation: Invocation, name: str, form: str) -> None:
    """Show one dead letter: why it is one, what the source sent, and what to do about it.

    LETTER is its name in the list, 2/17. The value is what the source sent, so
    it may be personal.
    """
    settings = invocation.settings
    office = Office(settings, invocation.clock)
    found = next(office.listed(letter_filters.selection({"names": (name,)}, invocation, office.topic)), None)
    if found is None:
        raise Failed(f"there is no dead letter {name}: croupier deadletters list shows all")
    reading = Reading(components.codec(settings), components.input_topics(settings))
    if form == "json":
        click.echo(dump_json(showing.full(found, reading)).decode())
        return
    for line in showing.text(found, reading):
        click.echo(line)


@deadletters.command(
    short_help="Send them to their inputs again, once.",
    epilog=options.examples(
        "croupier deadletters replay 2/17 2/19",
        "croupier deadletters replay --class missing-rate --dry-run",
        "croupier deadletters replay --topic rebilly.orders --since 1d --yes",
    ),
)
@click.argument("names", metavar="[LETTER…]", nargs=-1)
@letter_filters.choosing
@click.option("--all", "everything", is_flag=True, help="All that are open; instead of letters and filters.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent; send nothing.")
@click.option("--yes", is_flag=True, help=f"Do not ask, even for more than {UNASKED_MAX:,}.")
@_format
@click.pass_obj
def replay(invocation: Invocation, /, **given: Any) -> None:  # noqa: ANN401  letters, filters and flags
    """Send dead letters to their inputs again: same key, same bytes, same time, the next attempt.

    Each is sent once: what was sent before, by anybody, is passed over. What
    cannot be sent is named, stays open, and makes the exit code 1.
    """
    if given["everything"] == any(given.get(name) for name in letter_filters.FILTERS):
        raise click.UsageError("say which: letters, filters, or --all for all that are open")
    office = Office(invocation.settings, invocation.clock)
    wanted = letter_filters.selection(given, invocation, office.topic)
    is_meant = not given["dry_run"]
    run = Replay(office, given["form"], invocation.now_ms(), is_meant=is_meant)
    if is_meant:
        _confirm(office, wanted, is_sure=given["yes"])
        run.show(office.replayed(wanted))
    else:
        run.show(Outcome(each, letters.obstacle(each, office.inputs)) for each in office.unsent(wanted))
    run.end()


class Replay:
    """What is said of letters that are sent, while they are."""

    def __init__(self, office: Office, form: str | None, now_ms: int, *, is_meant: bool) -> None:
        self._render = _render(form)
        self._is_meant = is_meant
        self._kept_ms = office.kept_ms()
        self._now_ms = now_ms
        self._sent = Counter[str]()
        self._old = Counter[str]()
        self._problems = 0

    def show(self, outcomes: Iterable[Outcome]) -> None:
        """Take all outcomes; those that are sent are shown, as long as anybody reads."""
        lines = self._render(self._good(outcomes))
        try:
            for line in lines:
                click.echo(line)
        except BrokenPipeError:
            # Who reads has enough; what was asked for is to be done all the same.
            deque(lines, maxlen=0)

    def _good(self, outcomes: Iterable[Outcome]) -> Iterator[Listed]:
        for letter, problem in outcomes:
            if problem is not None:
                self._problems += 1
                tell(f"{letter.name} cannot be sent: {problem}")
                continue
            self._sent[letter.kind] += 1
            topic = letter.source.topic
            self._old[topic] += letter.timestamp < self._now_ms - self._kept_ms.get(topic, self._now_ms)
            note = Note(letter.source, letter.attempt + 1, person(), self._now_ms)
            yield Listed(letter, note if self._is_meant else None)

    def end(self) -> None:
        """Say how many there were.

        Raises:
            Failed: some could not be sent.
        """
        for topic, count in (+self._old).items():
            tell(
                f"{topic} keeps records for {units.duration_text(self._kept_ms[topic])}, and {count} of these are "
                "older: they may be gone before anybody reads them"
            )
        what = "sent again" if self._is_meant else "would be sent again"
        tell(f"{_sum(self._sent)} {what}" if self._sent else "nothing to send")
        if self._problems:
            raise Failed(f"{self._problems} cannot be sent")


def _confirm(office: Office, wanted: Selection, *, is_sure: bool) -> None:
    if is_sure or 0 < len(wanted.names) <= UNASKED_MAX:
        return
    if sum(1 for _ in islice(office.unsent(wanted), UNASKED_MAX + 1)) <= UNASKED_MAX:
        return
    much = f"more than {UNASKED_MAX:,} dead letters"
    if not sys.stdin.isatty():
        raise click.UsageError(f"this sends {much} again: --yes is needed where nobody can be asked")
    if not click.confirm(f"this sends {much} again. go on?", err=True):
        raise Failed("nothing was sent")


def _render(form: str | None) -> showing.Render:
    width = shutil.get_terminal_size((WIDTH, 0)).columns
    return showing.FORMATS[form or ("table" if sys.stdout.isatty() else "jsonl")](width)


def _counted(listed: Iterable[Listed], seen: Counter[str], states: Counter[str]) -> Iterator[Listed]:
    for each in listed:
        seen[each.letter.kind] += 1
        states[each.state] += 1
        yield each


def _sum(counts: Mapping[str, int]) -> str:
    """As `3 dead letters (2 missing-rate, 1 bug)`."""
    total = sum(counts.values())
    told = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    return f"{total:,} dead letter{'' if total == 1 else 's'} ({told})"
