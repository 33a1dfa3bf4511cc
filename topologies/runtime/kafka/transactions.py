"""The transactional producer: all of a commit is visible, or nothing of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from topologies.graph import Emit
from topologies.runtime.errors import Aborted, Expelled, Fatal, StreamError, Unknown
from topologies.runtime.kafka.bounded import Bounded
from topologies.runtime.kafka.config import IDEMPOTENT, TRANSACTIONAL, Cluster, Trouble
from topologies.runtime.kafka.errors import TIMED_OUT, error_of, of_transaction
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.rights import Right

Row = tuple[bytes, bytes | None]
"""Key and value of a row; None deletes it."""

Headers = Sequence[tuple[str, bytes]]

ENDING_SLICE_S = 0.1

PATIENCE_SHARE = 0.8
"""Of a transaction's time: so long is its end waited for, and its offsets.

A request without an answer for `socket.timeout.ms` is sent again by the client, which says nothing of it. The first may
come late, and end our next transaction. So we have to give up before.
"""

GRACE_SHARE = 0.1
"""How much later a call may return, likewise."""

Clock = Callable[[], float]
"""Monotonic seconds."""


class Transactions:
    """One transaction at a time, with one `transactional.id`.

    Every method raises `Poison`, `Aborted`, `Unknown` or `Fatal`. After
    `Unknown` and `Fatal` the object may only be closed.
    """

    def __init__(
        self,
        cluster: Cluster,
        transactional_id: str,
        *,
        timeout_s: float,
        clock: Clock,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._patience_s = timeout_s * PATIENCE_SHARE
        self._clock = clock
        self._began_at: float | None = None
        self._has_met = False
        self._trouble = Trouble()
        self._bounded = Bounded("transactions")
        self._used = (Right("Write", "transactional-id", transactional_id), Right("Read", "group", cluster.group.name))
        own = {
            **TRANSACTIONAL,
            **(properties or {}),
            **IDEMPOTENT,
            "transactional.id": transactional_id,
            "transaction.timeout.ms": int(timeout_s * 1000),
            "socket.timeout.ms": int(timeout_s * 1000),
        }
        self._producer = Producer(cluster.config(self._trouble, own))

    def init(self, timeout_s: float) -> bool:
        """Fence older producers of the same id, and end what they left open. False: not done yet, call it again."""
        with suppress(KafkaException):
            # A client that has not met a broker yet would ask for its id again only after half a second.
            self._has_met = self._has_met or bool(self._producer.list_topics(timeout=timeout_s))
        try:
            self._producer.init_transactions(timeout_s)
        except KafkaException as error:
            if error_of(error).retriable():
                return False
            raise self._translated(error, "initialising transactions", is_first=True) from error
        return True

    def begin(self) -> None:
        """Open a transaction; costs nothing until something is sent."""
        self._began_at = self._clock()
        self._call("beginning a transaction", self._producer.begin_transaction, is_abortable=False)

    def send_all(self, records: Sequence[Emit]) -> None:
        """Queue records in order, each for the partition of its key."""
        produce: Any = self._producer.produce
        for each in records:
            topic, value, key, headers = each.topic, each.value, each.key, each.headers
            try:
                # Most go through here; a queue that is full, and what is refused, takes the long way.
                produce(topic, value, key, headers=headers)
            except (BufferError, KafkaException):
                self._queue(partial(produce, topic, value, key, headers=headers))

    def send_to(self, to: Partition, key: bytes | None, value: bytes | None, headers: Headers, timestamp: int) -> None:
        """Queue a record for one partition; `timestamp` in ms."""
        self._queue(
            lambda: self._producer.produce(
                to[0], value, key, partition=to[1], headers=list(headers), timestamp=timestamp
            )
        )

    def send_rows(self, to: Partition, rows: Sequence[Row]) -> None:
        """Queue rows in order, all of them.

        `produce_batch` does not raise on a full queue or an oversized row: it
        returns a smaller count, and a commit would succeed without them.
        """
        waiting = [{"key": key, "value": value} for key, value in rows]
        while waiting:
            try:
                taken = self._producer.produce_batch(to[0], waiting, partition=to[1])
            except KafkaException as error:
                raise self._translated(error, "queueing rows") from error
            waiting = [] if taken == len(waiting) else self._refused(to, waiting)

    def send_last_row(self, to: Partition, row: Row, on_offset: Callable[[int], None]) -> None:
        """Queue a row and say, before `commit` returns, at which offset it stands."""

        def delivered(error: KafkaError | None, message: Any) -> None:  # noqa: ANN401 - the client's own message
            if error is None:
                on_offset(message.offset())

        self._queue(lambda: self._producer.produce(to[0], row[1], row[0], partition=to[1], on_delivery=delivered))

    def send_offsets(self, offsets: Mapping[Partition, int], group_metadata: Any) -> None:  # noqa: ANN401 - opaque
        """Make the inputs' positions part of the transaction.

        Without a member id the broker would check nothing (KAFKA-18060), so None is refused.
        """
        if group_metadata is None:
            raise Expelled("we are no member of the group any more")
        positions = [TopicPartition(topic, number, offset) for (topic, number), offset in offsets.items()]

        def send() -> None:
            self._producer.send_offsets_to_transaction(positions, group_metadata, self._patience_s)

        def explained() -> None:
            try:
                send()
            except KafkaException as error:
                if error_of(error).code() != KafkaError._STATE:  # noqa: SLF001 - librdkafka's public name
                    raise
                # A record was refused meanwhile. Of a transaction that has failed the client says why.
                send()

        # Its own time-out is not looked at: while the client waits for a coordinator that was taken
        # from the cluster, which a restart is enough for, it never returns (librdkafka #5456, #5511).
        try:
            bound_s = self._patience_s + self._timeout_s * GRACE_SHARE
            self._call("sending offsets", lambda: self._bounded.call(explained, bound_s))
        except TimeoutError as error:
            raise Unknown("sending offsets does not return: the group's coordinator may have moved") from error

    def commit(self) -> None:
        """End the transaction: everything in it is visible, together, when this returns."""
        self._call("committing", lambda: self._in_slices(self._producer.commit_transaction), is_ending=True)
        self._serve(0)
        self._began_at = None

    def abort(self) -> None:
        """End the transaction: nothing of it will ever be visible."""
        self._call("aborting", lambda: self._in_slices(self._producer.abort_transaction), is_abortable=False)
        self._began_at = None

    def close(self) -> None:
        """Let go of the producer without waiting for anything; an open transaction is aborted by its timeout."""
        self._bounded.close()
        self._producer.purge()

    def _refused(self, to: Partition, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows that found no room, in order, after making some; raise what no room would help."""
        left = [row for row in rows if "_error" in row]
        for row in left:
            error = row.pop("_error")
            if error.code() != KafkaError._QUEUE_FULL:  # noqa: SLF001 - librdkafka's public name
                raise self._translated(KafkaException(error), f"queueing a row for {to[0]}/{to[1]}")
        self._make_room()
        return left

    def _queue(self, produce: Callable[[], None]) -> None:
        while True:
            try:
                produce()
            except BufferError:
                self._make_room()
            except KafkaException as error:
                raise self._translated(error, "queueing a record") from error
            else:
                return

    def _make_room(self) -> None:
        if self._is_overdue():
            raise Aborted("the broker takes no records: the producer's queue stayed full")
        self._serve(0.05)

    def _serve(self, timeout_s: float) -> None:
        """Let callbacks be called; raises what the client has failed of."""
        try:
            self._producer.poll(timeout_s)
        except KafkaException as error:
            raise self._translated(error, "producing") from error

    def _in_slices(self, call: Callable[[float], Any]) -> None:
        """Commit or abort in slices; each call goes on where the last one was.

        When a record is refused by the broker, those behind it wait in vain: a
        commit would for all its time, before it tells, and an abort too, because
        it purges only what waits when it is called.
        """
        give_up_at = self._clock() + self._patience_s
        while True:
            try:
                call(min(ENDING_SLICE_S, self._patience_s))
            except KafkaException as error:
                if error_of(error).code() not in TIMED_OUT or self._clock() >= give_up_at:
                    raise
            else:
                return

    def _is_overdue(self) -> bool:
        return self._began_at is not None and self._clock() - self._began_at >= self._timeout_s

    def _call(self, doing: str, call: Callable[[], Any], *, is_ending: bool = False, is_abortable: bool = True) -> None:
        """Call; not `is_abortable`: a failure that no abort would mend."""
        try:
            call()
        except KafkaException as error:
            translated = self._translated(error, doing, is_ending=is_ending)
            if is_abortable or isinstance(translated, Fatal):
                raise translated from error
            raise Unknown(str(translated)) from error

    def _translated(self, error: KafkaException, doing: str, **how: bool) -> StreamError:
        if error_of(error).code() == KafkaError._FATAL:  # noqa: SLF001 - librdkafka's public name
            # Whatever is called now says so; why, is told once, to who polls.
            try:
                self._producer.poll(0)
            except KafkaException as cause:
                error = cause
        return of_transaction(error, doing, *self._used, is_overdue=self._is_overdue(), **how)
