"""How rewinds go on, as a person at a terminal sees it, or a log."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import click

from topologies.operations.errors import Failed
from topologies.operations.rewind import showing
from topologies.operations.rewind.following import Look
from topologies.operations.rewind.history import Rewind

CLEAR_LINE = "\r\x1b[K"
PERCENT_STEP = 10


def tell(news: str) -> None:
    """Say something on standard error."""
    click.echo(news, err=True)


def fail(problems: Sequence[str], what: str) -> None:
    """End the command if there are problems: one is its last line, of more the number is.

    Raises:
        Failed: there are.
    """
    if len(problems) > 1:
        for each in problems:
            tell(each)
        raise Failed(f"{len(problems)} {what}")
    if problems:
        raise Failed(problems[0])


def watched(looks: Iterable[Look], total: int) -> Sequence[Rewind]:
    """Show how rewinds go on until they are over, and return what became of them; `total` records are replayed."""
    told, last = "", Look((), (), 0)
    with _progress(total) as (moved, clear):
        for last in looks:
            for each in last.news:
                clear()
                _tell_of(each)
            if (silence := _silence(last)) not in {"", told}:
                clear()
                tell(silence)
                told = silence
            moved(last.replayed)
    return last.rewinds


def _silence(look: Look) -> str:
    """Say why nothing is heard; empty: there is nothing to say."""
    if look.quiet == "empty":
        return "no worker is running: it goes on when one is"
    if look.quiet is not None and look.is_unheard:
        return "waiting: no worker answers. one that was a static member counts as there until its session ends"
    return ""


def _tell_of(rewind: Rewind) -> None:
    number, records = rewind.partition, 0 if rewind.planned is None else sum(rewind.planned.plan.records.values())
    match rewind.answers[-1].outcome:
        case "accepted":
            tell(f"partition {number}: a worker has taken it up")
        case "back":
            tell(f"partition {number}: back at commit {rewind.command.target}, replaying {records:,} records")
        case "done":
            click.echo(showing.heading(rewind, 0))
        case _:
            # Said at the end, as the command's failure.
            pass


Moved = Callable[[int], None]
"""So many records were replayed."""


@contextmanager
def _progress(total: int) -> Iterator[tuple[Moved, Callable[[], None]]]:
    """A bar on a terminal, else a line now and then; and what makes room for a line above the bar."""
    if not sys.stderr.isatty():
        yield _lines(total), lambda: None
        return
    with click.progressbar(length=total, label="replayed", file=sys.stderr) as bar:

        def clear() -> None:
            sys.stderr.write(CLEAR_LINE)

        yield lambda replayed: bar.update(replayed - bar.pos), clear


def _lines(total: int) -> Moved:
    told = 0

    def moved(replayed: int) -> None:
        nonlocal told
        percent = replayed * 100 // total if total else 0
        if percent >= told + PERCENT_STEP:
            told = percent
            tell(f"replayed {replayed:,} of {total:,} records, {percent} %")

    return moved
