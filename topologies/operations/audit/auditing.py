"""One partition's audit: back to the earliest commit, and forward again by the rules of this installation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from topologies.operations.audit.comparing import RowDifference, differing
from topologies.operations.rewind import asking
from topologies.operations.rewind.differences import Difference, of_lines
from topologies.operations.rewind.history import Rewind
from topologies.operations.rewind.planned import Planned
from topologies.operations.rewind.rehearsal import Rehearsal
from topologies.operations.rewind.site import Site
from topologies.runtime.journal.record import Record, is_image, owner
from topologies.runtime.rewinding.control import Command
from topologies.wire import load_json

NEVER = 1 << 62


class Audited(NamedTuple):
    """How many players were recomputed, and the rows, events and dead letters that are not as they are recorded."""

    players: int
    rows: Sequence[RowDifference]
    events: Sequence[Difference]

    @property
    def differing(self) -> int:
        """How many players differ."""
        return len({each.player for each in self.rows} | {each.key for each in self.events if each.key})

    @property
    def is_right(self) -> bool:
        """Nothing differs."""
        return not self.rows and not self.events


def audited(site: Site, rehearsal: Rehearsal, planned: Planned, sample: int | None, now_ms: int) -> Audited:
    """Recompute the players of a partition whose records lie behind a plan's target.

    Args:
        site: to read the journal, and what the CRM has heard.
        rehearsal: with the rules of this installation.
        planned: how far back to begin.
        sample: so many players, drawn at random; None: all.
        now_ms: the wall clock.

    Raises:
        Failed, StreamError: it cannot be done.
    """
    plan = planned.plan
    players = None if sample is None else _sample(site, planned, sample)
    command = Command("audit", plan.commit, plan.journal_offset, "delta", "", "", now_ms, NEVER)
    rehearsed = rehearsal.rehearse(plan.partition, command, players=players, is_kept=True)
    rows = differing(*rehearsal.states(plan.partition), rehearsal.stream_time(plan.partition))
    lines = [line for line in rehearsed.differences if players is None or load_json(line)["key"] in players]
    rewind = Rewind(plan.partition, command, planned)
    return Audited(
        plan.players if players is None else len(players),
        [each for each in rows if players is None or each.player in players],
        list(of_lines(site, rewind, lines, asking.ever_asked(site) if lines else ())),
    )


def _sample(site: Site, planned: Planned, size: int) -> frozenset[str]:
    plan = planned.plan
    records = site.records(plan.partition, plan.journal_offset + 1, plan.newest_offset)
    return drawn(records, size, Random())  # noqa: S311 - nothing is kept secret by it


def drawn(records: Iterable[Record], size: int, chance: Random) -> frozenset[str]:
    """Draw players of the journal's before-images; each with the same chance, however many images it has."""
    seen: set[bytes] = set()
    found: list[str] = []
    for record in records:
        player = owner(record.key) if is_image(record.key) else b""
        if not player or player in seen:
            continue
        seen.add(player)
        if len(found) < size:
            found.append(player.decode())
        elif (place := chance.randrange(len(seen))) < size:
            found[place] = player.decode()
    return frozenset(found)


def lines(partition: int, found: Audited) -> Iterator[Mapping[str, Any]]:
    """Yield each difference as a JSON value; null: it is not there."""
    for row in found.rows:
        yield {
            "partition": partition,
            "player": row.player,
            "row": row.name,
            "what": row.what,
            "recorded": _whole(row.recorded),
            "recomputed": _whole(row.recomputed),
        }
    for each in found.events:
        yield {
            "partition": partition,
            "player": each.key or None,
            "event": each.id,
            "what": each.what,
            "recorded": None if each.old is None else each.old.value,
            "recomputed": each.new,
        }


def _whole(value: bytes | None) -> Any:  # noqa: ANN401 - a JSON value
    """The row itself, without when it expires and its version."""
    return None if value is None else load_json(value[8:])[1]
