"""The state of partitions in a directory of our own, and what says how rewinds of them go on."""

import threading
import time
from contextlib import ExitStack, closing

from topologies.graph import Topology
from topologies.operations import running
from topologies.operations.doors import Doors
from topologies.operations.running import Clock, Run
from topologies.runtime.beginning import Beginning
from topologies.runtime.errors import StreamError
from topologies.settings import Settings

LOOK_S = 0.02


class Restoring:
    """The parts of a worker that know of state, without its membership.

    `store` holds what is restored; `preparation` reads it.
    """

    def __init__(self, topology: Topology, settings: Settings, how: Run, clock: Clock, opened: ExitStack) -> None:
        self.site = running.Site(topology, settings, how, clock, threading.Event(), Doors(), opened)
        self.store = self.site.store()
        surveyor = self.site.surveyor()
        surveyor.partitions()
        self._recovery = self.site.recovery(surveyor, self.store)
        opened.callback(self._recovery.stop)
        self.preparation = opened.enter_context(closing(self.site.preparation(self.store, lambda: False)))
        self._asked = 0

    def restored(self, number: int) -> Beginning:
        """Restore a partition, or what has changed in it, and return where its task stands.

        Raises:
            StreamError: it cannot be, or the cluster refused us.
        """
        self._asked += 1
        self._recovery.begin(number, self._asked)
        while True:
            for _, incarnation, result in self._recovery.recovered():
                if isinstance(result, StreamError):
                    raise result
                if incarnation == self._asked:
                    return result
            time.sleep(LOOK_S)
