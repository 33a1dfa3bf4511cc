"""Sandboxes of their own, started and ended in every way; on the way java, whose processes can be watched."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from topologies.operations import sandbox
from topologies.operations.sandbox import ports, processes, programs, register
from topologies.operations.sandbox.processes import Plan, Process
from topologies.operations.sandbox.register import Part

pytestmark = pytest.mark.kafka

TIMEOUT_S = 60


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from topologies.operations.commands.sandbox import sandbox; sandbox()", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Returns only when nobody holds our pipes any more."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def runs(process: psutil.Process) -> bool:
    """A zombie does not: in a container without an init process it stays for ever."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that do not end in time."""
    deadline = time.monotonic() + TIMEOUT_S
    while (left := [each for each in processes if runs(each)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def shown(output: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in output.splitlines())


@pytest.fixture(autouse=True)
def no_given_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROUPIER_BOOTSTRAP_SERVERS", raising=False)


@pytest.fixture
def name() -> Iterator[str]:
    chosen = f"test-{secrets.token_hex(5)}"
    yield chosen
    sandbox.stop(chosen)
    register.lock(chosen).unlink()


@pytest.fixture
def foreground(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A `start --foreground` that has printed its address."""
    with subprocess.Popen(
        command("start", "--foreground", "--way", "java", "--data-dir", str(tmp_path)),
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout
        assert owner.stdout.readline().startswith("bootstrap_servers=127.0.0.1:")
        yield owner
        owner.kill()


def descendants(owner: "subprocess.Popen[str]") -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(owner.pid).children(recursive=True)
    assert len(found) == 2  # the watcher and the broker
    return found


def test_a_started_sandbox_is_found_started_again_and_stopped(name: str, tmp_path: Path) -> None:
    started = run("start", "--name", name, "--way", "java", "--data-dir", str(tmp_path))
    again = run("start", "--name", name)
    status = run("status", "--name", name)
    assert (started.returncode, again.returncode, status.returncode) == (0, 0, 0)
    assert again.stdout == started.stdout
    assert again.stderr == f"sandbox {name} runs already\n"
    found = shown(status.stdout)
    assert found == {**shown(started.stdout), "pid": found["pid"], "way": "java"}
    answer = ports.cluster(int(found["bootstrap_servers"].rpartition(":")[2]))
    assert answer
    assert answer.brokers == 1

    broker = psutil.Process(int(found["pid"]))
    # Nor does what Java unpacks outlive it.
    assert [f"-Djava.io.tmpdir={home}" for home in tmp_path.iterdir()] == [
        each for each in broker.cmdline() if "tmpdir" in each
    ]
    assert run("stop", "--name", name).returncode == 0
    assert not runs(broker)
    assert list(tmp_path.iterdir()) == []
    assert run("status", "--name", name).returncode == 1
    assert run("stop", "--name", name).stderr == f"sandbox {name} does not run\n"


def test_a_sandbox_that_died_is_started_anew_and_its_data_are_deleted(name: str, tmp_path: Path) -> None:
    died = sandbox.start(name, way="java", data_dir=tmp_path)
    assert died.pid
    broker = psutil.Process(died.pid)
    broker.kill()
    assert still_running([broker]) == []
    assert sandbox.status(name) is None
    alive = sandbox.start(name, way="java", data_dir=tmp_path)
    assert alive.pid != died.pid
    assert len(list(tmp_path.iterdir())) == 1


def test_stop_leaves_a_program_alone_that_was_given_our_process_id(name: str, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        register.lock(name).parent.mkdir(parents=True, exist_ok=True)
        register.save(name, {"broker": Part("127.0.0.1:1", Process(stranger.pid, "croupier's mark", tmp_path / "x"))})
        assert not sandbox.stop(name)
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_owner_ends(
    foreground: "subprocess.Popen[str]", number: signal.Signals, tmp_path: Path
) -> None:
    left = descendants(foreground)
    # A signal of the terminal goes to all of its session: it must not reach broker and watcher.
    assert os.getsid(foreground.pid) not in {os.getsid(each.pid) for each in left}
    assert len(list(tmp_path.iterdir())) == 1
    foreground.send_signal(number)
    exit_code = foreground.wait(TIMEOUT_S)
    assert still_running(left) == []
    assert list(tmp_path.iterdir()) == []
    assert exit_code == (-signal.SIGKILL if number == signal.SIGKILL else 0)


def test_a_foreground_sandbox_whose_broker_dies_ends_with_an_error(foreground: "subprocess.Popen[str]") -> None:
    broker = next(each for each in descendants(foreground) if each.name() == "java")
    broker.kill()
    assert foreground.wait(TIMEOUT_S) == 1


def test_a_broker_that_does_not_start_tells_its_last_words(tmp_path: Path) -> None:
    with (
        pytest.raises(sandbox.SandboxError, match=r"exit code 1; its last words: .*nonsense"),
        sandbox.owned(settings={"process.roles": "nonsense"}, data_dir=tmp_path, way="java"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


LISTENER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        server.accept()[0].sendall(b"ours")
"""


def says_ours(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.2) as connection:
            return connection.recv(4) == b"ours"
    except OSError:
        return False


def test_a_port_that_somebody_took_meanwhile_is_replaced_by_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken, (free,) = somebody.getsockname()[1], ports.free_ports(1)
        offered = iter([taken, free])

        def candidate() -> programs.Candidate:
            port = next(offered)
            listen = (sys.executable, "-c", LISTENER, str(port))
            plan = Plan(tmp_path / str(port), {}, (listen,))
            return programs.Candidate(plan, "ours", str(port), lambda: says_ours(port))

        address, process, watched = programs.start_on_free_ports("the listener", candidate)
        assert address == str(free)
        assert processes.lives(process)
        assert [each.name for each in tmp_path.iterdir()] == [str(free)]
        watched.end()
    assert list(tmp_path.iterdir()) == []


def test_kafkas_own_tools_run_against_the_sandbox(bootstrap_servers: str, topic: Callable[[str], str]) -> None:
    where = ["--bootstrap-server", bootstrap_servers]
    sandbox.tool("org.apache.kafka.tools.TopicCommand", [*where, "--create", "--topic", topic("bets")])
    listed = sandbox.tool("org.apache.kafka.tools.TopicCommand", [*where, "--list"])
    assert (listed.returncode, listed.stderr) == (0, "")
    assert topic("bets") in listed.stdout.split()
