"""A thread that is asked things and answers them, while nobody waits for it."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from topologies.runtime.errors import Fatal, Misconfigured, StreamError

log = logging.getLogger("croupier.worker")

STOP_S = 5.0

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Asked(Generic[Request, Answer]):
    """Requests go in, answers come out, both in order. The thread begins with the first request.

    Args:
        name: of the thread.
        work: what the thread does, once: takes requests with `next` until that is None.
        failed: the answer to say that it has ended by itself.
    """

    def __init__(self, name: str, work: Callable[[], None], failed: Callable[[StreamError], Answer]) -> None:
        self._name = name
        self._work = work
        self._failed = failed
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.stopping = threading.Event()
        """Set: whatever the thread waits for, it is to end."""

    def ask(self, request: Request) -> None:
        """Put a request."""
        self._requests.put(request)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def answers(self) -> list[Answer]:
        """Return the answers since the last call."""
        found = []
        while not self._answers.empty():
            found.append(self._answers.get())
        return found

    def stop(self) -> None:
        """End the thread and wait for it, unless it waits for the cluster: then it touches nothing any more."""
        self.stopping.set()
        self._requests.put(None)
        if self._thread is not None:
            self._thread.join(STOP_S)

    def next(self, *, is_idle: bool) -> Request | None:
        """Return the next request; an idle thread waits for it. None: there is none, or it is to end."""
        try:
            request = self._requests.get(block=is_idle)
        except queue.Empty:
            return None
        return None if self.stopping.is_set() else request

    def answer(self, answer: Answer) -> None:
        """Put an answer."""
        self._answers.put(answer)

    def _run(self) -> None:
        try:
            self._work()
        except (Fatal, Misconfigured) as error:
            self.answer(self._failed(error))
        except Exception as error:
            log.exception("the %s thread failed", self._name)
            self.answer(self._failed(Fatal(f"{self._name} failed: {type(error).__name__}: {error}")))
