"""Command lines of `croupier rewind` that cannot be meant, before any cluster is asked."""

import pytest

import cli
from topologies.operations.commands.invocation import Invocation
from topologies.runtime.task import Moment

Output = pytest.CaptureFixture[str]

NOBODY = {"CROUPIER_BOOTSTRAP_SERVERS": "localhost:1"}


def croupier(*arguments: str, **environment: str) -> int:
    return cli.run(list(arguments), Invocation({**NOBODY, **environment}, lambda: Moment(0, 0.0)))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param([], "--partition is missing", id="nothing"),
        pytest.param(["--to-earliest"], "--partition is missing", id="no partition"),
        pytest.param(["--partition", "3-1", "--to-earliest"], "`3-1` is no set of partitions", id="no set"),
        pytest.param(["--partition", "3"], "exactly one target is needed", id="no target"),
        pytest.param(
            ["--partition", "3", "--to-earliest", "--shift-by", "1"], "exactly one target is needed", id="two targets"
        ),
        pytest.param(["--partition", "3", "--shift-by", "-1"], "-1 is not in the range", id="forwards"),
        pytest.param(["--partition", "3", "--by-duration", "2x"], "`2x` is no duration", id="no duration"),
        pytest.param(["--partition", "3", "--to-datetime", "noon"], "`noon` is no time", id="no time"),
        pytest.param(["--partition", "3", "--to-offset", "9"], "`9` is no offset such as", id="an offset of nothing"),
        pytest.param(["--partition", "3", "--to-offset", "fx.rates:9"], "fx.rates is no input", id="of a table"),
        pytest.param(["--apply", "x", "--execute"], "--apply and --execute exclude each other", id="apply and execute"),
        pytest.param(["--plan", "x", "--execute"], "--plan and --execute exclude each other", id="plan and execute"),
        pytest.param(["--apply", "x", "--to-commit", "3"], "--apply and --to-commit exclude", id="apply and a target"),
        pytest.param(
            ["--apply", "x", "--partition", "3"], "--apply and --partition exclude", id="apply and partitions"
        ),
        pytest.param(["--apply", "/nowhere/plans"], "/nowhere/plans cannot be read", id="no such file"),
        pytest.param(["--emit", "some"], "'some' is not one of", id="no way to send"),
        pytest.param(
            ["--partition", "3", "--to-earliest", "--reason", "because " * 200],
            "--reason: longer than 1,000 characters",
            id="a reason that no worker would take",
        ),
        pytest.param(["--execute", "status"], "rewind status and --execute exclude each other", id="act and look"),
        pytest.param(["--to-commit", "3", "history"], "rewind history and --to-commit exclude", id="a target to look"),
        pytest.param(["report"], "Missing argument 'ID'", id="a report of nothing"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_exit_code_2(capsys: Output, arguments: list[str], why: str) -> None:
    assert 2 == croupier("rewind", *arguments)

    said = capsys.readouterr()
    assert ("", 1) == (said.out, said.err.count("\n"))
    assert why in said.err


def test_without_a_journal_nothing_is_taken_back(capsys: Output) -> None:
    assert 1 == croupier("rewind", "--partition", "3", "--to-earliest", CROUPIER_REWIND_WINDOW="0")

    assert (
        "croupier: there is no journal, so nothing can be taken back: rewind_window is 0\n" == capsys.readouterr().err
    )


def test_help_shows_examples_and_the_commands_below(capsys: Output) -> None:
    assert 0 == croupier("rewind", "--help")

    said = capsys.readouterr().out
    for shown in ("croupier rewind --partition 3 --to-datetime", "status", "history", "report", "[delta|all|none]"):
        assert shown in said
