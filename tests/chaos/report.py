"""What a run came to, as a table."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

from tests.chaos.fleet import Exit
from tests.chaos.nemesis import Kind, Strike
from tests.chaos.oracle import Verdict


class Struck(NamedTuple):
    """A strike, and how long after its end everything that had been sent by then was committed; None: never."""

    strike: Strike
    recovered_s: float | None


class Run(NamedTuple):
    """All of one run."""

    seed: int
    minutes: float
    struck: Sequence[Struck]
    exits: Sequence[Exit]
    refused: Sequence[str]
    records: int
    events: int
    letters: int
    commits: int
    peak_mb: float
    verdict: Verdict


def table(run: Run) -> Iterator[str]:
    """Yield the lines of the table, in Markdown."""
    yield "| fault | injected | recovered in, p50 | max |"
    yield "|---|---|---|---|"
    for kind in Kind:
        times = [each.recovered_s for each in run.struck if each.strike.kind is kind]
        if times:
            yield f"| {kind} | {len(times)} | {_seconds(times, median)} | {_seconds(times, max)} |"
    everything = [each.recovered_s for each in run.struck]
    if everything:
        yield f"| all | {len(everything)} | {_seconds(everything, median)} | {_seconds(everything, max)} |"


def lines(run: Run) -> Iterator[str]:
    """Yield everything that is to be said."""
    yield from table(run)
    yield ""
    yield (
        f"{run.records:,} records, {run.events:,} events, {run.letters:,} dead letters, {run.commits:,} commits; "
        f"at most {run.peak_mb:.0f} MB in a worker"
    )
    yield f"lost {run.verdict.lost}, duplicated {run.verdict.duplicated}"
    for each in run.exits:
        if each.code not in {0, -9}:
            yield f"{each.name} ended with exit code {each.code} during '{each.during}': {each.said}"
    yield from (f"a rewind was refused: {each}" for each in run.refused)
    yield from (f"WRONG: {each}" for each in run.verdict.wrong)
    yield f"SEED={run.seed} MINUTES={run.minutes:g}: {'as it has to be' if not run.verdict.wrong else 'wrong'}"


def _seconds(times: Sequence[float | None], summary: Callable[[list[float]], float]) -> str:
    known = [each for each in times if each is not None]
    if len(known) < len(times):
        return "never"
    return f"{summary(known):.1f} s"
