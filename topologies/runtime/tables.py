"""Reference topics that every worker reads whole before any fact, and goes on reading."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from topologies.graph import Message, Table
from topologies.runtime.errors import Fatal, Halted, Unavailable
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.polled import NOTHING, Partition, Polled, message
from topologies.runtime.kafka.reader import Reader

log = logging.getLogger("croupier.worker")

ROWS_PER_POLL = 10_000


class TableFeed:
    """Keeps the values of a topology's tables up to date; `values` by table name.

    Another thread than the one that calls `follow` holds `lock` while it reads them.
    """

    def __init__(self, tables: tuple[Table, ...], reader: Reader) -> None:
        self._by_topic = {table.topic: table for table in tables}
        self._reader = reader
        self.values: dict[str, Any] = {table.name: table.empty() for table in tables}
        self.lock = threading.Lock()

    def load(self, admin: Admin, stopping: Callable[[], bool]) -> None:
        """Read everything that is there now.

        Raises:
            Misconfigured, Fatal: the cluster refused us.
        """
        partitions = [
            (topic, number)
            for topic, found in admin.topics(self._by_topic).items()
            for number in range(found.partitions)
        ]
        ends = admin.stable_ends(partitions)
        starts = admin.beginnings(partitions)
        behind: set[Partition] = {each for each in partitions if starts[each] < ends[each]}
        self._reader.add(starts)
        while behind and not stopping():
            behind -= self._reached(self._take(0.1), ends)

    def follow(self) -> bool:
        """Take what has come since; waits for nothing. Whether there was any."""
        return bool(self._take(0).messages)

    def close(self) -> None:
        """Let go of the connection."""
        self._reader.close()

    def _take(self, timeout_s: float) -> Polled:
        try:
            polled = self._reader.poll(timeout_s, ROWS_PER_POLL)
        except Unavailable as error:
            log.warning("reference tables are not followed: %s", error)
            return NOTHING
        by_topic: dict[str, list[Message]] = {}
        for raw in polled.messages:
            read = message(raw)
            by_topic.setdefault(read.topic, []).append(read)
        for topic, messages in by_topic.items():
            table = self._by_topic[topic]
            with self.lock:
                table.add(self.values[table.name], messages)
        for trap in polled.traps:
            if isinstance(trap.error, Halted):
                raise Fatal(f"a reference table has to be read whole again: {trap.error}")
            if not isinstance(trap.error, Unavailable):
                raise trap.error
        return polled

    def _reached(self, polled: Polled, ends: dict[Partition, int]) -> set[Partition]:
        read = {(each.topic, each.partition): each.offset for each in polled.ends}
        for raw in polled.messages:
            each = message(raw)
            read[each.topic, each.partition] = max(each.offset + 1, read.get((each.topic, each.partition), 0))
        return {each for each, offset in read.items() if offset >= ends[each]}
