"""What is wrong with settings, in words that say what is expected."""

from collections.abc import Mapping, Sequence
from typing import Any

DEFAULT = "default"

EXPECTED: Mapping[str, str] = {
    "bool_parsing": "should be true or false",
    "greater_than": "should be more than {gt}",
    "greater_than_equal": "should be {ge} or more",
    "int_parsing": "should be a whole number",
    "less_than_equal": "should be {le} or less",
    "literal_error": "should be {expected}",
    "string_type": "should be text, not a table",
    "value_error": "{error}",
}
"""What a type of pydantic's errors says, with the particulars of its context; its own words are for programmers.
https://docs.pydantic.dev/latest/errors/validation_errors/"""

NUMERIC = frozenset(("greater_than", "greater_than_equal", "int_parsing", "less_than_equal"))


def sentence(problems: Sequence[Mapping[str, Any]], sources: Mapping[str, str], defaults: Mapping[str, object]) -> str:
    """One line for all of pydantic's error details, each with the source of its value.

    Values are not repeated, for one of them may be a secret; but by the settings' own checks, which know them.
    """
    return "; ".join(_problem(each, sources, defaults) for each in problems)


def _problem(problem: Mapping[str, Any], sources: Mapping[str, str], defaults: Mapping[str, object]) -> str:
    setting, kind = str(problem["loc"][0]), problem["type"]
    # What is wrong with a key has this behind it; the message names the key.
    name = ".".join(str(each) for each in problem["loc"] if each != "[key]")
    particulars = {key: str(value).replace("'", "") for key, value in problem.get("ctx", {}).items()}
    expected = EXPECTED.get(kind, problem["msg"]).format(**particulars)
    example = f", such as {_one_of(defaults[setting])}" if kind in NUMERIC else ""
    return f"{name}: {expected}{example} (from {sources.get(name) or sources.get(setting, DEFAULT)})"


def _one_of(default: object) -> object:
    return next(iter(default.values())) if isinstance(default, Mapping) else default
