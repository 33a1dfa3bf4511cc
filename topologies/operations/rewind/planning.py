"""From what a person asks for to plans, one for each partition."""

from functools import partial

from topologies.operations.rewind.planned import Planned
from topologies.operations.rewind.search import newest, search
from topologies.operations.rewind.site import Site
from topologies.operations.rewind.targets import Asked, ToTime
from topologies.runtime.journal.errors import Refused
from topologies.runtime.journal.plan import check_current
from topologies.runtime.journal.target import ToOffsets, Wanted


def planned(site: Site, partition: int, asked: Asked) -> Planned:
    """Return the plan of taking a partition back.

    Raises:
        Refused: it cannot be gone back to; says why, and the earliest that can.
        StreamError: the cluster does not answer, or the journal cannot be read.
    """
    # First: what is committed later is in the journal by then.
    committed = {topic: offset for (topic, _), offset in site.committed([partition]).items()}
    first, end = site.bounds(partition)
    read = partial(site.records, partition)
    found = search(_wanted(site, partition, asked), site.beginnings(partition), (first, end), read)
    made = found.tally.plan(partition, found.target, found.newest, site.settings.rewind_step_rows)
    beyond = {topic: offset for topic, offset in committed.items() if offset > made.inputs.get(topic, 0)}
    # While a rewind goes on, the group goes back behind what it has just told us.
    if beyond and found.newest.marker.rewind is None:
        raise Refused(
            f"the group is beyond the journal, which ends with commit {made.newest}: {_shown(beyond)}. "
            "the journal was off since, or somebody has moved the offsets"
        )
    return Planned(made, *site.times(partition, made.journal_offset, made.newest_offset))


def check(site: Site, kept: Planned) -> None:
    """Compare a plan with the journal as it is now.

    Raises:
        Refused: something was committed since.
    """
    partition = kept.plan.partition
    last = newest(site.bounds(partition), partial(site.records, partition))
    check_current(kept.plan, last.number, last.ends_at)


def _wanted(site: Site, partition: int, asked: Asked) -> Wanted:
    """A time is an offset in each input."""
    if not isinstance(asked, ToTime):
        return asked
    found = site.admin.offsets_at([(topic, partition) for topic in site.inputs], asked.at_ms)
    return ToOffsets({topic: offset for (topic, _), offset in found.items()})


def _shown(offsets: dict[str, int]) -> str:
    return ", ".join(f"{topic} {offset}" for topic, offset in offsets.items())
