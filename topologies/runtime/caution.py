"""How much one transaction may hold after a failure."""


class Caution:
    """Halves what a transaction takes with each failure, doubles it with each success, until the trouble is behind.

    A step is a record or a timer that fires. So one step at fault among
    thousands is alone in its transaction after a dozen failures.
    """

    def __init__(self) -> None:
        self._limit = 0
        self._behind = 0

    def __bool__(self) -> bool:
        """Whether there is reason for it."""
        return self._behind > 0

    def steps_max(self, usual: int) -> int:
        """Return how many steps the next transaction may hold."""
        return min(usual, self._limit) if self else usual

    def failed(self, steps: int) -> None:
        """A transaction of so many steps has failed."""
        self._behind = max(self._behind, steps)
        self._limit = max(1, steps // 2)

    def committed(self, steps: int) -> None:
        """A transaction of so many steps is committed."""
        if steps:
            self._behind = max(0, self._behind - steps)
            self._limit *= 2
