"""Asks what tasks in a rewind do next, in a thread of its own: the journal may be long."""

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

from topologies.runtime.errors import Fatal, StreamError, Unavailable
from topologies.runtime.rewinding.preparation import Preparation, Work
from topologies.runtime.rewinding.row import Rewind
from topologies.runtime.task import Beginning

log = logging.getLogger("croupier.rewind")

RETRY_S = 1.0
STOP_S = 5.0

STOP = None


class Prepared(NamedTuple):
    """What a task does next: one transaction, or a stretch of a replay; or why nothing can be done."""

    partition: int
    incarnation: int
    beginning: Beginning | None
    work: Work | StreamError


class _Request(NamedTuple):
    partition: int
    incarnation: int
    beginning: Beginning
    rewind: Rewind


class Preparing:
    """Takes the tasks that recovery has found in a rewind; the answers are collected with `prepared`.

    Args:
        make: the preparation, told how to know that it is to stop; made and closed by the thread.
    """

    def __init__(self, make: Callable[[Callable[[], bool]], Preparation]) -> None:
        self._make = make
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Prepared] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._is_started = False
        self._thread = threading.Thread(target=self._run, name="rewind", daemon=True)

    def begin(self, partition: int, incarnation: int, beginning: Beginning, rewind: Rewind) -> None:
        """Ask what a task does next."""
        if not self._is_started:
            # Not before: most workers never see a rewind.
            self._is_started = True
            self._thread.start()
        self._requests.put(_Request(partition, incarnation, beginning, rewind))

    def prepared(self) -> list[Prepared]:
        """Return the answers since the last call."""
        answers = []
        while not self._answers.empty():
            answers.append(self._answers.get())
        return answers

    def stop(self) -> None:
        """End the thread and wait for it, unless it waits for the cluster."""
        self._stopping.set()
        self._requests.put(STOP)
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            with closing(self._make(self._stopping.is_set)) as preparation:
                while (request := self._requests.get()) is not STOP:
                    self._answer(request, preparation)
        except Exception as error:
            log.exception("a rewind failed")
            self._answers.put(Prepared(-1, -1, None, Fatal(f"a rewind failed: {type(error).__name__}: {error}")))

    def _answer(self, request: _Request, preparation: Preparation) -> None:
        while not self._stopping.is_set():
            try:
                work: Work | StreamError = preparation.work(request.partition, request.beginning, request.rewind)
            except Unavailable as error:
                log.warning("a rewind waits: %s", error)
                self._stopping.wait(RETRY_S)
                continue
            except StreamError as error:
                work = error
            self._answers.put(Prepared(request.partition, request.incarnation, request.beginning, work))
            return
