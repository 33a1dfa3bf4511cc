"""Sandboxes by name: started, found, stopped; or owned by a `with` block, with which they end."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from topologies.operations.sandbox import register, ways
from topologies.operations.sandbox.artifacts import locked
from topologies.operations.sandbox.errors import SandboxError
from topologies.operations.sandbox.processes import Process
from topologies.operations.sandbox.register import Part
from topologies.operations.sandbox.ways import Hold, Wish

DEFAULT_NAME = "default"


class Running(NamedTuple):
    """A sandbox that answered: its parts "broker" and perhaps "registry"."""

    parts: Mapping[str, Part]

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for clients."""
        return self.parts["broker"].address

    @property
    def schema_registry_url(self) -> str | None:
        """The address for Confluent's client."""
        return self.parts["registry"].address if "registry" in self.parts else None

    @property
    def way(self) -> str:
        """Where its broker comes from: given, docker or java."""
        return ways.name(self.parts["broker"])

    @property
    def pid(self) -> int | None:
        """The broker's process, on the way java."""
        holder = self.parts["broker"].holder
        return holder.pid if isinstance(holder, Process) else None

    def lives(self) -> bool:
        """Whether each part that is ours still runs."""
        return all(ways.lives(part) for part in self.parts.values() if part.holder)


@contextmanager
def owned(
    *,
    registry: bool = False,
    settings: Mapping[str, str] | None = None,
    data_dir: Path | None = None,
    way: str | None = None,
) -> Iterator[Running]:
    """A sandbox for the length of the block; nothing of it is left when this process dies, by kill -9 too.

    `settings` override the broker's configuration; `data_dir` is where directories for the data are made; `way` asks
    for "java" or "docker" instead of the first that is there.

    Raises:
        SandboxError: it could not be started; the message says what to do.
    """
    wish = Wish(owned=True, settings=settings or {}, data_dir=data_dir, way=way)
    with ExitStack() as held:
        yield Running(_started(_kinds(registry=registry), wish, held)[0])


@contextmanager
def owned_registry(*, data_dir: Path | None = None, way: str | None = None) -> Iterator[str]:
    """A schema registry alone, as `owned`; its address for Confluent's client."""
    wish = Wish(owned=True, settings={}, data_dir=data_dir, way=way)
    with ExitStack() as held:
        parts, _ = _started(("registry",), wish, held)
        yield parts["registry"].address


def start(
    name: str = DEFAULT_NAME,
    *,
    registry: bool = False,
    settings: Mapping[str, str] | None = None,
    data_dir: Path | None = None,
    way: str | None = None,
) -> Running:
    """Starts the sandbox `name`, or what it lacks of what is asked for; it lives until `stop`. Arguments as of `owned`.

    Raises:
        SandboxError: it could not be started; the message says what to do.
    """
    wish = Wish(owned=False, settings=settings or {}, data_dir=data_dir, way=way)
    with locked(register.lock(name)), ExitStack() as held:
        parts = _living(name, bury=True)
        missing = tuple(kind for kind in _kinds(registry=registry) if kind not in parts)
        new, holds = _started(missing, wish, held)
        register.save(name, parts | new)
        held.pop_all()
        for hold in holds:
            hold.release()
    return Running(parts | new)


def status(name: str = DEFAULT_NAME) -> Running | None:
    """The sandbox `name` if it runs, else the given cluster if it answers, else None."""
    parts = _living(name)
    for kind in ("broker", "registry"):
        if kind not in parts and ways.is_given(kind):
            try:
                parts[kind] = ways.given(kind)
            except SandboxError:
                return None
    return Running(parts) if "broker" in parts else None


def stop(name: str = DEFAULT_NAME) -> bool:
    """Ends the sandbox `name` and deletes its data; false when none runs.

    Raises:
        SandboxError: something of it does not end.
    """
    with locked(register.lock(name)):
        ran = bool(_living(name, bury=True))
        for part in register.load(name).values():
            ways.end(part)
        register.save(name, {})
    return ran


def _kinds(*, registry: bool) -> tuple[str, ...]:
    return ("broker", "registry") if registry else ("broker",)


def _started(kinds: tuple[str, ...], wish: Wish, held: ExitStack) -> tuple[dict[str, Part], list[Hold]]:
    parts, holds = {}, []
    for kind in kinds:
        parts[kind], hold = ways.start(kind, wish)
        if hold:
            held.callback(hold.end)
            holds.append(hold)
    return parts, holds


def _living(name: str, *, bury: bool = False) -> dict[str, Part]:
    """The parts of `name` that run; with `bury` the data of those that died are deleted."""
    parts = register.load(name)
    dead = {kind for kind, part in parts.items() if not ways.lives(part)}
    if bury:
        for kind in dead:
            ways.end(parts[kind])
    return {kind: part for kind, part in parts.items() if kind not in dead}
