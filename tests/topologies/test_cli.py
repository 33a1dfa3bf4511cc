import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

import cli
from topologies.operations import settings_table
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.runtime.task import Moment

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()

Output = pytest.CaptureFixture[str]
Croupier = Callable[..., int]

NOBODY = {"CROUPIER_BOOTSTRAP_SERVERS": "localhost:1"}


@pytest.fixture
def croupier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Croupier:
    """Runs a command line in an empty directory, with the variables that it is given."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environment: str) -> int:
        return cli.run(list(arguments), Invocation({**NOBODY, **environment}, lambda: Moment(0, 0.0)))

    return run


def commands(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    """Every command with something to do, by its names."""
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from commands(each, *names, name)
    else:
        yield names


COMMANDS = sorted(commands(cli.croupier))


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(croupier: Croupier, capsys: Output, names: tuple[str, ...]) -> None:
    assert 0 == croupier(*names, "--help")

    said = capsys.readouterr().out
    assert f"Usage: croupier {' '.join(names)}" in said
    assert "Example" in said
    assert f"croupier {' '.join(names)}" in said[said.index("Example") :]


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_every_command_is_documented(names: tuple[str, ...]) -> None:
    assert f"croupier {' '.join(names)}" in README


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_does(names: tuple[str, ...]) -> None:
    command: click.Command = cli.croupier
    for name in names:
        assert isinstance(command, click.Group)
        command = command.commands[name]

    silent = [each.name for each in command.params if isinstance(each, click.Option) and not each.help]
    assert set(silent) <= {"form"}


@pytest.mark.parametrize("names", [(), *COMMANDS], ids=" ".join)
def test_every_command_takes_the_common_options(croupier: Croupier, capsys: Output, names: tuple[str, ...]) -> None:
    croupier(*names, "--help")

    said = capsys.readouterr().out
    assert [] == [each for each in ("--bootstrap-servers", "--set", "--config", "--debug") if each not in said]


def test_the_readme_has_the_settings_as_the_code_has_them() -> None:
    begin, end = "<!-- settings: written by `croupier settings --format markdown` -->\n", "<!-- /settings -->"
    table = README[README.index(begin) + len(begin) : README.index(end)]

    assert settings_table.markdown().strip() == table.strip()


def test_settings_show_value_and_source(croupier: Croupier, capsys: Output) -> None:
    assert 0 == croupier("settings", "--format", "json", "--set", "origin=x", CROUPIER_APP="mine")

    shown = {row["setting"]: (row["value"], row["source"]) for row in json.loads(capsys.readouterr().out)}
    assert ("x", "the command line") == shown["origin"]
    assert ("mine", "CROUPIER_APP") == shown["app"]
    assert ("100ms", "default") == shown["commit_interval_max"]


@pytest.mark.parametrize("form", ["table", "json"])
def test_settings_show_no_secret(croupier: Croupier, capsys: Output, form: str) -> None:
    secrets = {"CROUPIER_KAFKA_SASL_PASSWORD": "hunter2", "CROUPIER_SCHEMA_REGISTRY_PASSWORD": "hunter2"}

    assert 0 == croupier("settings", "--format", form, **secrets, CROUPIER_SCHEMA_REGISTRY_URL="http://me:hunter2@r")

    said = capsys.readouterr().out
    assert "hunter2" not in said
    assert 3 == said.count("***")


@pytest.mark.parametrize(
    "arguments", [("--set", "app=flag", "settings"), ("settings", "--set", "app=flag")], ids=" ".join
)
def test_common_options_stand_before_or_after_the_command(
    croupier: Croupier, capsys: Output, arguments: tuple[str, ...]
) -> None:
    assert 0 == croupier(*arguments, CROUPIER_APP="environment")

    assert "flag " in capsys.readouterr().out


def test_a_named_config_file_is_read(croupier: Croupier, capsys: Output, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('app = "from-the-file"')

    assert 0 == croupier("settings", "--config", "other.toml")

    assert "from-the-file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["setings"], "No such command 'setings'.", id="an unknown command"),
        pytest.param(["settings", "--nope"], "No such option", id="an unknown option"),
        pytest.param(["describe", "nope"], "'nope' is not 'player'", id="an unknown topology"),
        pytest.param(["load"], "Missing argument", id="a missing argument"),
        pytest.param(["settings", "--set", "app"], "`app` is not NAME=VALUE", id="a pair that is none"),
        pytest.param(["settings", "--set", "apq=x"], "unknown setting apq; did you mean app?", id="an unknown setting"),
        pytest.param(["settings", "--set", "kafka.sasl.password=x"], "is a secret and no argument", id="a secret"),
        pytest.param(["settings", "--config", "nope.toml"], "nope.toml cannot be read", id="no such file"),
        pytest.param(["settings", "--config", "bad.toml"], "bad.toml is no TOML", id="a broken file"),
        *(
            pytest.param([*names, "player-\udcff"], "it is not UTF-8", id=f"an id that is no text: {names[0]}")
            for names in (["forget"], ["explain"], ["tap", "--player"], ["deadletters", "list", "--player"])
        ),
        pytest.param(["--set", "start=x", "tap"], "start: `x` is no time", id="a wrong value"),
        pytest.param(
            ["describe", "player", "--set", "topic_rates=crm.events"],
            "uses a topic in two roles",
            id="a topic in two roles",
        ),
        pytest.param(
            ["describe", "player", "--set", "schema_dir=/nope"],
            "there is no directory of schemas",
            id="no such directory",
        ),
    ],
)
def test_what_the_user_got_wrong_is_one_line_and_exit_code_2(
    croupier: Croupier, capsys: Output, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "bad.toml").write_text("app =\n")

    assert 2 == croupier(*arguments)

    said = capsys.readouterr()
    assert ("", 1) == (said.out, said.err.count("\n"))
    assert said.err.startswith("croupier: ")
    assert message in said.err


@pytest.mark.parametrize("arguments", [("setings",), ("tap", "--since", "2h", "--from-start"), ("load",)], ids=" ".join)
def test_advice_is_a_sentence_of_its_own(croupier: Croupier, capsys: Output, arguments: tuple[str, ...]) -> None:
    croupier(*arguments)

    before, advice = capsys.readouterr().err.split(" Try 'croupier")
    assert (True, True) == (before.endswith("."), advice.endswith("--help'.\n"))
    assert not before.endswith("..")


def test_a_cluster_that_does_not_answer_is_one_line_and_exit_code_1(croupier: Croupier, capsys: Output) -> None:
    assert 1 == croupier("topics", "check", "--set", "request_timeout=1s")

    said = capsys.readouterr().err
    assert 1 == said.count("\n")
    assert "cluster localhost:1" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("CROUPIER_KAFKA_SECURTY_PROTOCOL", "SSL", 'No such configuration property: "securty.protocol"'),
        ("CROUPIER_KAFKA_SECURITY_PROTOCOL", "TLS", 'Invalid value "TLS" for configuration property'),
        ("CROUPIER_KAFKA_SSL_CA_LOCATION", "/no/such", "ssl.ca.location failed"),
    ],
)
@pytest.mark.parametrize("arguments", [("topics", "check"), ("tap",), ("run", "player")], ids=" ".join)
def test_a_property_that_the_client_refuses_is_one_line_and_exit_code_2(
    croupier: Croupier, capsys: Output, arguments: tuple[str, ...], variable: str, value: str, message: str
) -> None:
    assert 2 == croupier(*arguments, **{"CROUPIER_KAFKA_SECURITY_PROTOCOL": "SSL", variable: value})

    said = capsys.readouterr().err
    assert 1 == said.count("\n")
    assert message in said


def failing(error: Exception) -> click.Command:
    def fail() -> None:
        raise error

    return click.Command("fail", callback=fail, params=options.common())


@pytest.mark.parametrize("debug", [False, True])
def test_only_debug_shows_a_traceback_and_the_clients_log(
    croupier: Croupier, capsys: Output, monkeypatch: pytest.MonkeyPatch, *, debug: bool
) -> None:
    monkeypatch.setitem(cli.croupier.commands, "fail", failing(RuntimeError("a bug\nof ours")))

    assert 1 == croupier("fail", *(["--debug"] if debug else []))

    said = capsys.readouterr().err
    assert debug == ("Traceback" in said)
    assert debug == logging.getLogger("croupier.kafka").isEnabledFor(logging.DEBUG)
    assert "croupier: unexpected RuntimeError: a bug of ours (--debug shows the traceback)" == said.splitlines()[-1]


def test_an_interrupted_command_says_so(croupier: Croupier, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.croupier.commands, "fail", failing(click.Abort()))

    assert (1, "croupier: interrupted\n") == (croupier("fail"), capsys.readouterr().err)


def test_output_into_a_closed_pipe_is_a_quiet_end() -> None:
    command = f"{sys.executable} {ROOT / 'cli.py'} settings --format markdown | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], env={**os.environ, **NOBODY}, capture_output=True, text=True, check=True, timeout=60
    )

    assert ("0\n", "") == (done.stdout, done.stderr)


def test_the_version_is_the_packages() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "cli.py", "--version"], capture_output=True, text=True, check=True, timeout=60
    )

    assert "croupier 0.1.0\n" == done.stdout
