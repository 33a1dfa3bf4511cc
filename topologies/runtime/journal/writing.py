"""What a commit writes to the journal: the before-images of its rows, and its marker."""

from collections.abc import Iterable, Sequence

from topologies.runtime.batch import Batch, DeadRecord
from topologies.runtime.dead_letters import PREFIX, TIMER
from topologies.runtime.head import Head
from topologies.runtime.journal import marker
from topologies.runtime.journal.marker import Heard, Marker, content_hash
from topologies.runtime.journal.record import is_image
from topologies.runtime.store import Row
from topologies.wire import load_json

NOBODY = ""
"""In the place of an event's key: it is a dead letter."""


def records(batch: Batch, before: Iterable[Row], head: Head, topics: Sequence[str]) -> list[Row]:
    """Return the journal's records of a commit, in order.

    Args:
        batch: what is committed.
        before: what the batch's rows were until now.
        head: the task's, as of this commit.
        topics: the sources, in the topology's order.
    """
    images = [row for row in before if is_image(row[0])]
    end = Marker(
        head.commit,
        head.inputs,
        head.stream_time,
        batch.slices,
        batch.heard,
        batch.vanished,
        batch.rewound_to,
        batch.rewind,
        len(images),
    )
    return [*images, *batch.differences, *marker.encode(end, topics)]


def heard(batch: Batch) -> list[Heard]:
    """Return what the CRM and the dead-letter topic are told by a batch of new records."""
    events = [Heard(emit.key.decode(), emit.event_id, content_hash(emit.value)) for emit in batch.emits]
    return [*events, *map(dead, batch.dead)] if batch.dead else events


def dead(letter: DeadRecord) -> Heard:
    """Return what a dead letter tells. The same record, dead for the same reason, is the same news."""
    said = {name.removeprefix(PREFIX): value.decode(errors="replace") for name, value in letter.headers[:_OWN]}
    where = f"{said['topic']}/{said['partition']}/{said['offset']}"
    if said["topic"] == TIMER:
        # Several may be due at the same time.
        timer = load_json(letter.value or b"")
        where = f"{where}/{timer['name']}/{timer['key']}/{timer['row_id']}"
    return Heard(NOBODY, dead_id(where), content_hash(f"{said['class']} {said['reason']}".encode()))


def dead_id(where: str) -> str:
    """Return the id of the dead letter of what lies at a place: `<topic>/<partition>/<offset>`."""
    return f"dead-letter/{where}"


_OWN = 6
"""A dead letter's first headers: its class, its reason, where the record was."""
