"""The same sandbox in containers, where a Docker engine answers; by testcontainers, the extra `croupier[docker]`.

Owned containers are removed by testcontainers' own watcher (Ryuk) when the owner dies.
"""

import importlib.util
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from topologies.operations.sandbox import broker
from topologies.operations.sandbox.artifacts import KAFKA_VERSION, REGISTRY_VERSION
from topologies.operations.sandbox.errors import SandboxError
from topologies.operations.sandbox.ports import cluster, free_ports, serves

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

    def __init__(self, container: Any) -> None:  # noqa: ANN401 - testcontainers has no types
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
    """Starts Kafka in a container; returns its address, its id, and the hold on it.

    Raises:
        SandboxError: the engine did not run the image, or the broker does not answer.
    """
    (port,) = free_ports(1)
    host, cluster_id = _host(), broker.new_cluster_id()
    configured = {
        **broker.SETTINGS,
        "listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:9093",
        "advertised.listeners": f"PLAINTEXT://{host}:{port}",
        "controller.quorum.voters": "1@127.0.0.1:9093",
        "log.dirs": "/tmp/kraft-data",  # noqa: S108 - inside the container
        **settings,
    }
    environment = {_variable(name): value for name, value in configured.items()}
    environment |= {"CLUSTER_ID": cluster_id, "KAFKA_HEAP_OPTS": "-Xmx512m"}

    def answers() -> bool:
        found = cluster(port, host)
        return found is not None and found.id == cluster_id and found.brokers > 0

    return f"{host}:{port}", *_start(KAFKA_IMAGE, environment, (port, port), answers, owned=owned)


def start_registry(*, owned: bool) -> tuple[str, Container, Held]:
    """Starts the schema registry in a container; returns and raises as `start_broker` does."""
    (port,) = free_ports(1)
    url = f"http://{_host()}:{port}/apis/ccompat/v7"
    return url, *_start(REGISTRY_IMAGE, {}, (8080, port), lambda: serves(f"{url}/subjects"), owned=owned)


def lives(container: Container) -> bool:
    """Whether it runs; false as well when the engine is gone."""
    from docker.errors import DockerException  # noqa: PLC0415 - an optional extra

    try:
        with closing(_engine()) as engine:
            return bool(engine.containers.get(container.id).status == "running")
    except DockerException:
        return False


def end(container: Container) -> None:
    """Removes the container with its data, if it is still there.

    Raises:
        SandboxError: the engine refused.
    """
    from docker.errors import DockerException, NotFound  # noqa: PLC0415 - an optional extra

    try:
        with closing(_engine()) as engine:
            engine.containers.get(container.id).remove(force=True, v=True)
    except NotFound:
        return
    except DockerException as error:
        raise SandboxError(f"container {container.id[:12]} was not removed: {error}") from error


def _start(
    image: str, environment: Mapping[str, str], ports: tuple[int, int], answers: Callable[[], bool], *, owned: bool
) -> tuple[Container, Held]:
    from docker.errors import DockerException  # noqa: PLC0415 - an optional extra
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415 - an optional extra
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - an optional extra

    testcontainers_config.ryuk_disabled = not owned
    try:
        container = DockerContainer(image, env=dict(environment)).with_bind_ports(*ports)
        container.start()
    except DockerException as error:
        raise SandboxError(f"docker did not start {image}: {error}") from error
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


def _variable(name: str) -> str:
    """How the image spells a setting as an environment variable (its README on Docker Hub)."""
    return "KAFKA_" + name.replace("_", "__").replace("-", "___").replace(".", "_").upper()


def _engine() -> Any:  # noqa: ANN401 - docker has no types
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415 - an optional extra

    return DockerClient().client


def _host() -> str:
    """Where published ports are reached: this machine, unless the engine runs elsewhere."""
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415 - an optional extra

    client = DockerClient()
    with closing(client.client):
        host = str(client.host())
    return "127.0.0.1" if host == "localhost" else host


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
