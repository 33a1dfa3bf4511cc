"""What the journal costs, and how fast a rewind goes that it makes possible."""

from tests.bench.stage import CROUPIER, Cost, Stage, cost_of, running
from tests.bench.taking_back import croupier, taken_back, wait_for_members

WINDOWS = ("0", "7d", "0")
"""After a run with the journal comes one without it, and so on: what else the machine does falls upon both."""


def say(stage: Stage, records: int, first: Cost) -> None:
    """Print the journal's cost, and a rewind's rates; `first` is the stage's run, with the journal."""
    costs = [("7d", first), *((window, _again(stage, number, window)) for number, window in enumerate(WINDOWS))]
    rates = {window: _rate(records, [cost for each, cost in costs if each == window]) for window in ("7d", "0")}
    print(
        f"journal on: {rates['7d']:,.0f} records per CPU second, off: {rates['0']:,.0f}; "
        f"ratio (on ÷ off): {rates['7d'] / rates['0']:.2f}",
        flush=True,
    )
    with running([*CROUPIER, "run", "player"], stage.environment):
        wait_for_members(stage.environment)
        taken = taken_back(stage.environment, "all")
    print(
        f"rewind of {taken.records:,} records: planned in {taken.plan.wall_s:.1f} s ({taken.plan.cpu_s:.1f} s CPU); "
        f"{taken.rows:,} rows back in {taken.steps} steps, {taken.rows / taken.back_s:,.0f} rows/s; "
        f"replayed {taken.records / taken.replay_s:,.0f} records/s; {taken.differences} differences",
        flush=True,
    )


def _again(stage: Stage, number: int, window: str) -> Cost:
    environment = stage.again(str(number), CROUPIER_REWIND_WINDOW=window)
    croupier(environment, "topics", "create", "player")
    return cost_of([*CROUPIER, "run", "player", "--drain"], environment)


def _rate(records: int, costs: list[Cost]) -> float:
    return records * len(costs) / sum(each.cpu_s for each in costs)
