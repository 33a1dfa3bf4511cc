"""JSON values out of files, each with the line where it begins.

A file holds one value a line (JSON Lines), or values that go over several
lines, such as one array. The items of an array count one by one. A broken file
that could be either is read in the way that saves more of its documents.
"""

import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple

STDIN = "-"
MEMORY_BYTES_MAX = 16 << 20
"""What standard input holds beyond this is kept on disk."""

BLANK = " \t\r\n"
SEPARATORS = BLANK + ","
OPENINGS = BLANK + "[{"


BROKEN = (ValueError, RecursionError)
"""What the parser raises: of a number of thousands of digits no JSONDecodeError, and of brackets within brackets."""

Lines = Callable[[], Iterable[str]]
"""The lines of a file, from its beginning each time."""

Numbered = tuple[int, str]
"""A line that is not blank, and its number."""


class Found(NamedTuple):
    """One value; `problem` says why there is none. Lines count from 1."""

    line: int
    value: Any
    problem: str | None = None


@contextmanager
def opened(file: str) -> Iterator[Lines]:
    """A file's lines. What cannot be read twice, such as standard input (`-`) or a pipe, is kept for that."""
    with ExitStack() as held:
        binary = sys.stdin.buffer if file == STDIN else held.enter_context(Path(file).open("rb"))
        kept = binary if binary.seekable() else held.enter_context(_copy(binary))
        # What is not UTF-8 becomes text that no record can carry, and so is named by its line.
        text = io.TextIOWrapper(kept, encoding="utf-8-sig", errors="surrogateescape")

        def lines() -> Iterator[str]:
            text.seek(0)
            yield from text

        yield lines
        text.detach()


@contextmanager
def _copy(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    with tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES_MAX) as copy:
        shutil.copyfileobj(stream, copy)
        yield copy


def found(lines: Iterable[str]) -> Iterator[Found]:
    """The values of a file, in order. A broken line of JSON Lines costs only itself."""
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip(BLANK))
    first = next(numbered, None)
    if first is None:
        return
    if _goes_on(first[1]):
        yield from _of_either(list(chain([first], numbered)))
    else:
        yield from _of_lines(chain([first], numbered))


def _goes_on(line: str) -> bool:
    """Whether a value begins in this line and ends in another: the parser wants more just where the line ends."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return not line[error.pos :].strip(BLANK)
    except BROKEN:
        return False
    return False


def _of_either(numbered: Sequence[Numbered]) -> Sequence[Found]:
    """One text; or, if that is broken, JSON Lines whose first line is: then each line is judged by itself."""
    first, line = numbered[0]
    whole = list(_of_text(first, "".join(_with_blank_lines(first - 1, numbered))))
    if not any(each.problem for each in whole):
        return whole
    singly = list(_of_lines(numbered))
    gain = _documents(singly) - _documents(whole)
    # Without gain: a line with nothing but brackets is how a text over several lines begins.
    return singly if gain > 0 or (gain == 0 and line.strip(OPENINGS)) else whole


def _documents(values: Iterable[Found]) -> int:
    return sum(isinstance(each.value, dict) for each in values)


def _with_blank_lines(last: int, numbered: Iterable[Numbered]) -> Iterator[str]:
    """The lines again, with those that were left out, so that counting them gives line numbers."""
    for number, line in numbered:
        yield "\n" * (number - last - 1) + line
        last = number


def _of_lines(numbered: Iterable[Numbered]) -> Iterator[Found]:
    return chain.from_iterable(_of_line(number, line) for number, line in numbered)


def _of_line(number: int, line: str) -> Iterator[Found]:
    try:
        value = _decoder.decode(line.strip(BLANK))
    except BROKEN as error:
        yield Found(number, None, _problem(error))
        return
    yield from (Found(number, item) for item in (value if isinstance(value, list) else [value]))


def _of_text(first: int, text: str) -> Iterator[Found]:
    """Values over several lines; what follows the first broken one cannot be told apart."""
    at = _skip(text, 0, BLANK)
    is_array = text.startswith("[", at)
    at = _skip(text, at + is_array, BLANK)
    while at < len(text) and not (is_array and text[at] == "]"):
        line = first + text.count("\n", 0, at)
        try:
            value, at = _decoder.raw_decode(text, at)
        except BROKEN as error:
            yield Found(line, None, _problem(error))
            return
        yield Found(line, value)
        at = _skip(text, at, SEPARATORS if is_array else BLANK)
    if text[at:].strip(BLANK) != ("]" if is_array else ""):
        yield Found(first + text.count("\n", 0, at), None, "is not JSON: the array does not end where the file does")


def _skip(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def _problem(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is not read: it is nested too deeply"
    said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"is not JSON: {said[:1].lower()}{said[1:].removesuffix(' at').removesuffix(' starting')}"


def _refuse(constant: str) -> Any:  # noqa: ANN401  never returns
    raise ValueError(f"no number: {constant}")


_decoder = json.JSONDecoder(parse_constant=_refuse)
