"""Calls of the client that may never return, whatever time they were given."""

import queue
import threading
from collections.abc import Callable
from typing import Any

Done = tuple[Any, BaseException | None]


class Bounded:
    """Does calls one after the other in a thread of its own, so that the caller can give up.

    After `TimeoutError` it may only be closed: the call may return one day.
    """

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Done] = queue.SimpleQueue()
        # A daemon: nobody can end a thread that stands in the client, and the process must end nevertheless.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def call(self, call: Callable[[], Any], timeout_s: float) -> Any:  # noqa: ANN401 - the call's own
        """Return what the call returns, or raise what it raises.

        Raises:
            TimeoutError: it has done neither in time.
        """
        self._calls.put(call)
        try:
            result, error = self._done.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError from None
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """Let the thread end when its call returns."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                self._done.put((call(), None))
            except BaseException as error:  # noqa: BLE001 - the caller's to handle
                self._done.put((None, error))
