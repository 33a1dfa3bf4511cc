"""A plan with its times, and the files that plans are kept in."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from topologies.runtime.errors import Misconfigured
from topologies.runtime.journal import plan as plans
from topologies.runtime.journal.plan import Plan
from topologies.wire import dump_json, load_json

DAY_MS = 24 * 3_600_000
PRIVATE = 0o600
PLAYERS_UNASKED_MAX = 10_000


class Planned(NamedTuple):
    """A plan, and when its target and the newest commit were committed, ms."""

    plan: Plan
    at_ms: int
    newest_at_ms: int

    @property
    def is_empty(self) -> bool:
        """There is nothing to take back."""
        return self.plan.commit == self.plan.newest


def fields(planned: Planned) -> Mapping[str, Any]:
    """Return its JSON value."""
    times = {"at_ms": planned.at_ms, "newest_at_ms": planned.newest_at_ms}
    return {**load_json(plans.to_json(planned.plan)), **times}


def of_fields(found: Any) -> Planned:  # noqa: ANN401  a JSON value
    """Return the plan that a JSON value has.

    Raises:
        ValueError: it has none that this release can read.
    """
    plan = plans.from_json(dump_json(found))
    times = [found.get(name) for name in ("at_ms", "newest_at_ms")]
    if not all(type(each) is int for each in times):
        raise ValueError("this is no plan of a rewind: it has no times")
    return Planned(plan, *times)


def write(path: Path, planned: Iterable[Planned]) -> None:
    """Keep plans in a file, one a line.

    Raises:
        Misconfigured: it cannot be written.
    """
    try:
        path.touch(PRIVATE)
        path.write_bytes(b"".join(dump_json(fields(each)) + b"\n" for each in planned))
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}") from error


def read(path: Path) -> Sequence[Planned]:
    """Return the plans of a file.

    Raises:
        Misconfigured: it cannot be read, or has none, or two for one partition.
    """
    try:
        lines = [(number, line) for number, line in enumerate(path.read_bytes().splitlines(), start=1) if line.strip()]
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}") from error
    found = [_of_line(path, number, line) for number, line in lines]
    partitions = [each.plan.partition for each in found]
    if not found or len(set(partitions)) < len(partitions):
        raise Misconfigured(f"{path} has {'two plans for one partition' if found else 'no plan'}")
    return found


def _of_line(path: Path, number: int, line: bytes) -> Planned:
    try:
        plans.from_json(line)
        return of_fields(load_json(line))
    except ValueError as error:
        raise Misconfigured(f"{path}, line {number}: {error}") from None


def much(planned: Sequence[Planned]) -> str:
    """Return how much is taken back, when that is so much that it has to be asked for; else empty."""
    players = sum(each.plan.players for each in planned)
    span_ms = max(each.newest_at_ms - each.at_ms for each in planned)
    found = [
        f"what {players:,} players have done" if players > PLAYERS_UNASKED_MAX else "",
        f"{span_ms / DAY_MS:.1f} days" if span_ms > DAY_MS else "",
    ]
    return " and ".join(filter(None, found))
