"""One real Kafka for all tests of a run, started when the first test asks for it; names of its own for each test."""

import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

import pytest

from tests.integration import secured as secured_broker
from topologies.operations import sandbox

# Values of the processors' tests that others use too: before anybody imports them.
pytest.register_assert_rewrite("judging", "window")

SHARED = pytest.StashKey["Shared"]()

LOGGERS = ("croupier", "croupier.kafka", "topologies")


@pytest.fixture(autouse=True)
def _logs_as_at_first() -> None:
    """A command that ran in this process has chosen what is logged, and where: to a stream that is closed by now."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    for handler in [each for each in logging.root.handlers if type(each) is logging.StreamHandler]:
        logging.root.removeHandler(handler)


@contextmanager
def _broker() -> Iterator[str]:
    with sandbox.owned() as running:
        yield running.bootstrap_servers


# Fixture: what it starts, and the address that it yields. A test that uses one of them is marked `kafka`.
STARTS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "bootstrap_servers": _broker,
    "schema_registry_url": sandbox.owned_registry,
    "secured": secured_broker.started,
}


class Shared:
    """What the tests of a run share. It belongs to pytest's main process, and ends with it, by kill -9 too."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._addresses: dict[str, str] = {}
        self._lock = threading.Lock()
        self._listener: Listener | None = None

    def get(self, name: str) -> str:
        with self._lock:
            if name not in self._addresses:
                self._addresses[name] = self._held.enter_context(STARTS[name]())
            return self._addresses[name]

    def listen(self) -> str:
        """Where the workers of pytest-xdist, which are processes of their own, ask for an address by name."""
        if self._listener is None:
            self._listener = Listener(family="AF_UNIX")
            threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()
        return str(self._listener.address)

    def end(self) -> None:
        with self._lock:
            self._held.close()
        if self._listener:
            self._listener.close()

    def _accept(self, listener: Listener) -> None:
        while True:
            try:
                connection = listener.accept()
            except OSError:  # closed by `end`
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: "Connection[Any, Any]") -> None:
        with connection:
            try:
                connection.send(("", self.get(connection.recv())))
            except sandbox.SandboxError as error:
                connection.send((str(error), ""))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[SHARED] = Shared()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["shared"] = node.config.stash[SHARED].listen()


def pytest_unconfigure(config: pytest.Config) -> None:
    if SHARED in config.stash:
        config.stash[SHARED].end()


@pytest.hookimpl(tryfirst=True)  # before `-m` selects by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not STARTS.keys().isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)
    items.sort(key=_turn)


LONGEST = [
    "rewind_crashes",
    "chaos",
    "hundred_thousand",
    "rewind_refused",
    "kills",
    "rewind",
    "sandbox_lifecycle",
    "memory",
    "commands_rewind",
    "run",
    "traps",
    "cluster_failures",
    "kills_meanwhile",
    "exactly_once",
    "recovery_state",
    "packaging",
    "membership",
    "law",
    "law_switches",
    "retention",
    "hot_player",
]
"""Files whose tests take longest together begin first: or one process would be busy with one of them while the others
are done. A file is the unit of `--dist loadfile`, so what its tests share is made once."""


def _turn(item: pytest.Item) -> tuple[int, int]:
    name = item.path.stem.removeprefix("test_")
    return LONGEST.index(name) if name in LONGEST else len(LONGEST), "integration" not in item.path.parts


def _address(config: pytest.Config, name: str) -> str:
    if SHARED in config.stash:
        return config.stash[SHARED].get(name)
    with Client(config.workerinput["shared"], family="AF_UNIX") as connection:  # type: ignore[attr-defined] # xdist's
        connection.send(name)
        error, address = connection.recv()
    if error:
        raise sandbox.SandboxError(error)
    return str(address)


@pytest.fixture(scope="session")
def bootstrap_servers(pytestconfig: pytest.Config) -> str:
    """The broker that all tests share: use topics and groups of your own."""
    return _address(pytestconfig, "bootstrap_servers")


@pytest.fixture(scope="session")
def schema_registry_url(pytestconfig: pytest.Config) -> str:
    """The schema registry that all tests share: use subjects of your own."""
    return _address(pytestconfig, "schema_registry_url")


@pytest.fixture(scope="session")
def secured(pytestconfig: pytest.Config) -> str:
    """The doors of a broker with TLS, passwords and ACLs; see `tests.integration.secured`."""
    return _address(pytestconfig, "secured")


@pytest.fixture
def app() -> str:
    """An application name that no other test has: also its consumer group, and the prefix of its topics."""
    return f"t{secrets.token_hex(5)}"


@pytest.fixture
def topic(app: str) -> Callable[[str], str]:
    """Turns `bets` into a topic name that no other test has."""
    return lambda name: f"{app}-{name}"


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A directory for one worker's state; it does not exist yet."""
    return tmp_path / "state"
