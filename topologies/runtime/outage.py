"""A cluster that is away for a while: said once when it begins, and once when it is over."""

import logging

log = logging.getLogger("croupier.worker")


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
