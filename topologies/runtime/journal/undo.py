"""Taking commits back: what their rows were before, and what they had told the CRM.

The journal's order is all that counts. Rewinds that lie in it are commits like
others: they wrote rows, and have before-images of them. So a step may reach any
commit; but what the CRM has heard beyond a commit is told only of those in the
timeline: one that was taken back may itself have told what a replay told again.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from topologies.runtime.journal import marker
from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.record import MARKER, Record, is_image

Told = dict[tuple[str, str], str]
"""Hash by key and event id."""


class Undo(NamedTuple):
    """What takes some commits back.

    `rows` has the first before-image of each row, None to delete it. `told`
    is what the CRM has heard from these commits, as it heard it last. Steps
    go newest first, so what an earlier step has found of an event is newer.
    """

    rows: dict[bytes, bytes | None]
    told: Told


def undo(records: Iterable[Record]) -> Undo:
    """Return what takes back the commits that lie in these records, whole ones, in the journal's order.

    Raises:
        Malformed: there is a marker among them that cannot be read.
        Halted: a newer release wrote it.
    """
    found = Undo({}, {})
    for record in records:
        if record.key == MARKER:
            part = marker.decode(record.value)
            for heard in (part.heard, part.vanished):
                found.told.update({(key, event_id): content for key, event_id, content in heard})
        elif is_image(record.key):
            found.rows.setdefault(record.key, record.value)
    return found


class Step(NamedTuple):
    """Commits that one transaction takes back: the records from `begins_at` to `ends_at`, both included.

    `reaches` is the commit before them: the state becomes what it was as of that one.
    """

    reaches: Commit
    begins_at: int
    ends_at: int
    images: int


def steps(newest_first: Iterable[Commit], rows_max: int) -> Iterator[Step]:
    """Group commits in a row: as many as have `rows_max` before-images together, at least one.

    The oldest commit is not taken back: it is what the last step reaches. So
    is one behind a gap, whatever comes after it.
    """
    step: Step | None = None
    for commit, reaches in pairwise(newest_first):
        if commit.gap is not None:
            break
        if step is None or step.images + commit.images > rows_max:
            if step is not None:
                yield step
            step = Step(reaches, commit.begins_at, commit.ends_at, commit.images)
        else:
            step = Step(reaches, commit.begins_at, step.ends_at, step.images + commit.images)
    if step is not None:
        yield step
