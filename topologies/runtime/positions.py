"""Where a task's inputs go on, and how much of its state must be read. Pure decisions of recovery."""

from collections.abc import Mapping
from typing import NamedTuple

from topologies.runtime.errors import Halted
from topologies.runtime.head import Head
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.names import STATE_DELETE_RETENTION_MS
from topologies.runtime.store import Applied

Offsets = Mapping[str, int]
"""By topic, of one task."""


class Ground(NamedTuple):
    """What was there for one task when it was looked for.

    `fresh` is where a new application starts, `beginnings` the first records
    that are still there, `ends` the inputs' high watermarks, asked for after
    the offsets; `stop_at` the ends when draining. `state_end` is the high
    watermark, beyond open transactions too. `partitions`: of each input.
    """

    committed: Offsets
    beginnings: Offsets
    ends: Offsets
    fresh: Offsets
    stop_at: Offsets | None
    state: Partition
    state_id: str
    state_begin: int
    state_end: int
    partitions: int


TRUSTED_MS = STATE_DELETE_RETENTION_MS // 2
"""A store that is older may have missed deletions whose tombstones are gone."""


def restore_from(applied: Applied | None, topic_id: str, begin: int, end: int, wall_ms: int) -> int | None:
    """Return the offset from which to read the state topic; None: wipe the rows and read it whole.

    Rows are not trusted when the state topic was recreated, when they are ahead
    of it or behind its beginning, or when they are so old that deleted rows
    would come back.
    """
    if applied is None or applied.topic_id != topic_id:
        return None
    if not begin <= applied.offset <= end or wall_ms - applied.at > TRUSTED_MS:
        return None
    return applied.offset


def input_positions(partition: int, head: Head | None, ground: Ground, *, accept_offsets: bool) -> dict[str, int]:
    """Return the next offset of every input.

    Args:
        partition: for the message.
        head: the last commit's, or None when there is no state.
        ground: what the cluster says.
        accept_offsets: take the group's offsets as they are, whatever the head says.

    Raises:
        Halted: offsets and state do not belong together, or the records at them are gone.
    """
    if head and head.state_id not in {"", ground.state_id} and not accept_offsets:
        raise Halted(
            f"task {partition}: the state topic was recreated while a worker ran: what was written before is missing "
            "in it. to go on with what there is: croupier run --accept-offsets"
        )
    # An input that is new in this release has neither; one that was dropped is no concern of ours.
    expected = {topic: offset for topic, offset in head.inputs.items() if topic in ground.fresh} if head else {}
    if dict(ground.committed) != expected and not accept_offsets:
        raise Halted(_moved(partition, expected, ground.committed))
    positions = {**ground.fresh, **expected, **ground.committed}
    if accept_offsets:
        positions = {topic: max(offset, ground.beginnings[topic]) for topic, offset in positions.items()}
    for topic, offset in positions.items():
        if offset < ground.beginnings[topic]:
            raise Halted(
                f"task {partition}: records were deleted before they were processed: {topic} is at {offset}, its first "
                f"record is {ground.beginnings[topic]}. to go on without them: croupier run --accept-offsets"
            )
        if offset > ground.ends[topic]:
            raise Halted(
                f"task {partition}: {topic} is at {offset}, but ends at {ground.ends[topic]}: it was recreated or cut. "
                "set the group's offsets to where to go on, then: croupier run --accept-offsets"
            )
    return positions


def _moved(partition: int, expected: Offsets, committed: Offsets) -> str:
    ours = _shown(expected) if expected else "no position (there is no state)"
    groups = _shown(committed) if committed else "none (they have expired or were deleted)"
    return (
        f"task {partition}: somebody has moved the group's offsets: the state stands at {ours}, the offsets are "
        f"{groups}. set them back, or take them as they are with: croupier run --accept-offsets"
    )


def _shown(offsets: Offsets) -> str:
    return ", ".join(f"{topic} {offset}" for topic, offset in sorted(offsets.items()))
