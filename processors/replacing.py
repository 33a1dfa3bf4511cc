"""How the row of a wide NamedTuple becomes the next one."""

from typing import Any, TypeVar

Shape = TypeVar("Shape", bound=type[Any])


def quickly_replaced(shape: Shape) -> Shape:
    """Give a NamedTuple a `_replace` that copies what stays as a whole.

    Python's own asks for every field whether it changes, which takes three times as long for a bonus.
    """
    fields: tuple[str, ...] = shape._fields
    places = {name: place for place, name in enumerate(fields)}
    new = tuple.__new__

    def replace(self: tuple[Any, ...], /, **changes: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as the fields
        values = list(self)
        for name, value in changes.items():
            values[places[name]] = value
        return new(shape, values)

    shape._replace = replace
    return shape
