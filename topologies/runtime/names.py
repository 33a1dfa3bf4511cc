"""The names of an application's own topics, and what each topic's configuration must be."""

from collections.abc import Mapping
from typing import NamedTuple


class OwnTopics(NamedTuple):
    """Topics that belong to the application; partition p of each belongs to task p."""

    state: str
    journal: str
    control: str
    dead_letters: str


def own_topics(app: str) -> OwnTopics:
    """Return the names: the application's, with an ending."""
    return OwnTopics(f"{app}-state", f"{app}-journal", f"{app}-control", f"{app}-dead-letters")


DAY_MS = 24 * 3_600_000

STATE_DELETE_RETENTION_MS = 7 * DAY_MS

STATE: Mapping[str, str] = {
    "cleanup.policy": "compact",
    # A store that was away longer than half of this is rebuilt: tombstones may be gone.
    "delete.retention.ms": str(STATE_DELETE_RETENTION_MS),
}

JOURNAL: Mapping[str, str] = {
    "cleanup.policy": "delete",
    # What is older than the window goes an hour later, not a week.
    "segment.ms": str(3_600_000),
}

CONTROL: Mapping[str, str] = {
    "cleanup.policy": "delete",
    # It is the history of all rewinds, and small.
    "retention.ms": "-1",
}

INPUT: Mapping[str, str] = {
    # The merge goes by the producer's time.
    "message.timestamp.type": "CreateTime",
    # A record far ahead of the wall clock would carry stream time away.
    "message.timestamp.after.max.ms": str(3_600_000),
}
