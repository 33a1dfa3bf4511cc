"""One partition's audit: back to the earliest commit, and forward again by the rules of this installation."""

from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from topologies.operations.audit.comparing import RowDifference, differing
from topologies.operations.rewind.planned import Planned
from topologies.operations.rewind.rehearsal import Rehearsal
from topologies.operations.rewind.site import Site
from topologies.runtime.journal.record import is_image, owner
from topologies.runtime.rewinding.control import Command
from topologies.wire import load_json


class Audited(NamedTuple):
    """How many players were recomputed, and what is not as it is recorded, as JSON values."""

    players: int
    differences: list[Mapping[str, Any]]

    @property
    def differing(self) -> int:
        """How many players differ."""
        return len({each["player"] for each in self.differences})


def audited(site: Site, rehearsal: Rehearsal, planned: Planned, sample: int | None) -> Audited:
    """Recompute the players of a partition whose records lie behind a plan's target.

    Args:
        site: to read the journal.
        rehearsal: with the rules of this installation.
        planned: how far back to begin.
        sample: so many players, drawn at random; None: all.

    Raises:
        Failed, StreamError: it cannot be done.
    """
    plan = planned.plan
    players = None if sample is None else _sample(site, planned, sample)
    command = Command("audit", plan.commit, plan.journal_offset, "delta", "", "", 0, 1 << 62)
    rehearsed = rehearsal.rehearse(plan.partition, command, players=players, is_kept=True)
    rows = differing(*rehearsal.states(plan.partition), rehearsal.stream_time(plan.partition))
    found = [*_rows(rows), *_events(plan.partition, map(load_json, rehearsed.differences))]
    ours = [each for each in found if players is None or each["player"] in players]
    return Audited(plan.players if players is None else len(players), ours)


def _sample(site: Site, planned: Planned, size: int) -> frozenset[str]:
    """Draw players that the commits behind the target have changed; each with the same chance."""
    plan, chance = planned.plan, Random()  # noqa: S311 - nothing is kept secret by it
    seen: set[bytes] = set()
    drawn: list[str] = []
    for record in site.records(plan.partition, plan.journal_offset + 1, plan.newest_offset):
        player = owner(record.key) if is_image(record.key) else b""
        if not player or player in seen:
            continue
        seen.add(player)
        if len(drawn) < size:
            drawn.append(player.decode())
        elif (place := chance.randrange(len(seen))) < size:
            drawn[place] = player.decode()
    return frozenset(drawn)


def _rows(found: Iterable[RowDifference]) -> Iterator[Mapping[str, Any]]:
    for each in found:
        yield {
            "player": each.player,
            "row": each.key.decode(errors="replace").replace("\0", "/").strip("/"),
            "recorded": _shown(each.recorded),
            "recomputed": _shown(each.recomputed),
        }


def _events(partition: int, lines: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        new = line["new"] if line["new"] is None or not line["key"] else load_json(line["new"])
        yield {"player": line["key"] or f"dead letters of partition {partition}", "event": line["id"]} | {
            "recorded": None if line["what"] == "added" else line["old"],
            "recomputed": None if line["what"] == "vanished" else new,
        }


def _shown(value: bytes | None) -> Any:  # noqa: ANN401 - a JSON value
    """The row itself, without when it expires and its version."""
    return None if value is None else load_json(value[8:])[1]
