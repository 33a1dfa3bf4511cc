"""Which records a person wants to see."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from topologies.operations.readable import Readable

STATUS_FIELDS = ("status", "Status")
"""The CRM's and the bonus platform's, and Rebilly's."""


class Filter(NamedTuple):
    """All that is given must hold; an empty set asks for nothing.

    `where` is field path → value, as text: `request.currency` → `GBP`.
    """

    types: frozenset[str] = frozenset()
    player: str | None = None
    statuses: frozenset[str] = frozenset()
    where: tuple[tuple[str, str], ...] = ()

    def wants(self, record: Readable) -> bool:
        """Whether a record is one of them."""
        return (
            (not self.types or record.headers.get("type") in self.types)
            and (self.player is None or record.key == self.player)
            and (not self.statuses or any(str(_at(record.value, name)) in self.statuses for name in STATUS_FIELDS))
            and all(_is(_at(record.value, path), text) for path, text in self.where)
        )


ABSENT = object()
"""No such field; unlike None, which is JSON's null."""


def _at(value: Any, path: str) -> Any:  # noqa: ANN401  a JSON value
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return ABSENT
        value = value[name]
    return value


def _is(value: Any, text: str) -> bool:  # noqa: ANN401  a JSON value
    """Whether a JSON value is what a person wrote; numbers are compared as numbers."""
    if value is None or isinstance(value, bool):
        return text == {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        try:
            return float(text) == value
        except ValueError:
            return False
    return bool(value == text)
