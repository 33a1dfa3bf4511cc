"""A broker of a test's own, which can be stopped for a while, killed and started again on the same data."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from topologies.operations.sandbox import broker, ports
from topologies.operations.sandbox.broker import Node

START_TIMEOUT_S = 120

MORTAL = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
"""PR_SET_PDEATHSIG, SIGKILL: nothing of it outlives the tests, however they end."""

USER, PASSWORD = "croupier", "right"

SETTINGS: Mapping[str, str] = {
    # A broker that aborts transactions before it has read its own metadata leaves them open for ever; one that is
    # restarted in production has ten seconds until it looks.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "10000",
}


class OwnBroker:
    """The process of one node, and the ports that it keeps."""

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        port, controller_port, self.sasl_port = ports.free_ports(3)
        self._node = Node(home, broker.new_cluster_id(), port, controller_port)
        self._plan = broker.plan(self._node, {**SETTINGS, **_listeners(self._node, self.sasl_port), **settings})
        home.mkdir()
        for name, text in self._plan.files.items():
            (home / name).write_text(text)
        formatting, self._running = self._plan.commands
        assert 0 == self._spawn(formatting).wait(), self._log()
        self._process = self._spawn(self._running)
        self._wait_until_it_answers()

    @property
    def bootstrap_servers(self) -> str:
        return self._node.bootstrap_servers

    @property
    def sasl_servers(self) -> str:
        return f"{ports.HOST}:{self.sasl_port}"

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It keeps its connections and says nothing."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """It is not there."""
        self.end()
        try:
            yield
        finally:
            self._process = self._spawn(self._running)
            self._wait_until_it_answers()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _spawn(self, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        with (self._node.home / "output.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", MORTAL, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._node.home,
            )

    def _log(self) -> str:
        return (self._node.home / "output.log").read_text()

    def _wait_until_it_answers(self) -> None:
        give_up_at = time.monotonic() + START_TIMEOUT_S
        while not ((found := ports.cluster(self._node.port)) and found.brokers):
            assert self._process.poll() is None, self._log()
            assert time.monotonic() < give_up_at, "the broker does not answer"
            time.sleep(0.05)


def _listeners(node: Node, sasl_port: int) -> dict[str, str]:
    """A second door, for which one needs a password."""
    plain = f"PLAINTEXT://{node.bootstrap_servers}"
    sasl = f"SASL_PLAINTEXT://{ports.HOST}:{sasl_port}"
    login = "org.apache.kafka.common.security.plain.PlainLoginModule"
    return {
        "listeners": f"{plain},{sasl},CONTROLLER://{ports.HOST}:{node.controller_port}",
        "advertised.listeners": f"{plain},{sasl}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": f'{login} required user_{USER}="{PASSWORD}";',
    }
