"""How old is too old: rows stay for a retention, and a record older than that is not looked at.

Both go by the same line: as long as a record would be taken, the row that
tells it from a repeat can still be read.
"""


def is_too_old(at: int, now: int, retention: int) -> bool:
    """Say whether what happened at `at` lies further back than `retention`; at exactly that age it does not."""
    return at + retention < now


def last_reading(at: int, retention: int) -> int:
    """Return the expiry of a row that can be read until its `at` is too old (a row is absent from its expiry on)."""
    return at + retention + 1
