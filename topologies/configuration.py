"""Where the values of the settings are found: flag > environment > TOML file > default.

A layer maps a setting's name, or `kafka.<property>`, to its value as text
(mappings may be tables of text) and to the source that a user would recognise.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from topologies.kafka_properties import RESERVED, SECRETS
from topologies.settings import Misconfigured, Settings

PREFIX = "CROUPIER_"
KAFKA = "kafka."
DEFAULT_FILE = "croupier.toml"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"

SECRET_SETTINGS = frozenset({"schema_registry_password", *(KAFKA + name for name in SECRETS)})

_SERVICE = re.compile(r"(.*_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)")
"""What Kubernetes sets for each Service of the namespace; one named `croupier…` begins like ours.
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""


class Found(NamedTuple):
    """A value as text (or a table of texts), and where it was found."""

    value: str | dict[str, str]
    source: str


Layer = Mapping[str, Found]

NOTHING: Layer = MappingProxyType({})


def read(
    flags: Mapping[str, str], environment: Mapping[str, str], file: Path | None, base: Layer = NOTHING
) -> Settings:
    """The settings; `file` None means `CROUPIER_CONFIG`, else `croupier.toml` where there is one.

    `base` lies under everything but the defaults.

    Raises:
        Misconfigured: an unknown name, a value that is wrong, a file that cannot be read.
    """
    path = file or _default_file(environment)
    layers = [base, file_layer(path) if path else {}, environment_layer(environment), flag_layer(flags)]
    found = {name: value for layer in layers for name, value in layer.items()}
    values: dict[str, Any] = {name: value for name, (value, _) in found.items() if not name.startswith(KAFKA)}
    values["kafka"] = {name.removeprefix(KAFKA): value for name, (value, _) in found.items() if name.startswith(KAFKA)}
    return Settings.of(values, {name: source for name, (_, source) in found.items()})


def _default_file(environment: Mapping[str, str]) -> Path | None:
    if named := environment.get(CONFIG_VARIABLE):
        return Path(named)
    return Path(DEFAULT_FILE) if Path(DEFAULT_FILE).exists() else None


def flag_layer(flags: Mapping[str, str]) -> Layer:
    """Values by name from the command line.

    Raises:
        Misconfigured: an unknown name, or a secret: other users of the machine can read arguments.
    """
    for name, value in flags.items():
        variable = variable_name(name)
        if name in SECRET_SETTINGS:
            raise Misconfigured(f"{name} is a secret and no argument: set {variable} or {variable}_FILE")
        if name.endswith("_url") and "@" in value:
            raise Misconfigured(f"{name} has a password in it and is no argument: set {variable}")
    return _layer((name, value, "the command line", name) for name, value in flags.items())


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """Values from `CROUPIER_*`; an empty variable counts as not set.

    Raises:
        Misconfigured: an unknown variable; not one of those that Kubernetes sets for its Services.
    """
    ours = {
        variable: value
        for variable, value in environment.items()
        if variable.startswith(PREFIX) and variable != CONFIG_VARIABLE and value
    }
    return _layer(
        (_name(variable), value, variable, variable)
        for variable, value in sorted(ours.items())
        if _known(_name(variable)) or not _SERVICE.fullmatch(variable.removeprefix(PREFIX))
    )


def file_layer(path: Path) -> Layer:
    """Values from a TOML file.

    Raises:
        Misconfigured: it cannot be read, is no TOML, or has an unknown key.
    """
    try:
        document = tomllib.loads(_content(path, str(path)))
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or brackets within brackets, is no TOMLDecodeError.
        raise Misconfigured(f"{path} is no TOML: {error}") from None
    return _layer((name, value, str(path), f"{name} in {path}") for name, value in _flat(document))


def variable_name(name: str) -> str:
    """The environment's name of a setting or of `kafka.<property>`."""
    return PREFIX + name.upper().replace(".", "_")


def _name(variable: str) -> str:
    name = variable.removeprefix(PREFIX).lower()
    return name.replace("_", ".") if name.startswith("kafka_") else name


def _flat(document: Mapping[str, Any]) -> Iterator[tuple[str, str | dict[str, str]]]:
    """A document's values as text by name; `security.protocol` in [kafka] is a table in a table."""
    for name, value in document.items():
        if name == "kafka" and isinstance(value, dict):
            yield from ((KAFKA + key, text) for key, text in _dotted(value))
        elif isinstance(value, dict):
            yield name, dict(_dotted(value))
        else:
            yield name, _text(value)


def _dotted(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", text) for inner, text in _dotted(value))
        else:
            yield key, _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value)


def _layer(rows: Iterable[tuple[str, str | dict[str, str], str, str]]) -> Layer:
    """Rows are (name, value, source, the name as it was written)."""
    layer: dict[str, Found] = {}
    for name, value, source, written in rows:
        secret = _secret_of(name)
        if secret:
            layer[secret] = Found(_content(Path(str(value)), f"{value}, named by {written},").rstrip("\r\n"), source)
        elif _known(name):
            layer.setdefault(name, Found(value, source))
        else:
            raise Misconfigured(f"unknown setting {written}{_nearest(name, written)}")
        if name.startswith(KAFKA) and (advice := RESERVED.get(name.removeprefix(KAFKA))):
            raise Misconfigured(f"{written} is not to be set: {advice}")
    return layer


def _known(name: str) -> bool:
    return (name.startswith(KAFKA) and name != KAFKA) or (name in Settings.model_fields and name != "kafka")


def _secret_of(name: str) -> str | None:
    """The secret that a `…_file` name means; librdkafka has properties of its own that end so."""
    for ending in ("_file", ".file"):
        if name.removesuffix(ending) in SECRET_SETTINGS - {name}:
            return name.removesuffix(ending)
    return None


def _content(path: Path, described: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{described} is no text in UTF-8: {error}") from None
    except OSError as error:
        raise Misconfigured(f"{described} cannot be read: {(error.strerror or str(error)).lower()}") from None


def _nearest(name: str, written: str) -> str:
    near = difflib.get_close_matches(name, [*Settings.model_fields, "config"], n=1)
    if not near:
        return "; `croupier settings` lists all"
    return f"; did you mean {variable_name(near[0]) if written.startswith(PREFIX) else near[0]}?"
