"""Asks what tasks in a rewind do next, in a thread of its own: the journal may be long."""

import logging
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

from topologies.runtime.asked import Asked
from topologies.runtime.beginning import Beginning
from topologies.runtime.errors import StreamError, Unavailable
from topologies.runtime.rewinding.preparation import Preparation, Work

log = logging.getLogger("croupier.rewind")

RETRY_S = 1.0


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


class Preparing:
    """Takes the tasks that recovery has found with other things to do; the answers are collected with `prepared`.

    Args:
        make: the preparation, told how to know that it is to stop; made and closed by the thread.
    """

    def __init__(self, make: Callable[[Callable[[], bool]], Preparation]) -> None:
        self._make = make
        self._asked: Asked[_Request, Prepared] = Asked("rewind", self._run, lambda why: Prepared(-1, -1, None, why))

    def begin(self, partition: int, incarnation: int, beginning: Beginning) -> None:
        """Ask what a task does next."""
        self._asked.ask(_Request(partition, incarnation, beginning))

    def prepared(self) -> list[Prepared]:
        """Return the answers since the last call."""
        return self._asked.answers()

    def stop(self) -> None:
        """End the thread and wait for it, unless it waits for the cluster."""
        self._asked.stop()

    def _run(self) -> None:
        stopping = self._asked.stopping
        with closing(self._make(stopping.is_set)) as preparation:
            while (request := self._asked.next(is_idle=True)) is not None:
                while not (stopping.is_set() or self._is_answered(request, preparation)):
                    stopping.wait(RETRY_S)

    def _is_answered(self, request: _Request, preparation: Preparation) -> bool:
        """Answer, unless nobody can say at the moment."""
        try:
            work: Work | StreamError = preparation.next(request.partition, request.beginning)
        except Unavailable as error:
            log.warning("a rewind waits: %s", error)
            return False
        except StreamError as error:
            work = error
        self._asked.answer(Prepared(request.partition, request.incarnation, request.beginning, work))
        return True
