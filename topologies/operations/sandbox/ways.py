"""The three ways to a part of a sandbox, first that is there wins: given, docker, java."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from topologies.operations.sandbox import containers, processes, programs
from topologies.operations.sandbox.containers import Container
from topologies.operations.sandbox.errors import SandboxError
from topologies.operations.sandbox.processes import Process
from topologies.operations.sandbox.register import Part

# The environment's cluster, used instead of one of our own.
GIVEN = {"broker": "CROUPIER_BOOTSTRAP_SERVERS", "registry": "CROUPIER_SCHEMA_REGISTRY_URL"}
CONNECT_TIMEOUT_S = 5


class Hold(Protocol):
    """The hold of this process on a part that it started."""

    def release(self) -> None:
        """Lets it live on."""

    def end(self) -> None:
        """Ends it and deletes its data."""


class Wish(NamedTuple):
    """What kind of part is wanted. `way` None: the first that is there. `owned`: it is to die with this process."""

    owned: bool
    settings: Mapping[str, str]
    data_dir: Path | None
    way: str | None


def start(kind: str, wish: Wish) -> tuple[Part, Hold | None]:
    """Starts the part `kind` ("broker" or "registry"), or finds the given one, on which there is no hold.

    Raises:
        SandboxError: it could not be started, or the given cluster does not answer.
    """
    way = wish.way or first(kind)
    if way == "given":
        return given(kind), None
    if way == "docker":
        if not containers.engine_answers():
            raise SandboxError('no Docker engine answers: start it, pip install "croupier[docker]", or use --way java')
        address, holder, hold = _in_container(kind, wish)
        return Part(address, holder), hold
    address, process, watched = _as_program(kind, wish)
    return Part(address, process), watched


def is_given(kind: str) -> bool:
    """Whether the environment names a cluster or registry to use."""
    return bool(os.environ.get(GIVEN[kind]))


def given(kind: str) -> Part:
    """The part that the environment names.

    Raises:
        SandboxError: nothing listens there.
    """
    address = os.environ.get(GIVEN[kind], "")
    if kind == "broker" and not any(_listens(each) for each in address.split(",")):
        raise SandboxError(f"nothing answers at {GIVEN[kind]}={address}: start that cluster, or unset the variable")
    return Part(address, None)


def name(part: Part) -> str:
    """The way that `part` came."""
    match part.holder:
        case Process():
            return "java"
        case Container():
            return "docker"
        case None:
            return "given"


def lives(part: Part) -> bool:
    """Whether what is behind `part` runs, and is still ours."""
    match part.holder:
        case Process():
            return processes.lives(part.holder)
        case Container():
            return containers.lives(part.holder)
        case None:
            return False


def end(part: Part) -> None:
    """Ends what is behind `part`, if it is ours, and deletes its data.

    Raises:
        SandboxError: it does not end.
    """
    match part.holder:
        case Process():
            processes.end(part.holder)
        case Container():
            containers.end(part.holder)
        case None:
            pass


def first(kind: str) -> str:
    """The first way to `kind` that is there."""
    if is_given(kind):
        return "given"
    return "docker" if containers.engine_answers() else "java"


def _in_container(kind: str, wish: Wish) -> tuple[str, Container, Hold]:
    if kind == "broker":
        return containers.start_broker(wish.settings, owned=wish.owned)
    return containers.start_registry(owned=wish.owned)


def _as_program(kind: str, wish: Wish) -> tuple[str, Process, Hold]:
    if kind == "broker":
        return programs.start_broker(wish.settings, wish.data_dir)
    return programs.start_registry(wish.data_dir)


def _listens(address: str) -> bool:
    """A connection only: the cluster may want TLS and a password, which is the client's affair."""
    host, _, port = address.strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), CONNECT_TIMEOUT_S):
            return True
    except (OSError, ValueError):
        return False
