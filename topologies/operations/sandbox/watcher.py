"""Starts a program, and ends it when the owner dies. A script of its own, standard library only.

The owner holds the write end of this process's standard input, so its death, by kill -9 too, reads as end of file here.
On standard input: first the plan, one line of JSON {"home", "files": {name: text}, "commands": [[…], …]}; later
"release", which leaves the program to itself. Anything else, end of file too, ends the program and deletes the home.
On standard output: "pid N" once the last command runs (the ones before it must succeed), "exit N" when a command has
ended and no more will run.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

OWNER = 0  # standard input


def main() -> None:
    """Runs the plan until the owner is gone or lets go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the owner's; its death is all that counts here
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # runs the `finally` below
    plan = json.loads(_line())
    home = Path(plan["home"])
    program: subprocess.Popen[bytes] | None = None
    released = False
    try:
        _write(home, plan["files"])
        *preparations, last = plan["commands"]
        for command in preparations:
            program, running = _launch(command, home)
            select.select([OWNER, running], [], [])
            if not _ended(running) or program.wait() != 0:
                break
        else:
            program, running = _launch(last, home)
            _tell(f"pid {program.pid}")
            select.select([OWNER, running], [], [])
        if _ended(running):
            _tell(f"exit {program.wait()}")
        released = _line() == "release"
    finally:
        if not released:
            _end(program)
            shutil.rmtree(home, ignore_errors=True)


def _write(home: Path, files: dict[str, str]) -> None:
    home.mkdir(parents=True, mode=0o700)
    for name, text in files.items():
        (home / name).write_text(text)


def _launch(command: list[str], home: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Returns the program and a descriptor that reads as end of file when it has ended."""
    running, held = os.pipe()
    with (home / "output.log").open("ab") as log:
        program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=home,
            process_group=0,
            pass_fds=[held],
        )
    os.close(held)
    return program, running


def _ended(running: int) -> bool:
    return bool(select.select([running], [], [], 0)[0])


def _end(program: subprocess.Popen[bytes] | None) -> None:
    if program is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)  # its data are deleted next, there is nothing to save
        program.wait()


def _line() -> str:
    """Reads unbuffered: `select` must not miss what a buffer already took."""
    line = b""
    while (byte := os.read(OWNER, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode()


def _tell(message: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # the owner is gone, which its end of file says next
        os.write(1, f"{message}\n".encode())


if __name__ == "__main__":
    main()
