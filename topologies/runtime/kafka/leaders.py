"""Which topics' leaders a client knows.

Asked for offsets of partitions whose leaders it does not know, the client looks
for these in the thread that asks, and at the same time in its own whenever
metadata come: the one may free what the other still uses, and the process ends
by a segmentation fault (librdkafka 2.16,
`rd_kafka_topic_partition_list_query_leaders_async`). A description of the
topics, asked for before, teaches it the leaders.
"""

import time
from collections.abc import Iterable

KNOWN_S = 60.0
"""Much less than the client remembers metadata: `metadata.max.age.ms`, 15 minutes by default."""


class Leaders:
    """Remembers when topics were last described."""

    def __init__(self) -> None:
        self._described_at_s: dict[str, float] = {}

    def described(self, topics: Iterable[str]) -> None:
        """Remember that these were described now."""
        self._described_at_s.update(dict.fromkeys(topics, time.monotonic()))

    def unknown(self, topics: Iterable[str]) -> set[str]:
        """Return those that have to be described again."""
        since_s = time.monotonic() - KNOWN_S
        return {each for each in topics if self._described_at_s.get(each, float("-inf")) < since_s}
