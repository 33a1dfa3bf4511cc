"""A worker in a thread of the test, under clocks that stand still until the test moves them, and what it takes when."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.integration.installation import Installation
from topologies import configuration
from topologies.graph import Result, Topology
from topologies.operations import components, running
from topologies.operations.doors import Doors
from topologies.operations.running import Run
from topologies.runtime.kafka.inputs import Inputs
from topologies.runtime.kafka.polled import Polled
from topologies.runtime.task import Moment
from topologies.settings import Settings

PATIENCE_S = 40.0
ROUNDS = 20
"""While something waits, they take longer than any fetch: what could happen without the clock, has happened."""


class Seen(NamedTuple):
    """A record was fetched, or taken, or the end of what can be read was; when by the steady clock."""

    what: str
    place: str
    """`topic/partition/offset`, topics by their default names. Of an end: of the record to come."""
    at_s: float


class Clock:
    """Both clocks; `asked` counts the worker's rounds."""

    def __init__(self, wall_ms: int) -> None:
        self.wall_ms = wall_ms
        self.steady_s = 0.0
        self.asked = 0

    def __call__(self) -> Moment:
        self.asked += 1
        return Moment(self.wall_ms, self.steady_s)

    def until_ended(self, worker: "Watched") -> Callable[[], bool]:
        """A condition that moves the steady clock each time it is looked at."""

        def has_ended() -> bool:
            self.steady_s += 0.01
            return worker.has_ended

        return has_ended


class Watched:
    """What has been seen of a running worker."""

    def __init__(self, croupier: Installation, clock: Clock) -> None:
        self._croupier = croupier
        self._failed: list[BaseException] = []
        self.has_ended = False
        self.on_taken: Callable[[], None] = lambda: None
        self.clock = clock
        self.seen: list[Seen] = []

    def places(self, what: str) -> list[str]:
        return [seen.place for seen in list(self.seen) if seen.what == what]

    @property
    def fetched(self) -> list[str]:
        return self.places("fetched")

    @property
    def ends(self) -> list[str]:
        return self.places("end")

    @property
    def taken(self) -> list[str]:
        return self.places("taken")

    def wait_until(self, condition: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + PATIENCE_S
        while not condition():
            assert not self._failed, self._failed
            assert time.monotonic() < give_up_at, f"it has not happened; seen: {self.seen[-20:]}"
            time.sleep(0.005)

    def wait_for(self, records: int) -> None:
        """Wait for them."""
        self.wait_until(lambda: len(self.fetched) == records)

    def rest(self, rounds: int = ROUNDS) -> None:
        """Let happen what needs no clock."""
        until = self.clock.asked + rounds
        self.wait_until(lambda: self.clock.asked >= until)

    def work(self, doors: Doors | None, how: Run, stop: threading.Event) -> None:
        settings = settings_of(self._croupier)
        try:
            topology = components.topology("player", settings)
            through = dataclasses.replace(doors or Doors(), inputs=self._fetching(topology))
            running.run(self._watching(topology), settings, how, self.clock, stop, through)
        except BaseException as error:  # noqa: BLE001  the test raises it
            self._failed.append(error)
        self.has_ended = True

    def _watching(self, topology: Topology) -> Topology:
        def step(rows: Any, fact: Any, cause: str, at: int, tables: Any, /) -> Result:
            self._see("taken", cause)
            self.on_taken()
            return topology.step(rows, fact, cause, at, tables)

        return dataclasses.replace(topology, step=step)

    def _fetching(self, topology: Topology) -> type[Inputs]:
        see, topics = self._see, {source.topic for source in topology.sources}

        class Fetching(Inputs):
            def poll(self, timeout_s: float, records_max: int) -> Polled:
                polled = super().poll(timeout_s, records_max)
                for each in polled.messages:
                    if each.topic() in topics:
                        see("fetched", f"{each.topic()}/{each.partition()}/{each.offset()}")
                for end in polled.ends:
                    if end.topic in topics:
                        see("end", f"{end.topic}/{end.partition}/{end.offset}")
                return polled

        return Fetching

    def _see(self, what: str, place: str) -> None:
        self.seen.append(Seen(what, self._croupier.plain(place), self.clock.steady_s))


@contextmanager
def watched(
    croupier: Installation, clock: Clock, *, doors: Doors | None = None, how: Run | None = None
) -> Iterator[Watched]:
    """A worker until the end of this."""
    worker, stop = Watched(croupier, clock), threading.Event()
    thread = threading.Thread(target=worker.work, args=[doors, how or Run(), stop])
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def settings_of(croupier: Installation) -> Settings:
    """The settings that its commands would find."""
    return configuration.read({}, croupier.environment, None, {})
