"""Commands and workers as processes of their own, for tests that look at both."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.integration.installation import wait_until
from tests.integration.records import Servers, read, send
from tests.integration.sources import bet, sent
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.units import instant

CLI = Path(__file__).parents[2] / "cli.py"
SENT_AT = instant("2025-11-20T12:00:00Z")


@contextmanager
def working(environment: Mapping[str, str], *settings: str) -> Iterator[None]:
    """A worker in a process of its own, a member of the group already."""
    arguments = [each for setting in settings for each in ("--set", setting)]
    with at_work(environment, "run", "player", *arguments) as process:
        try:
            wait_until(lambda: phase(environment) == "stable")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
    assert 0 == process.returncode, said


def at_work(environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, CLI, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def phase(environment: Mapping[str, str]) -> str:
    """Whether the group has members."""
    admin = Admin(Cluster(environment["CROUPIER_BOOTSTRAP_SERVERS"], {}, "a test"))
    return admin.group_phase(environment["CROUPIER_APP"])


def ends(servers: Servers, environment: Mapping[str, str]) -> list[int]:
    """How much lies in the topics that a worker, or a rewind, writes."""
    app, events = environment["CROUPIER_APP"], environment["CROUPIER_TOPIC_EVENTS"]
    return [len(read(servers, topic)) for topic in (f"{app}-state", f"{app}-journal", f"{app}-control", events)]


def send_bets(environment: Mapping[str, str], numbers: Iterable[int]) -> int:
    """Bets of one player; the partition that they lie in."""
    servers: Servers = {"bootstrap.servers": environment["CROUPIER_BOOTSTRAP_SERVERS"]}
    bets = ((number, sent(bet("anna", f"c{number}", number))) for number in numbers)
    topic = environment["CROUPIER_TOPIC_CALLS"]
    places = send(servers, [each._replace(topic=topic, timestamp=SENT_AT + number) for number, each in bets])
    return places[0][0]


@contextmanager
def mortal(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    """A process that does not outlive what happens meanwhile, whatever fails: `with` a process alone waits for ever."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def at_terminal(environment: Mapping[str, str], typed: str, *arguments: str) -> tuple[int, str]:
    """Run a command at a terminal; exit code, and all that it shows."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    with subprocess.Popen(
        [sys.executable, CLI, *arguments],
        env={**os.environ, **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return process.returncode, shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that nobody holds the other side
        return b""
