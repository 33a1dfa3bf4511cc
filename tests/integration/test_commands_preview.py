"""`croupier rewind --preview`: what the right rules would have sent is said before anything is written."""

import json
from collections.abc import Mapping

import pytest

from tests.integration.conftest import FEW, Croupier, Told
from tests.integration.processes import ends, working
from tests.integration.records import Servers

ALL = ("rewind", "--partition", "all", "--to-earliest")


RULES = [
    pytest.param("casino_vendor_name=Wrong", "changed", id="a wrong name"),
    pytest.param("casino_events=false", "added", id="events that were forgotten"),
    pytest.param("wagering_contribution=slots=50", "changed", id="slots that counted half"),
    pytest.param("casino_vendor_name=NetGaming", "same", id="nothing was wrong"),
]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(("wrong", "what"), RULES)
def test_a_preview_says_what_the_rewind_then_comes_to_and_writes_nothing(
    told: Told, croupier: Croupier, environment: Mapping[str, str], wrong: str, what: str
) -> None:
    servers: Servers = {"bootstrap.servers": environment["CROUPIER_BOOTSTRAP_SERVERS"]}
    assert 0 == croupier("run", "player", "--drain", "--set", FEW, "--set", wrong)
    before = ends(servers, environment)

    code, out, err = told(*ALL, "--preview")
    meanwhile = ends(servers, environment)
    with working(environment, FEW):
        executed = told(*ALL, "--execute")
    _, history, _ = told("rewind", "history", "--format", "jsonl")
    [name] = {json.loads(line)["id"] for line in history.splitlines()}
    report = told("rewind", "report", name)[1].splitlines()

    assert (0, "nothing was written\n", before) == (code, err, meanwhile)
    assert 0 == executed[0], executed
    assert not all(f"{what} 0" in line for line in said(report, ": done, "))
    assert said(report, ": done, ") == said(out.splitlines(), ": would be ")
    shown = [line for line in out.splitlines()[out.splitlines().index(first(out)) :] if ": would be " not in line]
    assert [line for line in shown if line in report or "SENT" in line] == shown
    assert max(map(len, shown), default=0) <= 80


def first(out: str) -> str:
    """The first line behind the plans."""
    return next(line for line in out.splitlines() if ": would be " in line)


def said(lines: list[str], word: str) -> list[str]:
    """The counts of each partition."""
    return [line.partition(word)[2] for line in lines if word in line]


@pytest.mark.usefixtures("loaded")
def test_a_preview_is_no_execution(told: Told) -> None:
    code, out, err = told(*ALL, "--preview", "--execute")

    assert (2, "") == (code, out)
    assert "--execute and --preview exclude each other" in err
