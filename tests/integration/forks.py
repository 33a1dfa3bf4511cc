"""Processes for tests: real ones, begun as copies of one that has imported everything.

Imports are more than half of what a short life costs; those that start `croupier` from nothing are in other tests.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import connection
from pathlib import Path
from typing import NamedTuple

import cli
from tests.integration.parent import end_with_parent

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["__main__", "tests.integration.killing"])

WRITE = os.O_WRONLY | os.O_CREAT | os.O_APPEND


class Place(NamedTuple):
    """Where a process lives, and its standard streams; None: as the test's own."""

    environment: Mapping[str, str] | None = None
    directory: Path | None = None
    stdin: Path | None = None
    stdout: Path | None = None
    stderr: Path | None = None


ONE_AT_A_TIME = threading.Lock()
"""Who starts a process asks for the ends of all others, and an end is told once: of two who ask, one hears nothing."""


class Fork:
    """A process, in the words of `subprocess.Popen`."""

    def __init__(self, work: Callable[..., None], arguments: Sequence[object], place: Place | None = None) -> None:
        self._process = CONTEXT.Process(target=_live, args=[work, arguments, place or Place()])
        with ONE_AT_A_TIME:
            self._process.start()
        self.pid = self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        with ONE_AT_A_TIME:
            return self._process.exitcode

    def wait(self, timeout_s: float | None = None) -> int:
        connection.wait([self._process.sentinel], timeout_s)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired("a process of a test", timeout_s or 0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def command(arguments: Sequence[str]) -> None:
    """What a process does that is started as `croupier …`."""
    cli.main(arguments)


def _live(work: Callable[..., None], arguments: Sequence[object], place: Place) -> None:
    end_with_parent()
    if place.directory is not None:
        os.chdir(place.directory)
    if place.environment is not None:
        os.environ.clear()
        os.environ.update(place.environment)
    for number, path, how in ((0, place.stdin, os.O_RDONLY), (1, place.stdout, WRITE), (2, place.stderr, WRITE)):
        if path is not None:
            os.dup2(os.open(path, how, 0o600), number)
    # multiprocessing has put the null device there.
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - it is the process's
    work(*arguments)
