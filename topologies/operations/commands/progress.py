"""A progress bar for big files, on a terminal."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from topologies.operations.json_files import STDIN, Lines

BIG_BYTES = 4 << 20
"""Some ten thousand documents, which take a second."""

UPDATES = 200
CLEAR_LINE = "\r\x1b[K"


class Progress:
    """How much of some files was read. Nothing is shown of small ones, or when standard error is no terminal.

    Args:
        files: names; of standard input and pipes nobody knows the size, so they count nothing.
        passes: how often each is read.
    """

    def __init__(self, files: Sequence[str], passes: int) -> None:
        size = sum(Path(file).stat().st_size for file in files if file != STDIN)
        self._is_shown = size >= BIG_BYTES and sys.stderr.isatty()
        self._bytes = size * passes

    @contextmanager
    def watching(self, contents: Sequence[tuple[str, Lines]]) -> Iterator[Sequence[tuple[str, Lines]]]:
        """The same files, with a bar that moves as they are read."""
        if not self._is_shown:
            yield contents
            return
        steps = self._bytes // UPDATES
        with click.progressbar(length=self._bytes, file=sys.stderr, update_min_steps=steps) as bar:

            def watched(lines: Lines) -> Iterator[str]:
                for line in lines():
                    yield line
                    bar.update(len(line.encode(errors="surrogateescape")))

            yield [(file, partial(watched, lines)) for file, lines in contents]
            # Before 8.5 click never shows what is left below a step.
            bar.update_min_steps = 0
            bar.update(0)

    def tell(self, news: str) -> None:
        """Say something on standard error; the bar comes again below it."""
        if self._is_shown:
            sys.stderr.write(CLEAR_LINE)
        click.echo(news, err=True)
