"""Whether the harness can see: the same run without one of the product's protections has to come out wrong."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.chaos import nemesis
from tests.chaos.nemesis import Kind
from tests.chaos.playing import Plan
from tests.chaos.report import Run

MINUTES = 2.0
PER_S = 60
SHOWN = 160


class Blinding(NamedTuple):
    """A protection that is switched off, and what is done then."""

    protection: str
    seed: int
    kinds: tuple[Kind, ...]
    options: Sequence[str] = ()


BLINDINGS = (
    Blinding("new producer after a commit timeout", 1, (Kind.LATE_END,)),
    Blinding("store after the commit", 1, (Kind.LATE_END, Kind.KILL)),
    # The comparison of a task's head with the offsets, which is a second protection, has to be off too.
    Blinding("recovery in the right order", 1, (Kind.ASLEEP_IN_END,), ("--accept-offsets",)),
    Blinding("count of produce_batch", 1, (Kind.KILL, Kind.ZOMBIE)),
)


def plan(blinding: Blinding) -> Plan:
    """Return what to run."""
    strikes = nemesis.schedule(blinding.seed, is_short=True, kinds=blinding.kinds)
    return Plan(blinding.seed, MINUTES, strikes, blinding.protection, blinding.options, PER_S)


def table(seen: Mapping[str, Run]) -> Iterator[str]:
    """Yield the lines of the table, in Markdown."""
    yield "| switched off | seed | what the oracle says |"
    yield "|---|---|---|"
    for protection, run in seen.items():
        # Rather what is wrong than that the run has come to an end.
        said = sorted(run.verdict.wrong, key=lambda each: not each.startswith("partition"))
        yield f"| {protection} | {run.seed} | {said[0][:SHOWN] if said else 'nothing: it does not see it'} |"
