"""An installation of croupier as its user has it: a command line, an environment, topics of its own on a real Kafka."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from tests.integration.forks import Fork, Place, command
from tests.integration.records import READ_TIMEOUT_S, Outgoing, Record, Servers, configure, read, send
from topologies.schemas import BONUSES, CALLS, ORDERS, RATES

__all__ = ["Done", "Installation", "Outgoing", "Record", "counts", "errors", "wait_until"]

COMMAND_TIMEOUT_S = 120

TOPICS = {
    "CROUPIER_TOPIC_CALLS": CALLS,
    "CROUPIER_TOPIC_BONUSES": BONUSES,
    "CROUPIER_TOPIC_ORDERS": ORDERS,
    "CROUPIER_TOPIC_RATES": RATES,
    "CROUPIER_TOPIC_EVENTS": "crm.events",
}

Done = subprocess.CompletedProcess[str]


class Installation:
    """One application, its settings in the environment, all its names its own.

    Args:
        bootstrap_servers: the cluster.
        app: the application; topics are named by it too.
        directory: where commands run, and the state lies.
        settings: further variables of the environment.
    """

    def __init__(
        self, bootstrap_servers: str, app: str, directory: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self.app = app
        self.directory = directory
        self.state_dir = directory / "state"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CROUPIER_")}
        self.environment = {
            **inherited,
            "CROUPIER_BOOTSTRAP_SERVERS": bootstrap_servers,
            "CROUPIER_APP": app,
            "CROUPIER_STATE_DIR": str(self.state_dir),
            **{variable: self.topic(name) for variable, name in TOPICS.items()},
            **(settings or {}),
        }
        self._servers: Servers = {"bootstrap.servers": bootstrap_servers}

    def topic(self, name: str) -> str:
        """Our topic of a default name."""
        return f"{self.app}.{name}"

    @property
    def dead_letter_topic(self) -> str:
        return f"{self.app}-dead-letters"

    @property
    def state_topic(self) -> str:
        return f"{self.app}-state"

    def plain(self, text: str) -> str:
        """A text with the topics' default names."""
        return text.replace(f"{self.app}.", "")

    def croupier(
        self, *arguments: str | Path, stdin: str | None = None, settings: Mapping[str, str] | None = None
    ) -> Done:
        """Run one command to its end."""
        told = [str(each) for each in arguments]
        return self.done(lambda place: Fork(command, [told], place), stdin, settings)

    def done(
        self, start: Callable[[Place], Fork], stdin: str | None = None, settings: Mapping[str, str] | None = None
    ) -> Done:
        """Start a process in the environment of our commands; what it has said when it has ended."""
        with tempfile.TemporaryDirectory() as name:
            streams = [Path(name) / each for each in ("in", "out", "err")]
            for path, text in zip(streams, (stdin or "", "", ""), strict=True):
                path.write_text(text)
            process = start(Place({**self.environment, **(settings or {})}, self.directory, *streams))
            try:
                process.wait(COMMAND_TIMEOUT_S)
            finally:
                process.kill()
            code = process.wait(COMMAND_TIMEOUT_S)
            return Done(f"process {process.pid}", code, *(path.read_text() for path in streams[1:]))

    def python(self, *arguments: str | Path) -> Done:
        """Run Python in the environment of our commands."""
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )

    def must(self, *arguments: str | Path, stdin: str | None = None) -> str:
        """The standard output of a command that has to end well."""
        done = self.croupier(*arguments, stdin=stdin)
        assert (0, "") == (done.returncode, errors(done.stderr)), done.stderr
        return done.stdout

    def create_topics(self, partitions: int = 1) -> None:
        """Make all topics; the inputs keep their records for ever, because those of the tests are old."""
        self.must("topics", "create", "player", "--partitions", str(partitions))
        self.configure([CALLS, BONUSES, ORDERS], {"retention.ms": "-1"})

    def configure(self, names: Sequence[str], config: Mapping[str, str]) -> None:
        """Change the configuration of topics, by their default names."""
        configure(self._servers, map(self.topic, names), config)

    def add_partitions(self, name: str, count: int) -> None:
        """Let a topic, by its default name, have so many."""
        admin = AdminClient(self._servers)
        for future in admin.create_partitions([NewPartitions(self.topic(name), count)]).values():
            future.result(READ_TIMEOUT_S)
        wait_until(lambda: len(admin.list_topics(self.topic(name)).topics[self.topic(name)].partitions) == count)

    def drain(self) -> dict[str, int]:
        """Process all there is; the counts that were printed."""
        return counts(self.must("run", "player", "--drain"))

    def run_until(self, is_reached: Callable[[], bool]) -> str:
        """Run the topology, with all it says to debug, kill it when something is so, and return what it said."""
        worker = [sys.executable, "-m", "cli", "run", "player", "--debug"]
        with (self.directory / "said.txt").open("w+") as said:
            process = subprocess.Popen(worker, cwd=self.directory, env=self.environment, stdout=said, stderr=said)
            try:
                wait_until(lambda: process.poll() is not None or is_reached())
                assert process.poll() is None, "it has ended by itself"
            finally:
                process.kill()
                process.wait(COMMAND_TIMEOUT_S)
            said.seek(0)
            return said.read()

    def events(self, *arguments: str) -> list[dict[str, Any]]:
        """All CRM events as `tap` shows them: key, headers, value; causes with the topics' default names."""
        out = self.must("tap", "--from-start", "--drain", "--format", "jsonl", *arguments)
        lines = [json.loads(line) for line in out.splitlines()]
        return [
            {
                "key": line["key"],
                "headers": {name: self.plain(text) for name, text in line["headers"].items()},
                "value": line["value"],
            }
            for line in lines
        ]

    def event_ids(self, player: str) -> list[str]:
        """What the CRM was told of a player, in order."""
        return [each["headers"]["event-id"] for each in self.events("--player", player)]

    def send(self, records: Iterable[Outgoing]) -> list[tuple[int, int]]:
        """Send records as a source's producer would; partition and offset of each."""
        return send(self._servers, [each._replace(topic=self.topic(each.topic)) for each in records])

    def read(self, topic: str) -> list[Record]:
        """All committed records of a topic, by its real name, as they lie there."""
        return read(self._servers, topic)


def wait_until(is_reached: Callable[[], bool], timeout_s: float = 60) -> None:
    """Wait for something that another process does."""
    give_up_at = time.monotonic() + timeout_s
    while not is_reached():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.05)


def errors(stderr: str) -> str:
    """Standard error without the news of a service."""
    return "\n".join(line for line in stderr.splitlines() if " INFO " not in line)


def counts(stdout: str) -> dict[str, int]:
    """The `name: number` lines of an output; words may follow."""
    pairs = (line.split(": ", 1) for line in stdout.splitlines())
    return {name: int(number.split()[0]) for name, number in pairs}
