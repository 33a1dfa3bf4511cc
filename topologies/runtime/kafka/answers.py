"""Waiting for what the cluster answers, and saying why it does not."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from topologies.runtime.errors import Misconfigured, StreamError, Unavailable
from topologies.runtime.kafka import certificates, topics
from topologies.runtime.kafka.config import Cluster, Trouble
from topologies.runtime.kafka.errors import error_of, of_read
from topologies.runtime.rights import Right

Answer = TypeVar("Answer")

UNREACHABLE_S = 5.0
SLICE_S = 0.2


class Answers:
    """The answers to one client's questions.

    Args:
        client: who asks.
        trouble: what the client complains about.
        cluster: who is asked.
        timeout_s: how long one answer may take.
        stop: when it is set, nobody waits any more.
    """

    def __init__(
        self, client: AdminClient, trouble: Trouble, cluster: Cluster, timeout_s: float, stop: threading.Event
    ) -> None:
        self._client = client
        self._trouble = trouble
        self._cluster = cluster
        self._timeout_s = timeout_s
        self._stop = stop

    def ask(self, doing: str, call: Callable[[], Answer]) -> Answer:
        """Return what a call of the client returns."""
        try:
            return call()
        except KafkaException as error:
            raise of_read(error, doing) from error

    def wait(self, doing: str, future: Future[Answer], *used: Right) -> Answer:
        """Return the answer.

        Args:
            doing: a gerund with particulars.
            future: what `ask` has returned.
            used: the rights that the question needs.

        Raises:
            StreamError: there is none, or a refusal.
            Missing, Present: see `topics.EXPECTED`.
        """
        try:
            return self._result(future)
        except TimeoutError as error:
            raise self.explained(Unavailable(f"{doing} failed: nothing answers"), doing) from error
        except KafkaException as error:
            code = error_of(error).code()
            if code in topics.EXPECTED:
                raise topics.EXPECTED[code](f"{doing} failed: {error_of(error).str()}") from error
            raise self.explained(of_read(error, doing, *used), doing) from error

    def _result(self, future: Future[Answer]) -> Answer:
        """Wait not for long when the client says that nobody is there."""
        asked_at_s = time.monotonic()
        while True:
            try:
                answer = future.result(timeout=SLICE_S)
            except TimeoutError:
                self._client.poll(0)
                patience_s = UNREACHABLE_S if self._trouble.last else self._timeout_s + UNREACHABLE_S
                if self._stop.is_set() or time.monotonic() - asked_at_s > patience_s:
                    raise
            else:
                # The client tells once that all brokers are away, and never that one is back.
                self._trouble.forget()
                return answer

    def explained(self, error: StreamError, doing: str) -> StreamError:
        """Add what the client has complained about meanwhile: it may be the cause."""
        self._client.poll(0)
        said, where = self._trouble.last, self._cluster.bootstrap_servers
        if said and self._trouble.is_credentials:
            return Misconfigured(f"{said}. cluster {where}, while {doing}")
        if said and (why := certificates.problem(said, self._cluster.properties)):
            return Misconfigured(f"{why}. cluster {where}, while {doing}")
        return type(error)(f"{error}. cluster {where}{f': {said}' if said else ''}")
