"""JSON as bytes, of rows, events and facts: the one door to orjson."""

from typing import Any, Final

import orjson

_dumps: Final = orjson.dumps
_LINE: Final = orjson.OPT_APPEND_NEWLINE


def dump_json(value: Any) -> bytes:  # noqa: ANN401  a JSON value
    """Compact UTF-8; keys in their own order, a NamedTuple as a list.

    Raises:
        TypeError: not a JSON value, or a whole number beyond 64 bits.
    """
    # orjson gives its buffer away with the text, 4 KB for the smallest; a slice is as long as it is, and costs nothing.
    return _dumps(value, _plain, _LINE)[:-1]


def load_json(text: bytes | str) -> Any:  # noqa: ANN401  a JSON value
    """The JSON value of a text.

    Raises:
        ValueError: not JSON, or not UTF-8.
    """
    return orjson.loads(text)


def _plain(value: object) -> tuple[Any, ...]:
    """What orjson asks about types that it does not know."""
    if isinstance(value, tuple):
        return tuple(value)
    raise TypeError
