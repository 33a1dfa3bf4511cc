"""Passwords are nowhere but where they were put: not in argv, logs, settings, errors, tracebacks or files of ours."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping

import psutil
import pytest

from tests.integration.installation import Installation, wait_until
from tests.integration.processes import mortal, phase
from tests.integration.secured import Casino
from topologies import configuration, player
from topologies.operations import acls, components

MARK = "Zq7Secret"
"""Every password begins so; the worker's own comes from a file."""

APP = "secrets"

CRASH = """
import cli
from topologies.operations import running

def crash(topology, settings, *_):
    cluster = running.Cluster(settings.bootstrap_servers, settings.kafka, "crash")
    raise RuntimeError(f"crash of {topology} with {settings} and {cluster}")

running.run = crash
cli.main(["run", "player", "--debug"])
"""


@pytest.fixture(scope="module")
def installation(casino: Casino, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Everything is logged, the client's own words too."""
    directory = tmp_path_factory.mktemp("secrets")
    environment = {
        **casino.environment("worker"),
        "CROUPIER_STATE_DIR": str(directory / "state"),
        "CROUPIER_SCHEMA_REGISTRY_PASSWORD": f"{MARK}-registry",
        "CROUPIER_KAFKA_SSL_KEY_PASSWORD": f"{MARK}-key",
        "CROUPIER_KAFKA_DEBUG": "all",
    }
    made = Installation("", APP, directory, environment)
    graph = components.topology(player.NAME, configuration.read({}, made.environment, None), with_registry=False)
    for role in ("administrator", "worker", "operator"):
        casino.grant("worker", acls.rights(graph, APP, role, is_retrying=True))
    return made


def plain(casino: Casino) -> Mapping[str, str]:
    return {"CROUPIER_BOOTSTRAP_SERVERS": casino.broker.admin, "CROUPIER_APP": APP}


def said_in_argv(process: psutil.Process) -> Iterator[str]:
    """The command lines of a process and of all that it has started."""
    for each in [process, *process.children(recursive=True)]:
        yield " ".join(each.cmdline())


def test_workers_say_a_password_nowhere_and_keep_their_files_to_themselves(
    casino: Casino, installation: Installation
) -> None:
    assert 0 == installation.croupier("topics", "create", "--partitions", "2").returncode
    place = installation.directory / "said.txt"
    command = [sys.executable, "-m", "cli", "run", "player", "--workers", "2", "--debug"]
    with (
        place.open("w") as said,
        mortal(
            subprocess.Popen(
                command,
                cwd=installation.directory,
                env=installation.environment,
                stdout=said,
                stderr=said,
                text=True,
                umask=0,
            )
        ) as process,
    ):
        wait_until(lambda: phase(plain(casino)) == "stable")
        in_argv = list(said_in_argv(psutil.Process(process.pid)))
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    kept = [path for path in installation.state_dir.rglob("*") if path.is_file()]
    assert (True, True) == (len(in_argv) > 2, len(kept) > 2)
    assert [] == [word for word in ("SCRAM",) if word not in place.read_text()]
    assert [] == [each for each in in_argv if MARK in each]
    assert MARK not in place.read_text()
    assert [] == [path for path in kept if MARK.encode() in path.read_bytes()]
    assert {0o600} == {path.stat().st_mode & 0o777 for path in kept}
    assert 0o700 == kept[0].parent.stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("arguments", "changed", "code"),
    [
        pytest.param(("settings",), {}, 0, id="settings"),
        pytest.param(("settings", "--format", "json"), {}, 0, id="settings as JSON"),
        pytest.param(("topics", "check", "--debug"), {}, 0, id="the client's log"),
        pytest.param(
            ("topics", "check", "--debug"), {"CROUPIER_KAFKA_SASL_USERNAME": "stranger"}, 2, id="the wrong password"
        ),
        pytest.param(("settings", "--debug", "--set", f"kafka.sasl.password={MARK}"), {}, 2, id="a password in argv"),
        pytest.param(
            ("settings", "--debug", "--set", f"schema_registry_url=http://me:{MARK}@host"), {}, 2, id="one in a URL"
        ),
        pytest.param(
            ("settings", "--debug"), {"CROUPIER_SCHEMA_REGISTRY_URL": f"ftp://me:{MARK}@host"}, 2, id="a URL refused"
        ),
        pytest.param(("topics", "check", "--debug"), {"CROUPIER_KAFKA_SSL_KEY_PEM": MARK}, 2, id="a key refused"),
    ],
)
def test_a_command_says_a_password_nowhere(
    installation: Installation, arguments: tuple[str, ...], changed: Mapping[str, str], code: int
) -> None:
    done = installation.croupier(*arguments, settings=changed)

    assert code == done.returncode, done.stderr
    assert MARK not in done.stdout + done.stderr


def test_a_traceback_has_no_password(installation: Installation) -> None:
    done = installation.python("-c", CRASH)

    assert 1 == done.returncode
    assert "RuntimeError: crash of " in done.stderr
    assert "Traceback" in done.stderr
    assert MARK not in done.stdout + done.stderr
