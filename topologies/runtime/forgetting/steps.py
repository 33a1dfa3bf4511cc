"""What forgetting a player writes: each of these is one transaction of its task, prepared as a value."""

from collections import Counter
from collections.abc import Sequence

from topologies.runtime.batch import Batch
from topologies.runtime.forgetting import row
from topologies.runtime.forgetting.row import Forgetting, Forgotten
from topologies.runtime.rewinding import control, orders
from topologies.runtime.rewinding import row as rewinding
from topologies.runtime.rewinding.control import Answer, Forget, Outcome
from topologies.runtime.rewinding.steps import Ground, complete
from topologies.runtime.store import Row

COMMIT = "commit"
"""The last commit that deleted rows, among the counts of an answer."""


def asked(ground: Ground, command: Forget) -> Batch:
    """Return the step that takes a command up, as a task does that finds it in the control topic."""
    batch, key = Batch(ground.partition), rewinding.OBEYED.encode()
    known = ground.get(key)
    told = orders.remembered({} if known is None else ground.codec.decode(key, known)[1], command, ground.wall_ms)
    batch.answers.append(_answer(ground, Forgetting(command, {}), "accepted"))
    rows = [(key, ground.codec.encode((0, told))), _under_way(ground, Forgetting(command, {}))]
    return complete(ground, batch, rows, [], ground.head)


def deletion(  # noqa: PLR0913 - all that a deletion is made of
    ground: Ground, doing: Forgetting, salt: bytes, keys: Sequence[bytes], kept_ms: int, *, is_complete: bool
) -> Batch:
    """Return the step that deletes some of a player's rows.

    Whose they were is remembered from the first one on, so that nothing comes
    back between two. The journal gets the keys alone.

    Args:
        ground: the task.
        doing: whom.
        salt: of the hash in the command.
        keys: of the rows.
        kept_ms: how long it is remembered; by stream time, which may lag behind, so not before the wall clock says so.
        is_complete: no others are left.
    """
    command, at_ms = doing.command, ground.wall_ms
    inputs = {topic: ground.head.inputs[topic] for topic in ground.topics}
    after = Forgotten(command.id, command.hash, salt.hex(), at_ms, ground.head.commit + 1, inputs, is_complete)
    expires_at = max(ground.head.stream_time, at_ms) + kept_ms
    forgotten = row.forgotten_key(command.id).encode(), ground.codec.encode((expires_at, after._asdict()))
    deleted = Counter(doing.deleted) + Counter(map(row.kind, keys))
    nothing: list[Row] = [(key, None) for key in keys]
    rows = [forgotten, *nothing, _under_way(ground, Forgetting(command, dict(deleted)))]
    return complete(ground, Batch(ground.partition), rows, nothing, ground.head)


def done(ground: Ground, doing: Forgetting, forgotten: Forgotten) -> Batch:
    """Return the step that ends it."""
    batch = Batch(ground.partition)
    counts = {**doing.deleted, COMMIT: forgotten.commit}
    batch.answers.append(_answer(ground, doing._replace(deleted=counts), "done"))
    return complete(ground, batch, [(row.KEY.encode(), None)], [], ground.head)


def refusal(ground: Ground, doing: Forgetting, why: str) -> Batch:
    """Return the step that ends it without anything done."""
    batch = Batch(ground.partition)
    batch.answers.append(_answer(ground, doing, "refused", why))
    return complete(ground, batch, [(row.KEY.encode(), None)], [], ground.head)


def _under_way(ground: Ground, doing: Forgetting) -> Row:
    return row.KEY.encode(), ground.codec.encode((0, row.as_row(doing)))


def _answer(ground: Ground, doing: Forgetting, outcome: Outcome, why: str = "") -> Row:
    return control.answer_row(Answer(doing.command.id, outcome, why, ground.wall_ms, doing.deleted))
