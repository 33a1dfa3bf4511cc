"""Tables of text for a terminal."""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

GAP = "  "
USUAL_WIDTH = 80
COLUMN_WIDTH_MIN = 12


def terminal_width() -> int | None:
    """How wide the terminal is; None where standard output is none, so that programs get whole lines."""
    return shutil.get_terminal_size((USUAL_WIDTH, 0)).columns if sys.stdout.isatty() else None


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Columns as wide as their widest cell, two spaces between; the heading in capitals.

    Where that is wider than `width`, the widest columns are narrowed, and their long cells go on below.
    """
    lines = [[each.upper() for each in heading], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    while width and len(GAP.join(" " * each for each in widths)) > width and max(widths) > COLUMN_WIDTH_MIN:
        widths[widths.index(max(widths))] -= 1
    return "\n".join(line for cells in lines for line in _wrapped(cells, widths))


def _wrapped(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    wrapped = (
        textwrap.wrap(cell, width, break_on_hyphens=False) or [""] for cell, width in zip(cells, widths, strict=True)
    )
    for line in zip_longest(*wrapped, fillvalue=""):
        yield GAP.join(map(str.ljust, line, widths)).rstrip()
