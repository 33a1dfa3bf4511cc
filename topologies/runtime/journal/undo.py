"""Taking commits back: what their rows were before, and what they had told the CRM.

The journal's order is all that counts. Rewinds that lie in it are commits like
others: they wrote rows, and have before-images of them. So a step may reach any
commit; but what the CRM has heard beyond a commit is told only of those in the
timeline: one that was taken back may itself have told what a replay told again.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from topologies.runtime.journal import marker
from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.errors import Malformed
from topologies.runtime.journal.marker import Heard, Part
from topologies.runtime.journal.record import MARKER, Record, is_image

Told = dict[tuple[str, str], str]
"""Hash by key and event id."""

STEP_BYTES = 8 << 20
"""Of the journal, that a step of several commits takes back: in memory some times, in one transaction twice."""


class Undo(NamedTuple):
    """What takes some commits back.

    `rows` has the first before-image of each row, None to delete it. `told`
    is what the CRM has heard from these commits, as it heard it last. Steps
    go newest first, so what an earlier step has found of an event is newer.
    """

    rows: dict[bytes, bytes | None]
    told: Told


def _heard(part: Part) -> Iterable[Heard]:
    return (*part.heard, *part.vanished)


def undo(records: Iterable[Record], heard: Callable[[Part], Iterable[Heard]] = _heard) -> Undo:
    """Return what takes back the commits that lie in these records, whole ones, in the journal's order.

    `heard` says what of a marker is to be remembered.

    Raises:
        Malformed: there is a marker among them that cannot be read, or a before-image is missing.
        Halted: a newer release wrote it.
    """
    found = Undo({}, {})
    images = 0
    for record in records:
        if record.key == MARKER:
            part = marker.decode(record.value)
            found.told.update({(each.key, each.id): each.hash for each in heard(part)})
            if part.end is not None:
                if images != part.end.images:
                    raise Malformed(f"{images} of {part.end.images} before-images of commit {part.commit} are there")
                images = 0
        elif is_image(record.key):
            images += 1
            found.rows.setdefault(record.key, record.value)
    return found


class Step(NamedTuple):
    """Commits that one transaction takes back: the records from `begins_at` to `ends_at`, both included.

    `reaches` is the commit before them, without its lists: the state becomes
    what it was as of that one. `rows` are at most written, `size_bytes` read.
    """

    reaches: Commit
    begins_at: int
    ends_at: int
    rows: int
    size_bytes: int


def fits(rows: int, size_bytes: int, rows_max: int) -> bool:
    """Whether commits that come to this may go into one step."""
    return rows <= rows_max and size_bytes <= STEP_BYTES


def steps(commits: Iterable[Commit], rows_max: int) -> Iterator[Step]:
    """Group commits in a row, the oldest first: as many as have `rows_max` rows and `STEP_BYTES` together.

    At least one; the first is not taken back: it is what the oldest step
    reaches. No step crosses a gap. Steps are taken the other way round, the
    newest first.
    """
    step: Step | None = None
    reaches: Commit | None = None
    for commit in commits:
        if step is not None and (commit.gap is not None or not _has_room(step, commit, rows_max)):
            yield step
            step = None
        if reaches is not None and commit.gap is None:
            if step is None:
                step = Step(slim(reaches), commit.begins_at, commit.ends_at, commit.rows, commit.size_bytes)
            else:
                rows, size_bytes = step.rows + commit.rows, step.size_bytes + commit.size_bytes
                step = step._replace(ends_at=commit.ends_at, rows=rows, size_bytes=size_bytes)
        reaches = commit
    if step is not None:
        yield step


def _has_room(step: Step, commit: Commit, rows_max: int) -> bool:
    return fits(step.rows + commit.rows, step.size_bytes + commit.size_bytes, rows_max)


def slim(commit: Commit) -> Commit:
    """Return a commit without its lists, which may be long."""
    return commit._replace(marker=commit.marker._replace(slices=(), heard=(), vanished=()))
