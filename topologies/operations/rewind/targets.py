"""How far back a person wants to go."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from topologies import units
from topologies.runtime.journal.target import ShiftBy, ToCommit, ToEarliest, ToOffsets, Wanted

OFFSET_DIGITS_MAX = 18


class ToTime(NamedTuple):
    """The newest commit that has taken nothing of a time, ms, or later."""

    at_ms: int


Asked = Wanted | ToTime


def topic_offset(text: str) -> tuple[str, int]:
    """Topic and offset of `TOPIC:OFFSET`.

    Raises:
        ValueError: it is not that.
    """
    topic, _, offset = text.rpartition(":")
    if not topic or not offset.isdecimal() or len(offset) > OFFSET_DIGITS_MAX:
        raise ValueError(f"`{text}` is no offset such as rebilly.orders:1204")
    return topic, int(offset)


def _to_offset(value: tuple[str, int], _now_ms: int, inputs: Collection[str]) -> Asked:
    topic, offset = value
    if topic not in inputs:
        raise ValueError(f"--to-offset: {topic} is no input; those are {', '.join(inputs)}")
    return ToOffsets({topic: offset})


def _to_datetime(value: str, now_ms: int, _inputs: Collection[str]) -> Asked:
    try:
        return ToTime(units.since(value, now_ms))
    except ValueError as error:
        raise ValueError(f"--to-datetime: {error}") from None


OPTIONS: Mapping[str, Callable[[Any, int, Collection[str]], Asked]] = {
    "to_offset": _to_offset,
    "to_datetime": _to_datetime,
    "by_duration": lambda duration_ms, now_ms, _: ToTime(max(0, now_ms - duration_ms)),
    "shift_by": lambda commits, _, __: ShiftBy(commits),
    "to_earliest": lambda _, __, ___: ToEarliest(),
    "to_commit": lambda number, _, __: ToCommit(number),
}
"""Option → what its value means, now, for a topology with these inputs."""


def asked(options: Mapping[str, Any], now_ms: int, inputs: Collection[str]) -> Asked:
    """Return the target of a command line; an option that was not given is None or False.

    Raises:
        ValueError: it has none, or more than one, or one that means nothing.
    """
    given = [name for name in OPTIONS if options[name] is not None and options[name] is not False]
    if len(given) != 1:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in OPTIONS)
        raise ValueError(f"exactly one target is needed, of {names}")
    return OPTIONS[given[0]](options[given[0]], now_ms, inputs)
