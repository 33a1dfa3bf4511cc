"""`make chaos`: SEED, MINUTES. `make chaos-blind`: without one protection after the other, which must be seen."""

import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import blinding, nemesis, report
from tests.chaos.playing import Plan, ground, play
from tests.chaos.report import Run


def say(line: str) -> None:
    print(line, flush=True)


def chaos(plan: Plan) -> Run:
    """One run on a cluster of its own."""
    began_s = time.monotonic()
    say(f"SEED={plan.seed} MINUTES={plan.minutes:g} {'' if plan.protection == '-' else plan.protection}")
    directory = Path(tempfile.gettempdir()) / f"croupier-chaos-{secrets.token_hex(4)}"
    with ground(directory) as (brokers, proxy):
        run = play(plan, brokers, proxy, directory, say, began_s)
    for line in report.lines(run):
        say(line)
    return run


def main(arguments: list[str]) -> None:
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    minutes = float(os.environ.get("MINUTES") or 5)
    if arguments != ["--blind"]:
        run = chaos(Plan(seed, minutes, nemesis.schedule(seed, is_short=minutes < 5)))
        sys.exit(bool(run.verdict.wrong))
    runs = [(each, chaos(blinding.plan(each))) for each in blinding.BLINDINGS]
    for line in blinding.table(runs):
        say(line)
    sys.exit(not all(blinding.said(each, run) for each, run in runs))


if __name__ == "__main__":
    main(sys.argv[1:])
