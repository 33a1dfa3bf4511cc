"""What a rewind writes: each of these is one transaction of its task, prepared as a value."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from topologies.runtime import head
from topologies.runtime.batch import Batch
from topologies.runtime.head import Head
from topologies.runtime.journal import writing
from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.marker import Heard
from topologies.runtime.journal.undo import Undo
from topologies.runtime.rewinding import control, orders, replay, row
from topologies.runtime.rewinding.control import Answer, Command, Outcome
from topologies.runtime.rewinding.row import Rewind
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Row


class Ground(NamedTuple):
    """What a step stands on: the task, its head, its rows, and now."""

    partition: int
    head: Head
    topics: Sequence[str]
    """The sources, in the topology's order."""
    control: str
    codec: RowCodec
    get: Callable[[bytes], bytes | None]
    wall_ms: int


def asked(ground: Ground, command: Command) -> Batch:
    """Return the step that takes a command up, as a task does that finds it in the control topic."""
    batch, key = Batch(ground.partition, rewind=command.id), row.OBEYED.encode()
    known = ground.get(key)
    told = orders.remembered({} if known is None else ground.codec.decode(key, known)[1], command, ground.wall_ms)
    rewind = row.asked(command)
    batch.answers.append(_answer(rewind, "accepted", "", ground.wall_ms))
    return _complete(ground, batch, [(key, ground.codec.encode((0, told)))], [], rewind, ground.head)


def back(ground: Ground, rewind: Rewind, reaches: Commit, undone: Undo) -> Batch:
    """Return the step that takes the state back to a commit: rows, positions, and what the CRM has heard since."""
    before = {key: ground.get(key) for key in undone.rows}
    rows: list[Row] = [(key, value) for key, value in undone.rows.items() if value != before[key]]
    for (key, event_id), content in undone.told.items():
        told = row.told_key(key, event_id).encode()
        # Steps go newest first: what an earlier one has found is newer.
        if ground.get(told) is None:
            rows.append((told, ground.codec.encode((0, content))))
    is_there = reaches.number == rewind.command.target
    after = rewind._replace(phase="replay" if is_there else "back", reached=reaches.number)
    batch = Batch(ground.partition, rewind=rewind.command.id, rewound_to=reaches.number)
    if is_there:
        batch.answers.append(_answer(after, "back", "", ground.wall_ms))
    inputs = {topic: reaches.marker.inputs[topic] for topic in ground.topics}
    images = [(key, before[key]) for key, _ in rows if key in before]
    return _complete(ground, batch, rows, images, after, Head(reaches.marker.stream_time, inputs, 0))


def sweep(ground: Ground, rewind: Rewind, left: Iterable[tuple[bytes, bytes]]) -> Batch:
    """Return the step that reports, and forgets, some of what the replay has not come to again; none: the end."""
    batch = Batch(ground.partition, rewind=rewind.command.id)
    rows: list[Row] = []
    for key, value in left:
        player, event_id = key.decode()[len(row.TOLD) :].split("\0", 1)
        heard = Heard(player, event_id, str(ground.codec.decode(key, value)[1]))
        batch.vanished.append(heard)
        batch.differences.append(replay.difference(rewind, "vanished", heard, heard.hash, None, is_sent=False))
        rows.append((key, None))
    after: Rewind | None = rewind._replace(phase="sweep").counted({"vanished": len(rows)})
    if not rows:
        batch.answers.append(_answer(rewind, "done", "", ground.wall_ms))
        after = None
    return _complete(ground, batch, rows, [], after, ground.head)


def refusal(ground: Ground, rewind: Rewind, why: str) -> Batch:
    """Return the step that ends a rewind of which nothing was done."""
    batch = Batch(ground.partition, rewind=rewind.command.id)
    batch.answers.append(_answer(rewind, "refused", why, ground.wall_ms))
    return _complete(ground, batch, [], [], None, ground.head)


def _complete(  # noqa: PLR0913, PLR0917 - all that a commit is made of
    ground: Ground, batch: Batch, rows: list[Row], images: Sequence[Row], rewind: Rewind | None, at: Head
) -> Batch:
    """Add the rewind's row, and what every step has."""
    value = None if rewind is None else ground.codec.encode((0, row.as_row(rewind)))
    return complete(ground, batch, [*rows, (row.KEY.encode(), value)], images, at)


def complete(ground: Ground, batch: Batch, rows: Sequence[Row], images: Sequence[Row], at: Head) -> Batch:
    """Return a step with its rows, its journal, and the head and the positions that it comes to."""
    # The control topic is never set back.
    inputs = {**at.inputs, ground.control: ground.head.inputs[ground.control]}
    reached = Head(at.stream_time, inputs, ground.head.commit + 1, ground.head.state_id)
    batch.journal = writing.records(batch, images, reached, ground.topics)
    batch.rows = [*rows, head.encode(reached, ground.codec)]
    batch.offsets = {(topic, ground.partition): offset for topic, offset in inputs.items()}
    batch.steps = 1
    return batch


def _answer(rewind: Rewind, outcome: Outcome, why: str, wall_ms: int) -> Row:
    return control.answer_row(Answer(rewind.command.id, outcome, why, wall_ms, _counts(rewind.counts)))


def _counts(counts: Mapping[str, int]) -> Mapping[str, int]:
    return {name: count for name, count in counts.items() if count}
