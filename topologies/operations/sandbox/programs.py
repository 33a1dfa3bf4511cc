"""Broker and schema registry as Java programs: started under a watcher, ready once they answer."""

import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from topologies.operations.sandbox import broker, schema_registry
from topologies.operations.sandbox.errors import SandboxError
from topologies.operations.sandbox.ports import cluster, free_ports, serves
from topologies.operations.sandbox.processes import Plan, Process, Watched

START_TIMEOUT_S = 120
START_ATTEMPTS = 5
PORT_TAKEN = ("Address already in use", "already bound", "seems to be in use")
LAST_WORDS = 3


class Candidate(NamedTuple):
    """A program on ports that were free a moment ago."""

    plan: Plan
    mark: str
    address: str
    answers: Callable[[], bool]


def start_broker(settings: Mapping[str, str], data_dir: Path | None) -> tuple[str, Process, Watched]:
    """Starts Kafka, with `settings` over its own; returns its address, its process and the hold on it.

    Raises:
        SandboxError: it is not installed, or did not start; with the end of its log.
    """

    def candidate() -> Candidate:
        node = broker.Node(_new_home("kafka", data_dir), broker.new_cluster_id(), *free_ports(2))

        def answers() -> bool:  # the cluster's id: somebody else's broker may have got the port
            found = cluster(node.port)
            return found is not None and found.id == node.cluster_id and found.brokers > 0

        return Candidate(broker.plan(node, settings), node.cluster_id, node.bootstrap_servers, answers)

    return start_on_free_ports("Kafka", candidate)


def start_registry(data_dir: Path | None) -> tuple[str, Process, Watched]:
    """Starts the schema registry; returns and raises as `start_broker` does."""

    def candidate() -> Candidate:
        (port,) = free_ports(1)
        mark = f"registry-{secrets.token_hex(8)}"
        address = schema_registry.url(port)
        plan = schema_registry.plan(_new_home("registry", data_dir), mark, port)
        return Candidate(plan, mark, address, lambda: serves(f"{address}/subjects"))

    return start_on_free_ports("the schema registry", candidate)


def _new_home(kind: str, data_dir: Path | None) -> Path:
    """A path of our own that does not exist yet: all below it is deleted in the end."""
    parent = data_dir or Path(tempfile.gettempdir())
    return parent.absolute() / f"croupier-{kind}-{secrets.token_hex(6)}"


def start_on_free_ports(name: str, candidate: Callable[[], Candidate]) -> tuple[str, Process, Watched]:
    """Starts one `candidate()` after the other until one got its ports; raises as `start_broker` does."""
    for _ in range(START_ATTEMPTS):
        chosen = candidate()
        watched = Watched(chosen.plan)
        try:
            _wait_until_ready(name, chosen, watched)
            return chosen.address, Process(watched.pid or 0, chosen.mark, chosen.plan.home), watched
        except _PortTakenError:
            watched.end()
        except BaseException:
            watched.end()
            raise
    raise SandboxError(f"{name} did not find free ports in {START_ATTEMPTS} attempts")


class _PortTakenError(Exception):
    pass


def _wait_until_ready(name: str, chosen: Candidate, watched: Watched) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not (watched.pid and chosen.answers()):
        if watched.ended(timeout_s=0.05):
            if any(text in watched.log() for text in PORT_TAKEN):
                raise _PortTakenError
            raise SandboxError(f"{name} ended at start with exit code {watched.exit_code}; {_last_words(watched)}")
        if time.monotonic() > deadline:
            raise SandboxError(f"{name} does not answer after {START_TIMEOUT_S} s; {_last_words(watched)}")


def _last_words(watched: Watched) -> str:
    """The end of the log in one line, without the stacks of Java."""
    lines = [line.strip() for line in watched.log().splitlines()]
    told = [line for line in lines if line and not line.startswith(("at ", "... "))]
    return f"its last words: {' | '.join(told[-LAST_WORDS:])}"
