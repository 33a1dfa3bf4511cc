"""A switch turns one rule of the program off, at one seam: a function or property that becomes something else."""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any, NamedTuple

import pytest

Function = Callable[..., Any]


class Switch(NamedTuple):
    """A rule, where it is kept, and what is there instead of what was."""

    rule: str
    seam: str
    """`module.function` or `module:Class.property` in `processors`."""
    off: Callable[[Any], Any]

    def turn_off(self, patch: pytest.MonkeyPatch) -> None:
        place, _, name = self.seam.rpartition(".")
        owner = resolve_name(f"processors.{place}")
        patch.setattr(owner, name, self.off(getattr(owner, name)))


def never(_: Function) -> Function:
    """Nothing is done."""
    return lambda *_, **__: None


def always(value: Any) -> Callable[[Function], Function]:
    return lambda _: lambda *_, **__: value


def unless(value: Any, instead: Any) -> Callable[[Function], Function]:
    """A function that never comes to `value`."""
    return lambda was: lambda *given, **named: other(was(*given, **named), value, instead)


def other(found: Any, value: Any, instead: Any) -> Any:
    return instead if found == value else found
