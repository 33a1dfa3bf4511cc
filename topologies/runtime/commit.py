"""One transaction for the batches of some tasks: events, rows, dead letters, offsets. All, or nothing."""

from collections.abc import Sequence
from typing import Any

from topologies.runtime.batch import Batch
from topologies.runtime.errors import Aborted, Poison
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.names import OwnTopics


def commit(
    transactions: Transactions,
    batches: Sequence[Batch],
    own: OwnTopics,
    group_metadata: Any,  # noqa: ANN401 - the client's own, opaque
    wall_ms: int,
) -> dict[int, int]:
    """Commit, and return by partition the offset of each task's head in the state topic.

    A commit is reached only when everything was queued. The head is each
    task's last row, so all its rows lie before it.

    Raises:
        Poison: something is too large for the broker; the transaction was aborted.
        Aborted: nothing of it is visible.
        Unknown, Fatal: as they say.
    """
    heads: dict[int, int] = {}
    transactions.begin()
    try:
        for batch in batches:
            _send(transactions, batch, own, heads, wall_ms)
        offsets: dict[Partition, int] = {}
        for batch in batches:
            offsets |= batch.offsets
        transactions.send_offsets(offsets, group_metadata)
        transactions.commit()
    except (Poison, Aborted):
        transactions.abort()
        raise
    return heads


def _send(transactions: Transactions, batch: Batch, own: OwnTopics, heads: dict[int, int], wall_ms: int) -> None:
    transactions.send_all(batch.emits)
    for dead in batch.dead:
        transactions.send_to((own.dead_letters, dead.partition), dead.key, dead.value, dead.headers, wall_ms)
    if batch.journal:
        transactions.send_rows((own.journal, batch.partition), batch.journal)
    if batch.answers:
        transactions.send_rows((own.control, batch.partition), batch.answers)
    state = (own.state, batch.partition)
    transactions.send_rows(state, batch.rows[:-1])

    def stored(offset: int) -> None:
        heads[batch.partition] = offset

    transactions.send_last_row(state, batch.rows[-1], stored)
