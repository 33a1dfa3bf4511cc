import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from topologies.operations.commands.progress import BIG_BYTES

ROOT = Path(__file__).parents[2]
RATE = {"currency": "GBP", "rate": "1.17", "effective_from": "2026-11-01T00:00:00Z"}


def told(tmp_path: Path, size_bytes: int, *, terminal: bool) -> str:
    """What a dry run over so many bytes, the last line of which is bad, says on standard error."""
    line = f"{json.dumps({**RATE, 'note': 'é' * 4000}, ensure_ascii=False)}\n"
    (tmp_path / "rates.jsonl").write_text(line * (size_bytes // len(line.encode()) + 1) + "{}\n")
    command = [sys.executable, str(ROOT / "cli.py"), "load", "--dry-run", str(tmp_path / "rates.jsonl")]
    environment = {**os.environ, "CROUPIER_BOOTSTRAP_SERVERS": "localhost:1", "COLUMNS": "80"}
    if not terminal:
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60).stderr
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=theirs):
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that nobody holds the other side
        return b""


def test_a_big_file_has_a_progress_bar_on_a_terminal(tmp_path: Path) -> None:
    shown = told(tmp_path, BIG_BYTES, terminal=True)

    assert "50%" in shown
    assert "100%" in shown
    assert "\r\x1b[K" + f"{tmp_path}/rates.jsonl, line " in shown


def test_a_small_file_has_none(tmp_path: Path) -> None:
    assert "%" not in told(tmp_path, 1000, terminal=True)


def test_what_is_no_terminal_gets_none(tmp_path: Path) -> None:
    assert "%" not in told(tmp_path, BIG_BYTES, terminal=False)
