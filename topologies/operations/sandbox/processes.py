"""Programs that the sandbox owns: start under a watcher, let go, recognise by id, end by id."""

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

from topologies.operations.sandbox.errors import SandboxError

WATCHER = Path(__file__).with_name("watcher.py")
STOP_TIMEOUT_S = 15


class Plan(NamedTuple):
    """What the watcher is to do: make `home`, write `files` into it, run `commands`, the last one to stay."""

    home: Path
    files: dict[str, str]
    commands: tuple[tuple[str, ...], ...]


class Process(NamedTuple):
    """A program by its id, and the word in its command line that proves the id is still its own."""

    pid: int
    mark: str
    home: Path


class Watched:
    """A program that dies, and whose home is deleted, with this process. `pid` is None while it is being prepared."""

    def __init__(self, plan: Plan) -> None:
        self.home = plan.home
        self.pid: int | None = None
        self.exit_code: int | None = None
        # Isolated and without site: it starts in 20 ms. A session of its own: signals of the terminal pass it by.
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", str(WATCHER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        self._told = b""
        self._say(json.dumps({"home": str(plan.home), "files": plan.files, "commands": plan.commands}))

    def ended(self, timeout_s: float) -> bool:
        """Waits up to `timeout_s` for news of the program; true when it has ended, and `exit_code` is known then."""
        told = self._watcher.stdout
        while told and self.exit_code is None and _is_readable(told, timeout_s):
            timeout_s = 0
            chunk = os.read(told.fileno(), 4096)
            self._told += chunk
            self._understand()
            if not chunk and self.exit_code is None:
                self.exit_code = -1  # the watcher itself is gone
        return self.exit_code is not None

    def release(self) -> None:
        """Lets the program live on without us."""
        self._say("release")
        self._close()

    def end(self) -> None:
        """Ends the program and deletes its home; does nothing the second time."""
        self._say("end")  # not only by closing: a forked child of ours may hold the pipe open
        self._close()

    def log(self) -> str:
        """What the program printed so far."""
        try:
            return (self.home / "output.log").read_text(errors="replace")
        except OSError:
            return ""

    def _understand(self) -> None:
        *lines, self._told = self._told.split(b"\n")
        for word, number in (line.split() for line in lines):
            if word == b"pid":
                self.pid = int(number)
            else:
                self.exit_code = int(number)

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            assert self._watcher.stdin  # noqa: S101 - a PIPE was asked for
            self._watcher.stdin.write(f"{line}\n".encode())
            self._watcher.stdin.flush()

    def _close(self) -> None:
        for end in (self._watcher.stdin, self._watcher.stdout):
            with contextlib.suppress(OSError):
                end and end.close()
        self._watcher.wait()


def _is_readable(pipe: IO[bytes], timeout_s: float) -> bool:
    # Not `select`, which takes no descriptor from 1024 on: a process with many Kafka clients has more.
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        return bool(selector.select(timeout_s))


def lives(process: Process) -> bool:
    """Whether `process` runs, and is not another program that was given its id."""
    return process.mark in _command_line(process.pid)


def end(process: Process) -> None:
    """Ends `process` if it is ours, in good order first, and deletes its home.

    Raises:
        SandboxError: it did not go away.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not lives(process):
            break
        os.kill(process.pid, number)
        _wait_until_gone(process)
    if lives(process):
        raise SandboxError(f"process {process.pid} of the sandbox does not end")
    shutil.rmtree(process.home, ignore_errors=True)


def _wait_until_gone(process: Process) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while lives(process) and time.monotonic() < deadline:
        time.sleep(0.02)


def _command_line(pid: int) -> str:
    """Empty when no such process runs; a zombie has none either."""
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        return ""
    return _printed(["ps", "-ww", "-o", "command=", "-p", str(pid)])


def _printed(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
