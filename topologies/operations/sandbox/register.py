"""What runs under a name, in a status file of this user: `~/.cache/croupier/sandboxes/<name>.json`."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from topologies.operations.sandbox.artifacts import cache_dir
from topologies.operations.sandbox.containers import Container
from topologies.operations.sandbox.errors import SandboxError
from topologies.operations.sandbox.processes import Process

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Part(NamedTuple):
    """A running part of a sandbox: its address, and what is behind it; None when it is not ours."""

    address: str
    holder: Process | Container | None


def lock(name: str) -> Path:
    """The lock file that `start` and `stop` of this name hold."""
    return _file(name).with_suffix(".lock")


def load(name: str) -> dict[str, Part]:
    """The parts noted for `name`, by kind: "broker", "registry". They may have died since."""
    try:
        noted = json.loads(_file(name).read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise SandboxError(f"{_file(name)} is damaged ({error}): delete it") from error
    return {kind: Part(each["address"], _holder(each)) for kind, each in noted.items()}


def save(name: str, parts: Mapping[str, Part]) -> None:
    """Notes the parts of `name` that are ours, or forgets it when there are none."""
    file = _file(name)
    noted = {kind: {"address": part.address, **_fields(part.holder)} for kind, part in parts.items() if part.holder}
    if not noted:
        file.unlink(missing_ok=True)
        return
    complete = file.with_suffix(".partial")
    complete.write_text(json.dumps(noted, indent=1) + "\n")
    complete.replace(file)


def _file(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise SandboxError(f"not a name of a sandbox: {name!r}; letters, digits, dot, dash and underscore, at most 64")
    return cache_dir() / "sandboxes" / f"{name}.json"


def _fields(holder: Process | Container) -> dict[str, str | int]:
    if isinstance(holder, Process):
        return {"pid": holder.pid, "mark": holder.mark, "home": str(holder.home)}
    return {"container": holder.id}


def _holder(noted: dict[str, str]) -> Process | Container:
    if "container" in noted:
        return Container(noted["container"])
    return Process(int(noted["pid"]), noted["mark"], Path(noted["home"]))
