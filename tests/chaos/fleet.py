"""Workers, and a supervisor that starts again what has ended, as a service manager does."""

import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import psutil

from tests.chaos import clocks, remains
from tests.chaos.cluster import MORTAL
from tests.chaos.nemesis import PARTITIONS
from tests.chaos.remains import Remains
from tests.integration.installation import Installation

PATIENCE_S = 45.0
FULL_BYTES = 128 << 10
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
AGAIN_S = 0.5
LAST_LINES = 3
INTERRUPTED = "croupier: interrupted"


class Exit(NamedTuple):
    """A worker that has ended by itself, why, and during which fault."""

    name: str
    code: int
    said: str
    during: str


class Worker:
    """One worker's processes, one after the other; they share name, state directory and clock."""

    def __init__(
        self, name: str, croupier: Installation, environment: Mapping[str, str], command: Sequence[str]
    ) -> None:
        self.name = name
        self._croupier = croupier
        self._environment = environment
        self._state = croupier.state_dir / croupier.app / name
        self._log = croupier.directory / f"{name}.log"
        self._clock = croupier.directory / f"{name}.clock"
        self._command = [sys.executable, "-c", MORTAL, sys.executable, "-m", "tests.chaos.worker", str(self._clock)]
        self._command += command
        self._limit = UNLIMITED
        self._again_at_s = 0.0
        self.is_wanted = True
        self.step(0)
        self.peak_mb = 0.0
        self.left: list[Remains] = []
        self.process = self._start()

    def step(self, by_ms: int) -> None:
        """Step its clock."""
        clocks.step(self._clock, by_ms)

    def send(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def delete_state(self) -> None:
        shutil.rmtree(self._state, ignore_errors=True)

    def fill_disk(self, *, is_full: bool) -> None:
        """Let no file grow beyond a size, of this process or the next; or let them again."""
        self._limit = (FULL_BYTES, resource.RLIM_INFINITY) if is_full else UNLIMITED
        self._apply_limit()

    def look(self) -> Exit | None:
        """Measure it; start it again a little after its end, which is returned once."""
        code = self.process.poll()
        if code is None:
            self._measure()
            return None
        now_s = time.monotonic()
        if not self._again_at_s:
            self._again_at_s = now_s + AGAIN_S
            self._keep_remains()
            return Exit(self.name, code, self._last_words(), "")
        if self.is_wanted and now_s >= self._again_at_s:
            self.process = self._start()
        return None

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def end(self) -> str:
        """Wait for its end, which it was told once: a second signal would end it at once. What is wrong about it."""
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return f"{self.name} did not end when it was told to stop"
        self._keep_remains()
        # One that had been started just before has not begun; or not even to listen.
        is_right = code == 0 or self._last_words().endswith(INTERRUPTED) or self._has_not_begun(code)
        return "" if is_right else f"{self.name} ended with exit code {code} when it was told to stop"

    def _has_not_begun(self, code: int) -> bool:
        return code == -signal.SIGTERM and len(self.said()) == self._said_before

    def _keep_remains(self) -> None:
        self.left += remains.of(self.name, self._state, range(PARTITIONS))

    def _start(self) -> "subprocess.Popen[bytes]":
        self._again_at_s = 0.0
        self._said_before = len(self.said()) if self._log.exists() else 0
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._command,
                cwd=self._croupier.directory,
                env={**self._croupier.environment, **self._environment, "CROUPIER_INSTANCE": self.name},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.process = process
        self._apply_limit()
        return process

    def _apply_limit(self) -> None:
        if self.process.poll() is None:
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, self._limit)

    def _measure(self) -> None:
        try:
            self.peak_mb = max(self.peak_mb, psutil.Process(self.process.pid).memory_info().rss / (1 << 20))
        except psutil.Error:
            return

    def _last_words(self) -> str:
        lines = [line for line in self.said().splitlines() if line.strip()]
        return " | ".join(lines[-LAST_LINES:])


class Fleet:
    """All workers. Starts them in the thread that calls it, which has to outlive them."""

    def __init__(
        self,
        count: int,
        croupier: Installation,
        environment: Mapping[str, str],
        protection: str,
        options: Sequence[str],
    ) -> None:
        command = [protection, "run", "player", *options]
        self.workers = [Worker(f"worker-{number}", croupier, environment, command) for number in range(count)]
        self.exits: list[Exit] = []
        self.doing = ""

    def look(self) -> None:
        """Supervise; to be called often."""
        for worker in self.workers:
            if (ended := worker.look()) is not None:
                self.exits.append(ended._replace(during=self.doing))

    def finish(self) -> list[str]:
        """End all; a sentence for each that did not end well."""
        for worker in self.workers:
            worker.is_wanted = False
            worker.send(signal.SIGCONT)
            worker.send(signal.SIGTERM)
        return [wrong for worker in self.workers if (wrong := worker.end())]

    def kill(self) -> None:
        for worker in self.workers:
            worker.is_wanted = False
            worker.kill()
