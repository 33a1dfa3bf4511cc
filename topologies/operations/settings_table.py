"""The settings as people see them: in force, and as a reference."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from topologies.settings import GROUPS, HOST_NAME, Settings


class Shown(NamedTuple):
    """One setting in force. A secret is `***`, an absent value is empty."""

    setting: str
    value: str
    source: str


def in_force(settings: Settings) -> list[Shown]:
    """Every setting in the order of the reference, and one row for each property of librdkafka."""
    dumped = settings.model_dump()
    rows = []
    for name in (name for group in GROUPS for name in group.model_fields):
        named = (
            {f"kafka.{key}": item for key, item in dumped[name].items()} if name == "kafka" else {name: dumped[name]}
        )
        rows += [Shown(key, written(item), settings.source(key)) for key, item in named.items()]
    return rows


def written(value: object) -> str:
    """A dumped value as it would be written in the environment."""
    if isinstance(value, Mapping):
        return ",".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def markdown() -> str:
    """The reference of all settings: name, default, meaning; one table for each group."""
    return "\n".join(_markdown_lines())


def _markdown_lines() -> Iterator[str]:
    defaults: Mapping[str, Any] = {**Settings().model_dump(), "instance": HOST_NAME}
    for group in GROUPS:
        yield f"| {(group.__doc__ or '').rstrip('.')} | default | |"
        yield "|---|---|---|"
        for name, field in group.model_fields.items():
            default = written(defaults[name])
            shown = default if name == "instance" else default and f"`{default}`"
            yield f"| `{name}` | {shown} | {field.description} |"
        yield ""
