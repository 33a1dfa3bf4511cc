"""Whether the harness can see: the same run without one of the product's protections has to come out wrong."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.chaos import nemesis
from tests.chaos.nemesis import Kind
from tests.chaos.playing import Plan
from tests.chaos.report import Run

MINUTES = 1.25
PER_S = 60
RECOVERY_S = 45.0
SHOWN = 160

ACCEPTED = ("--accept-offsets",)
"""Without the comparison of a task's head with the offsets, which sees much of what else is wrong."""


EVENTS, ROWS, TWICE, TORN = ": events ", ": rows ", "there more than once", "no commit has said it"
AHEAD, OTHERWISE = "has died with commit", "has died with other rows"


class Blinding(NamedTuple):
    """A protection that is switched off, by which switch, what is done then, and what the oracle has to say.

    `says`: one of these, rather the first.
    """

    protection: str
    switch: str
    seed: int
    kinds: tuple[Kind, ...]
    says: tuple[str, ...]
    options: Sequence[str] = ()
    per_s: int = PER_S


BLINDINGS = (
    Blinding(
        "a new producer after a commit that timed out, and the comparison of a task's head with the offsets",
        "producer",
        1,
        (Kind.LATE_END,),
        (TWICE, TORN),
        ACCEPTED,
    ),
    Blinding("the store is written after the commit", "store", 1, (Kind.KILL_IN_END,), (AHEAD,)),
    Blinding(
        "the same, and that comparison",
        "store",
        1,
        (Kind.KILL_IN_END,),
        (EVENTS, ROWS),
        ACCEPTED,
    ),
    Blinding(
        "recovery in the right order, and that comparison",
        "recovery",
        1,
        (Kind.ASLEEP_IN_END,),
        (EVENTS, ROWS, OTHERWISE),
        ACCEPTED,
        # The more are in a transaction, the more are missing.
        per_s=150,
    ),
    Blinding("the count that `produce_batch` returns", "count", 1, (Kind.KILL, Kind.ZOMBIE), (ROWS,)),
)


def plan(blinding: Blinding) -> Plan:
    """Return what to run."""
    strikes = nemesis.schedule(blinding.seed, is_short=True, kinds=blinding.kinds)
    return Plan(
        blinding.seed, MINUTES, strikes, blinding.switch, blinding.options, blinding.per_s, recovery_s=RECOVERY_S
    )


def said(blinding: Blinding, run: Run) -> str | None:
    """Return the sentence that shows that it was seen."""
    return next((each for words in blinding.says for each in run.verdict.wrong if words in each), None)


def table(runs: Sequence[tuple[Blinding, Run]]) -> Iterator[str]:
    """Yield the lines of the table, in Markdown."""
    yield "| switched off | seed | what the oracle says |"
    yield "|---|---|---|"
    for blinding, run in runs:
        sentence = said(blinding, run)
        shown = sentence[:SHOWN] if sentence else "not what it should: it does not see it"
        yield f"| {blinding.protection} | {run.seed} | {shown} |"
