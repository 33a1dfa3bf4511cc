"""Tasks that cannot begin yet: an open transaction holds their inputs' offsets."""

import logging
from collections.abc import Iterable

log = logging.getLogger("croupier.recovery")

LOOK_S = 0.2


class Held:
    """When such tasks are looked at again, and what is said about them."""

    def __init__(self) -> None:
        self._tasks: frozenset[int] = frozenset()
        self._told: frozenset[int] = frozenset()
        self._looked_at_s = float("-inf")

    def wait_s(self, wanted: Iterable[int], now_s: float) -> float:
        """Return for how long a look at these tasks would find nothing new."""
        return self._looked_at_s + LOOK_S - now_s if self._tasks.issuperset(wanted) else 0

    def looked(self, held: Iterable[int], now_s: float) -> None:
        """Remember what is held now, and tell it the second time: the living hand over faster."""
        still = frozenset(held) & self._tasks
        if told := still - self._told:
            names = ", ".join(map(str, sorted(told)))
            log.info("tasks %s wait for an open transaction: when its worker is dead, until it times out", names)
        self._told = still
        self._tasks = frozenset(held)
        self._looked_at_s = now_s
