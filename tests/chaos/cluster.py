"""Three real brokers on this machine, each of which can be killed and started again on its data.

Tests and tools talk to the brokers directly. Workers are told of a second listener, whose advertised ports are those of
a proxy.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from topologies.operations.sandbox import broker, ports
from topologies.operations.sandbox.broker import Node
from topologies.operations.sandbox.ports import HOST
from topologies.operations.sandbox.processes import Plan, Watched

COUNT = 3
HEAP_MB = 256
START_TIMEOUT_S = 600
LAST_WORDS = 20
DATA, META = "data", "meta.properties"

MORTAL = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
"""PR_SET_PDEATHSIG, SIGKILL: nothing outlives whoever starts it, however that ends."""

SETTINGS: Mapping[str, str] = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    # A broker that was killed loses its leaderships after so long.
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "1000",
    "replica.lag.time.max.ms": "5000",
    # A broker that aborts transactions before it has read its own metadata leaves them open for ever; one that is
    # restarted in production has ten seconds until it looks.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "10000",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


class Doors(NamedTuple):
    """The ports of one broker; `proxied` is what workers are told, `behind` where the proxy leads to."""

    direct: int
    controller: int
    behind: int
    proxied: int


def owned_directory(home: Path) -> Watched:
    """A directory that is deleted when this process dies, by kill -9 too."""
    return Watched(Plan(home, {}, (("sleep", "infinity"),)))


class Brokers:
    """The cluster. Everything below `home`, which has to exist."""

    def __init__(self, home: Path) -> None:
        cluster_id = broker.new_cluster_id()
        free = ports.free_ports(4 * COUNT)
        self.doors = [Doors(*free[at : at + 4]) for at in range(0, len(free), 4)]
        voters = ",".join(f"{number + 1}@{HOST}:{each.controller}" for number, each in enumerate(self.doors))
        self._nodes = [
            Node(home / f"broker-{number + 1}", cluster_id, each.direct, each.controller)
            for number, each in enumerate(self.doors)
        ]
        self._plans = [
            broker.plan(node, {**SETTINGS, **_own(number, each, voters)}, HEAP_MB)
            for number, (node, each) in enumerate(zip(self._nodes, self.doors, strict=True))
        ]
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * COUNT

    @property
    def bootstrap_servers(self) -> str:
        """For tests and tools."""
        return ",".join(f"{HOST}:{each.direct}" for each in self.doors)

    @property
    def proxied_servers(self) -> str:
        """For workers."""
        return ",".join(f"{HOST}:{each.proxied}" for each in self.doors)

    def create(self) -> None:
        """Format all, start all, and wait until each knows of all."""
        for plan in self._plans:
            plan.home.mkdir()
            for name, text in plan.files.items():
                (plan.home / name).write_text(text)
        first = self._plans[0]
        assert 0 == _spawn(first, first.commands[0]).wait(), self.last_words(0)
        for number in range(1, COUNT):
            # A third of the time: storage that is formatted differs by these two lines only.
            data = self._plans[number].home / DATA
            shutil.copytree(first.home / DATA, data)
            _rename(data / META, {"node.id": str(number + 1), "directory.id": broker.new_cluster_id()})
        self.start(range(COUNT))

    def kill(self, numbers: Iterable[int]) -> None:
        """Kill -9."""
        for number in numbers:
            if (process := self._processes[number]) is not None:
                process.kill()
                process.wait()

    def start(self, numbers: Iterable[int]) -> None:
        """Start those that do not run, and wait until every broker serves clients."""
        for number in numbers:
            process = self._processes[number]
            if process is None or process.poll() is not None:
                self._processes[number] = _spawn(self._plans[number], self._plans[number].commands[1])
        self._wait_until_all_serve()

    def last_words(self, number: int) -> str:
        """The end of a broker's log."""
        text = (self._nodes[number].home / "output.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-LAST_WORDS:])

    def _wait_until_all_serve(self) -> None:
        give_up_at = time.monotonic() + START_TIMEOUT_S
        for number, node in enumerate(self._nodes):
            while (found := ports.cluster(node.port)) is None or found.brokers < COUNT:
                process = self._processes[number]
                assert process is not None and process.poll() is None, self.last_words(number)  # noqa: PT018
                assert time.monotonic() < give_up_at, f"broker {number + 1} does not answer: {self.last_words(number)}"
                time.sleep(0.1)


def _rename(properties: Path, changed: Mapping[str, str]) -> None:
    pairs = [line.split("=", 1) for line in properties.read_text().splitlines() if not line.startswith("#")]
    properties.write_text("".join(f"{name}={value}\n" for name, value in {**dict(pairs), **changed}.items()))


def _own(number: int, doors: Doors, voters: str) -> dict[str, str]:
    direct, external = f"PLAINTEXT://{HOST}:{doors.direct}", f"EXTERNAL://{HOST}"
    return {
        "node.id": str(number + 1),
        "controller.quorum.voters": voters,
        "listeners": f"{direct},{external}:{doors.behind},CONTROLLER://{HOST}:{doors.controller}",
        "advertised.listeners": f"{direct},{external}:{doors.proxied}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }


def _spawn(plan: Plan, command: Sequence[str]) -> "subprocess.Popen[bytes]":
    with (plan.home / "output.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", MORTAL, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=plan.home,
        )
