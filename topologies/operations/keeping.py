"""Whether topics keep what is loaded into them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from topologies.runtime.errors import StreamError
from topologies.runtime.kafka.admin import Admin
from topologies.units import duration_text

RETENTION = "retention.ms"


def retentions_ms(admin: Admin, topics: Iterable[str]) -> dict[str, int]:
    """Topic → how long it keeps records by their own times; none for a topic that keeps them for ever.

    What we may not ask is left out: loading needs no right to read configurations.
    """
    found = {}
    for topic in topics:
        try:
            config = admin.configs(topic)
        except StreamError:
            continue
        deletes = "delete" in config["cleanup.policy"] and config["message.timestamp.type"] == "CreateTime"
        if deletes and int(config[RETENTION]) >= 0:
            found[topic] = int(config[RETENTION])
    return found


class Keeping:
    """Counts the records that are older than their topics keep them.

    Args:
        kept_ms: topic → how long it keeps records.
        now_ms: the wall clock's time.
    """

    def __init__(self, kept_ms: Mapping[str, int], now_ms: int) -> None:
        self._kept_ms = kept_ms
        self._oldest_ms = {topic: now_ms - kept for topic, kept in kept_ms.items()}
        self._old = Counter[str]()

    def take(self, topic: str, timestamp_ms: int) -> None:
        """Count a record, if it is too old."""
        oldest_ms = self._oldest_ms.get(topic)
        if oldest_ms is not None and timestamp_ms < oldest_ms:
            self._old[topic] += 1

    def warnings(self, *, are_shifted: bool) -> Iterator[str]:
        """One line for each topic with such records. `are_shifted`: `--times now` has not helped."""
        advice = "" if are_shifted else "load them with --times now, or "
        for topic, count in sorted(self._old.items()):
            documents = "1 document is" if count == 1 else f"{count} documents are"
            kept_ms = self._kept_ms[topic]
            kept = f"{RETENTION}={kept_ms}" + (f", {duration_text(kept_ms)}" if kept_ms else "")
            yield (
                f"{topic}: {documents} older than the topic keeps records ({kept}), so they may be gone before anybody "
                f"reads them; {advice}let the topic keep them with {RETENTION}=-1"
            )
