"""Protections of the product, each with a way to switch it off in a process of a test: what would happen without it?"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaException

from topologies.runtime import commits, recovery, survey
from topologies.runtime.batch import Batch
from topologies.runtime.commits import Commits
from topologies.runtime.errors import Unknown
from topologies.runtime.kafka.polled import End, Polled
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.names import OwnTopics
from topologies.runtime.positions import Ground
from topologies.runtime.recovery import Recovery
from topologies.runtime.store import Applied
from topologies.runtime.survey import Surveyor

NOTHING = "-"
AGAIN = 4

INIT, COMMIT, CHECK = "__init__", "commit", "_check"
"""By name: type checkers do not like what is done here."""


def reuse_the_producer() -> None:
    """A commit that has timed out is waited for again, four times, with the same producer."""
    committing = Transactions.commit

    def commit(self: Transactions) -> None:
        for _ in range(AGAIN):
            with contextlib.suppress(Unknown):
                return committing(self)
        return committing(self)

    Transactions.commit = commit  # type: ignore[method-assign] # that is the point


def store_before_the_commit() -> None:
    """The local store has a commit's rows before anybody knows that it succeeds."""
    of_worker: list[Commits] = []
    begin_with = Commits.__init__

    def init(self: Commits, *arguments: Any) -> None:
        begin_with(self, *arguments)
        of_worker.append(self)

    def commit(
        transactions: Transactions, batches: Sequence[Batch], own: OwnTopics, group_metadata: Any, wall_ms: int
    ) -> dict[int, int]:
        ending = transactions.commit
        heads: dict[int, int] = {}

        def store_and_end() -> None:
            transactions._producer.flush(5)  # noqa: SLF001  to know the offsets
            for batch in batches:
                task = of_worker[-1]._tasks.running[batch.partition]  # noqa: SLF001
                applied = Applied(task.state_id, heads[batch.partition] + 1, wall_ms)
                of_worker[-1]._store.write(batch.partition, batch.rows, applied)  # noqa: SLF001
            ending()

        _say_heads(transactions, heads)
        transactions.commit = store_and_end  # type: ignore[method-assign]
        try:
            return committing(transactions, batches, own, group_metadata, wall_ms)
        finally:
            del transactions.commit, transactions.send_last_row

    committing: Callable[..., dict[int, int]] = getattr(commits, COMMIT)
    setattr(Commits, INIT, init)
    # Behind the commit it would find the store at this commit already, and take the topic for a new one.
    setattr(Commits, CHECK, lambda *_: None)
    setattr(commits, COMMIT, commit)


def _say_heads(transactions: Transactions, heads: dict[int, int]) -> None:
    sending = transactions.send_last_row

    def send_last_row(to: Any, row: Any, on_offset: Callable[[int], None]) -> None:
        def said(offset: int) -> None:
            heads[to[1]] = offset
            on_offset(offset)

        sending(to, row, said)

    transactions.send_last_row = send_last_row  # type: ignore[method-assign]


def recover_in_the_wrong_order() -> None:
    """First the state, up to what is committed by then; and then the offsets, which an open transaction may hold.

    Whoever runs it has to be told `--accept-offsets`: otherwise the task sees that its head is not where the offsets
    are, and looks again.
    """
    asking, beginning, applying = Surveyor.survey, Recovery.begin, Recovery._apply  # noqa: SLF001
    ends: dict[int, int] = {}

    def survey_(self: Surveyor, partitions: Sequence[int]) -> dict[int, Ground]:
        self.partitions()
        found = self._admin.stable_ends([(self._state, number) for number in partitions if number not in ends])
        ends.update({number: end for (_, number), end in found.items()})
        grounds = asking(self, partitions)
        return {number: ground._replace(state_end=ends.pop(number)) for number, ground in grounds.items()}

    def begin(self: Recovery, partition: int, incarnation: int) -> None:
        ends.pop(partition, None)
        beginning(self, partition, incarnation)

    def apply(self: Recovery, reader: Reader, polled: Polled) -> None:
        """As if it had been read when its end was asked for: what has come since is not there."""
        due = {number: restore.ground.state_end for number, restore in self._restores.items()}
        there = [each for each in polled.messages if (each.offset() or 0) < due.get(each.partition() or 0, 0)]
        ends = {(each.topic() or "", each.partition() or 0): each.offset() or 0 for each in polled.messages}
        ends |= {(each.topic, each.partition): each.offset for each in polled.ends}
        capped = [End(*place, min(offset, due[place[1]])) for place, offset in ends.items() if place[1] in due]
        applying(self, reader, polled._replace(messages=there, ends=capped))

    survey.Surveyor.survey = survey_  # type: ignore[method-assign]
    recovery.Recovery.begin = begin  # type: ignore[method-assign]
    recovery.Recovery._apply = apply  # type: ignore[method-assign]  # noqa: SLF001


def ignore_the_count() -> None:
    """What `produce_batch` has not taken is forgotten."""

    def send_rows(self: Transactions, to: tuple[str, int], rows: Sequence[tuple[bytes, bytes | None]]) -> None:
        waiting = [{"key": key, "value": value} for key, value in rows]
        try:
            self._producer.produce_batch(to[0], waiting, partition=to[1])
        except KafkaException as error:
            raise self._translated(error, "queueing rows") from error

    Transactions.send_rows = send_rows  # type: ignore[method-assign]


SWITCHES: Mapping[str, Callable[[], None]] = {
    "producer": reuse_the_producer,
    "store": store_before_the_commit,
    "recovery": recover_in_the_wrong_order,
    "count": ignore_the_count,
}
