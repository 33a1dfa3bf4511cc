"""The same sandbox in containers, where a Docker engine answers; by testcontainers, the extra `croupier[docker]`.

Owned containers are removed by testcontainers' own watcher (Ryuk) when the owner dies.
"""

import importlib.util
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from topologies.operations.sandbox import broker
from topologies.operations.sandbox.artifacts import KAFKA_VERSION, REGISTRY_VERSION
from topologies.operations.sandbox.errors import SandboxError
from topologies.operations.sandbox.ports import HOST, cluster, free_ports, serves

KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
REGISTRY_IMAGE = f"apicurio/apicurio-registry:{REGISTRY_VERSION}"
DEFAULT_ENGINE = "unix:///var/run/docker.sock"
PROBE_TIMEOUT_S = 1
START_TIMEOUT_S = 120


class Container(NamedTuple):
    """A container by its id."""

    id: str


class Held:
    """A container that this process started, and ends unless it lets go."""

    def __init__(self, container: Any) -> None:  # noqa: ANN401 - typed only where the extra is installed
        self._container = container

    def release(self) -> None:
        """Lets the container live on without us."""
        self._container.get_docker_client().client.close()

    def end(self) -> None:
        """Removes the container with its data."""
        self._container.stop()


def engine_answers() -> bool:
    """Whether testcontainers is installed and a Docker engine answers within a second; a client alone is none."""
    if importlib.util.find_spec("testcontainers") is None:
        return False
    from testcontainers.core.docker_client import get_docker_host  # noqa: PLC0415 - an optional extra

    engine = urlsplit(get_docker_host() or DEFAULT_ENGINE)
    if engine.scheme == "unix":
        return _pings(engine.path)
    return engine.scheme in ("tcp", "http", "https") and _listens(engine.hostname or "", engine.port or 2375)


def start_broker(settings: Mapping[str, str], *, owned: bool) -> tuple[str, Container, Held]:
    """Starts Kafka in a container, with `settings` over its own; returns its address, its id and the hold on it.

    Raises:
        SandboxError: the engine did not run the image, or the broker does not answer.
    """
    with _docker_says("start Kafka"):
        (port,) = free_ports(1)
        host, cluster_id = _host(), broker.new_cluster_id()
        environment = _environment(f"{host}:{port}", port, settings) | {"CLUSTER_ID": cluster_id}

        def answers() -> bool:
            found = cluster(port, host)
            return found is not None and found.id == cluster_id and found.brokers > 0

        container = _started(KAFKA_IMAGE, environment, {str(port): _published(host, port)}, owned=owned)
        return f"{host}:{port}", *_ready(KAFKA_IMAGE, container, answers)


def start_registry(*, owned: bool) -> tuple[str, Container, Held]:
    """Starts the schema registry in a container; returns and raises as `start_broker` does."""
    with _docker_says("start the schema registry"):
        (port,), host = free_ports(1), _host()
        url = f"http://{host}:{port}/apis/ccompat/v7"
        container = _started(REGISTRY_IMAGE, {}, {"8080": _published(host, port)}, owned=owned)
        return url, *_ready(REGISTRY_IMAGE, container, lambda: serves(f"{url}/subjects"))


def lives(container: Container) -> bool:
    """Whether it runs; false as well when the engine is gone."""
    try:
        with _docker_says("find a container"), closing(_engine()) as engine:
            return bool(engine.containers.get(container.id).status == "running")
    except SandboxError:
        return False


def end(container: Container) -> None:
    """Removes the container with its data, if it is still there.

    Raises:
        SandboxError: the engine refused.
    """
    from docker.errors import NotFound  # noqa: PLC0415 - an optional extra

    with _docker_says("remove a container"), closing(_engine()) as engine, suppress(NotFound):
        engine.containers.get(container.id).remove(force=True, v=True)


def _environment(address: str, port: int, settings: Mapping[str, str]) -> dict[str, str]:
    configured = {
        **broker.SETTINGS,
        "listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:9093",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "controller.quorum.voters": "1@127.0.0.1:9093",
        "log.dirs": "/tmp/kraft-data",  # noqa: S108 - inside the container
        **settings,
    }
    return {_variable(name): value for name, value in configured.items()} | {"KAFKA_HEAP_OPTS": "-Xmx512m"}


def _published(host: str, port: int) -> tuple[str, int] | int:
    """On the loopback interface only, unless the engine is on another machine."""
    return (HOST, port) if host == HOST else port


def _started(
    image: str, environment: Mapping[str, str], ports: Mapping[str, tuple[str, int] | int], *, owned: bool
) -> Any:  # noqa: ANN401 - typed only where the extra is installed
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415 - an optional extra
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - an optional extra

    testcontainers_config.ryuk_disabled = not owned
    container: Any = DockerContainer(image, env=dict(environment))
    container.ports.update(ports)
    return container.start()


def _ready(image: str, container: Any, answers: Callable[[], bool]) -> tuple[Container, Held]:  # noqa: ANN401 - as above
    try:
        _wait_until_ready(image, container, answers)
    except BaseException:
        container.stop()
        raise
    return Container(container.get_container_id()), Held(container)


def _wait_until_ready(image: str, container: Any, answers: Callable[[], bool]) -> None:  # noqa: ANN401 - as above
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers():
        container.reload()
        if container.status == "exited" or time.monotonic() > deadline:
            out, _ = container.get_logs()
            last_words = " | ".join(out.decode(errors="replace").splitlines()[-5:])
            raise SandboxError(f"{image} does not answer; its last words: {last_words}")
        time.sleep(0.1)


@contextmanager
def _docker_says(what: str) -> Iterator[None]:
    from docker.errors import DockerException  # noqa: PLC0415 - an optional extra

    try:
        yield
    except (DockerException, OSError) as error:  # requests' own errors are OSErrors
        raise SandboxError(f"docker could not {what}: {error}") from error


def _variable(name: str) -> str:
    """How the image spells a setting as an environment variable (its README on Docker Hub)."""
    return "KAFKA_" + name.replace("_", "__").replace("-", "___").replace(".", "_").upper()


def _engine() -> Any:  # noqa: ANN401 - typed only where the extra is installed
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415 - an optional extra

    return DockerClient().client


def _host() -> str:
    """Where published ports are reached: this machine, unless the engine runs elsewhere."""
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415 - an optional extra

    client = DockerClient()
    with closing(client.client):
        host = str(client.host())
    return HOST if host == "localhost" else host


def _pings(path: str) -> bool:
    """`GET /_ping` by hand: docker's own client takes longer to say no, and leaves a socket open."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PROBE_TIMEOUT_S)
            connection.connect(path)
            connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), PROBE_TIMEOUT_S):
            return True
    except OSError:
        return False
