"""A static member whose place is still held: by its own dead predecessor, or by somebody else."""

import logging
import threading
from collections.abc import Callable

from topologies.runtime.errors import Fatal, Unreleased
from topologies.runtime.kafka.inputs import Inputs

log = logging.getLogger("croupier.worker")

AGAIN_S = 1.0
NEW_STORY_S = 10.0
"""A refusal so long after the last one has another reason."""


class Rejoining:
    """Joins again every second until the group lets us in.

    The broker frees the place of a dead member after its session timeout; who
    holds it for twice as long, lives.

    Args:
        session_timeout_s: asks the broker for it.
        stop: ends the waiting early.
    """

    def __init__(self, session_timeout_s: Callable[[], float], stop: threading.Event) -> None:
        self._session_timeout_s = session_timeout_s
        self._stop = stop
        self._began_at_s = self._refused_at_s = float("-inf")
        self._patience_s = 0.0

    def again(self, refusal: Unreleased, inputs: Inputs, now_s: float) -> None:
        """Wait a little and join as a new consumer.

        Raises:
            Fatal: our place is not free after twice the session timeout.
        """
        if now_s - self._refused_at_s > NEW_STORY_S:
            self._began_at_s = now_s
            timeout_s = self._session_timeout_s()
            self._patience_s = 2 * timeout_s
            log.warning("%s: if its process died, the broker frees the place within %g s. waiting", refusal, timeout_s)
        self._refused_at_s = now_s
        if now_s - self._began_at_s > self._patience_s:
            raise Fatal(
                f"{refusal} after {self._patience_s:g} s: it lives. give each worker a group_instance_id of its own"
            )
        self._stop.wait(AGAIN_S)
        inputs.rejoin()
