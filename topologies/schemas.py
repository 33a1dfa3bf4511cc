"""Where the Avro schemas are: ours, in every version ever published, and the writers' own.

A file of ours is named `<source>.v<version>.avsc`; the source is the default
name of its topic. Ours lie beside this package when it is installed, and
beside the project's packages in a checkout. Which bytes a schema reads is the business of `codecs`.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from topologies.graph import Unanswered

CALLS = "netgaming.debits"
BONUSES = "platform.bonuses"
ORDERS = "rebilly.orders"
RATES = "fx.rates"

SOURCES = (ORDERS, BONUSES, CALLS, RATES)
"""The inputs. At equal record times facts are taken in this order."""

_OURS = re.compile(r"(?P<source>.+)\.v(?P<version>\d+)\.avsc")


class BadSchema(ValueError):
    """A schema file cannot be used; the message names it."""


class RegistryUnavailable(Unanswered):
    """The registry did not answer for as long as it was waited for. Asking later may help."""


class RegistryRefused(Unanswered):
    """The registry answered no: credentials, address or compatibility. Somebody has to change something."""


class Published(NamedTuple):
    """One version of a schema of ours; `text` as in the file."""

    source: str
    version: int
    text: str


class Written(NamedTuple):
    """A writer's own schema; `name` is its file's."""

    name: str
    text: str


def ours() -> list[Published]:
    """Every published version, oldest first."""
    named = ((path, _OURS.fullmatch(path.name)) for path in _directory().glob("*.avsc"))
    found = [Published(name["source"], int(name["version"]), path.read_text("utf-8")) for path, name in named if name]
    return sorted(found, key=lambda schema: (schema.source, schema.version))


def writers(schema_dir: str | Path | None) -> list[Written]:
    """The schemas in a directory of writers' own; none without a directory.

    Raises:
        BadSchema: no such directory, or a file that is not JSON.
    """
    if schema_dir is None:
        return []
    directory = Path(schema_dir)
    if not directory.is_dir():
        raise BadSchema(f"there is no directory of schemas: {directory}")
    return [Written(path.name, _json_text(path)) for path in sorted(directory.glob("*.avsc"))]


def _directory() -> Path:
    package = Path(__file__).resolve().parent
    installed = package / "avro"
    return installed if installed.is_dir() else package.parent / "avro"


def _json_text(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
        _: Any = json.loads(text)
    except (OSError, ValueError) as error:
        raise BadSchema(f"schema is not readable as JSON: {path}: {error}") from None
    return text
