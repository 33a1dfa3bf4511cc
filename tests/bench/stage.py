"""Where the benchmark plays: topics of their own, filled with traffic, and children whose CPU is accounted for."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.bench.traffic import records
from topologies import configuration
from topologies.operations import components, topics
from topologies.runtime.kafka.sender import Sender
from topologies.settings import Settings

CROUPIER = [sys.executable, "-m", "cli"]

COMPILED = Path(__file__).parents[2] / ".compiled"
"""Where `make compiled` puts it, if there is a C compiler."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One application with topics of its own on the sandbox."""

    bootstrap_servers: str
    app: str
    partitions: int
    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        """The settings of this application, as a process finds them."""
        return {
            "CROUPIER_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "CROUPIER_APP": self.app,
            "CROUPIER_INSTANCE": "bench",
            "CROUPIER_STATE_DIR": str(self.directory / "state"),
            "CROUPIER_TOPIC_CALLS": f"{self.app}.calls",
            "CROUPIER_TOPIC_BONUSES": f"{self.app}.bonuses",
            "CROUPIER_TOPIC_ORDERS": f"{self.app}.orders",
            "CROUPIER_TOPIC_RATES": f"{self.app}.rates",
            "CROUPIER_TOPIC_EVENTS": f"{self.app}.events",
            "CROUPIER_ORIGIN": "brand.com",
            "CROUPIER_ORIGIN_BY_CASINO": "123=brand.com",
        }

    def again(self, name: str, **settings: str) -> dict[str, str]:
        """The settings of a new application upon the same inputs."""
        app = f"{self.app}-{name}"
        own = {
            "CROUPIER_APP": app,
            "CROUPIER_STATE_DIR": str(self.directory / app),
            "CROUPIER_TOPIC_EVENTS": f"{app}.events",
        }
        return {**self.environment, **own, **settings}

    @property
    def settings(self) -> Settings:
        """The same, as a value."""
        return configuration.read({}, self.environment, None, {})

    def create(self) -> None:
        """Create the topics."""
        settings = self.settings
        topology = components.topology("player", settings)
        size = topics.Size(self.partitions, 1)
        topics.create(components.admin(settings), topology, self.app, size)

    def fill(self, count: int, players: int, end_ms: int) -> None:
        """Send traffic."""
        settings = self.settings
        by_source = components.input_topics(settings)
        sender = Sender(components.cluster(settings))
        for sent in records(components.codec(settings), count, players, end_ms):
            sender.send(by_source[sent.source], sent.key, sent.value, sent.time)
        sender.flush(300)


class Cost(NamedTuple):
    """What a child process took, from its start to its end."""

    cpu_s: float
    wall_s: float
    rss_max_mb: float


def cost_of(command: Sequence[str], environment: dict[str, str]) -> Cost:
    """Run a command to its end and return what it cost; its output goes to ours' standard error."""
    began = time.monotonic()
    child = subprocess.Popen(command, env={**os.environ, **environment}, stdout=sys.stderr)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024)


@contextmanager
def running(command: Sequence[str], environment: dict[str, str]) -> Iterator[None]:
    """Keep a command running meanwhile.

    Raises:
        SystemExit: it has ended by itself.
    """
    child = subprocess.Popen(command, env={**os.environ, **environment}, stdout=sys.stderr)
    try:
        yield
        if (code := child.poll()) is not None:
            sys.exit(f"{' '.join(command)} ended with {code} while it was measured")
    finally:
        child.terminate()
        child.wait(30)
