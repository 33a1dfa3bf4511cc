"""A rewind as an operator does it while a worker runs, and how long each part of it takes."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.stage import CROUPIER, Cost, cost_of
from topologies import configuration
from topologies.operations import components

JOINS_WITHIN_S = 60


class TakenBack(NamedTuple):
    """Rows given back and records replayed, of all partitions together, and the seconds that each part took."""

    rows: int
    records: int
    steps: int
    plan: Cost
    back_s: float
    replay_s: float
    said: str

    @property
    def differences(self) -> int:
        """What the replay came to otherwise, by the report's counts."""
        words = self.said.replace(",", "").split()
        names = ("changed", "added", "vanished")
        return sum(int(after) for word, after in pairwise(words) if word in names)


def taken_back(environment: Mapping[str, str], partitions: str) -> TakenBack:
    """Plan, and then take back, all that can be; a worker has to be a member of the group already."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "plans.jsonl"
        command = [*CROUPIER, "rewind", "--partition", partitions, "--to-earliest", "--plan", str(file)]
        plan = cost_of(command, dict(environment))
        plans = [json.loads(line) for line in file.read_text().splitlines()]
    said = croupier(environment, "rewind", "--partition", partitions, "--to-earliest", "--execute", "--yes")
    history = croupier(environment, "rewind", "history", "--format", "jsonl")
    times = _times(json.loads(line) for line in history.splitlines())
    return TakenBack(
        sum(each["rows"] for each in plans),
        sum(sum(each["records"].values()) for each in plans),
        sum(each["steps"] for each in plans),
        plan,
        max(times["back"]) - min(times["accepted"]),
        max(times["done"]) - min(times["back"]),
        "\n".join(line for line in said.splitlines() if ": done" in line),
    )


def _times(history: Any) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"accepted": [], "back": [], "done": []}
    for rewind in history:
        for outcome, text in rewind["answers"].items():
            found[outcome].append(datetime.fromisoformat(text).timestamp())
    return found


def croupier(environment: Mapping[str, str], *arguments: str) -> str:
    """Run one command to its good end; its standard output."""
    done = subprocess.run(
        [*CROUPIER, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"croupier {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def wait_for_members(environment: Mapping[str, str]) -> None:
    """Wait until the group has settled."""
    settings = configuration.read({}, environment, None, {})
    admin = components.admin(settings)
    give_up_at = time.monotonic() + JOINS_WITHIN_S
    while admin.group_phase(settings.app) != "stable":
        if time.monotonic() > give_up_at:
            sys.exit("no worker has joined")
        time.sleep(0.2)
