"""Measure, in one run: throughput per CPU second, beside a bare pass-through loop; restore; latency.

Absolute numbers are this machine's; the ratio is what may be compared.
"""

import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import journal, latency, restore
from tests.bench.stage import COMPILED, CROUPIER, Cost, Stage, cost_of
from tests.bench.taking_back import croupier
from tests.bench.yardstick import yardstick
from topologies.operations import sandbox

RECORDS = 300_000
PLAYERS = 10_000
PARTITIONS = 4


def main() -> None:
    """Run everything and print one line per figure."""
    print(yardstick(), flush=True)
    with sandbox.owned() as kafka, tempfile.TemporaryDirectory() as directory:
        stage = Stage(kafka.bootstrap_servers, f"bench-{secrets.token_hex(3)}", PARTITIONS, Path(directory))
        stage.create()
        stage.fill(RECORDS, PLAYERS, time.time_ns() // 1_000_000)
        bare = cost_of(_passthrough(stage), stage.environment)
        _say("bare pass-through loop", bare)
        full = cost_of([*CROUPIER, "run", "player", "--drain"], stage.environment)
        _say("croupier run player --drain", full)
        compiled = _compiled(stage)
        print(yardstick())
        print(f"ratio (croupier ÷ pass-through): {bare.cpu_s / full.cpu_s:.2f}")
        if compiled:
            print(f"ratio (compiled ÷ not): {full.cpu_s / compiled.cpu_s:.2f}")
        print(f"peak resident memory: {full.rss_max_mb:.0f} MB")
        restored = restore.full(stage)
        print(f"full restore: {restored.rows:,} rows in {restored.seconds:.1f} s, {restored.rate:,.0f} rows/s")
        journal.say(stage, RECORDS, full)
        for partitions in (1, PARTITIONS):
            name = f"{stage.app}-latency-{partitions}"
            quiet = Stage(kafka.bootstrap_servers, name, partitions, Path(directory) / name)
            spread = latency.measure(quiet, CROUPIER)
            print(
                f"produce to visible at {latency.RECORDS_PER_S} records/s, {partitions} partition(s): "
                f"p50 {spread.p50_ms:.0f} ms, p99 {spread.p99_ms:.0f} ms",
                flush=True,
            )


def _compiled(stage: Stage) -> Cost | None:
    """The same of a worker whose loop is compiled to C, where there is a compiler."""
    if not (COMPILED / "installed").exists():
        print("compiled: not measured, `make compiled` has not done it")
        return None
    environment = {**stage.again("compiled"), "PYTHONPATH": str(COMPILED)}
    croupier(environment, "topics", "create", "player")
    # -P: the sources in the working directory would come first.
    cost = cost_of([sys.executable, "-P", "-m", "cli", "run", "player", "--drain"], environment)
    _say("the same, compiled", cost)
    return cost


def _passthrough(stage: Stage) -> list[str]:
    settings = stage.settings
    inputs = [settings.topic_orders, settings.topic_bonuses, settings.topic_calls]
    arguments = [stage.bootstrap_servers, f"{stage.app}-bare", settings.topic_events, str(RECORDS)]
    return [sys.executable, "-m", "tests.bench.passthrough", *arguments, *inputs]


def _say(what: str, cost: Cost) -> None:
    rate = RECORDS / cost.cpu_s
    print(f"{what}: {rate:,.0f} records per CPU second ({cost.cpu_s:.1f} s CPU, {cost.wall_s:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
