"""A cluster that is away for a while: said once when it begins, and once when it is over."""

import logging
import threading
import time
from collections.abc import Callable

from topologies.runtime.errors import Unavailable

log = logging.getLogger("croupier.worker")

AGAIN_S = 0.2


def bridged(ask: Callable[[], object], patience_s: float, stop: threading.Event) -> None:
    """Ask, and again while nothing answers: at our start the cluster may be starting, too.

    Raises:
        Unavailable: it was away for longer than our patience, or we are told to stop.
    """
    give_up_at_s = time.monotonic() + patience_s
    is_told = False
    while True:
        try:
            ask()
        except Unavailable as error:
            if time.monotonic() >= give_up_at_s or stop.wait(AGAIN_S):
                raise
            if not is_told:
                log.warning("%s. waiting for it", error)
            is_told = True
        else:
            if is_told:
                log.info("the cluster answers")
            return


class Outage:
    """What the input's client complains about, and whether anything comes nevertheless."""

    def __init__(self) -> None:
        self._is_told = False

    def heard(self, trouble: str | None, *, is_alive: bool) -> None:
        """Take note. `is_alive`: records or ends of partitions have come since."""
        if is_alive and self._is_told:
            self._is_told = False
            log.info("the cluster answers again")
        elif trouble and not is_alive and not self._is_told:
            self._is_told = True
            log.warning("%s. waiting for it", trouble)
