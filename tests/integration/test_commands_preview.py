"""`croupier rewind --preview`: what the right rules would have sent is said before anything is written."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.conftest import Croupier
from tests.integration.installation import wait_until
from tests.integration.records import Servers, read
from topologies.operations.demo import SAMPLES
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster

Told = Callable[..., tuple[int, str, str]]

CLI = Path(__file__).parents[2] / "cli.py"
PARTITIONS = 2
FEW = ("--set", "batch_records_max=4")
"""Records in a commit: so that there are many."""

ALL = ("rewind", "--partition", "all", "--to-earliest")


@pytest.fixture
def told(croupier: Croupier, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command; exit code, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = croupier(*arguments)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def loaded(croupier: Croupier) -> None:
    """The samples in their topics, behind a first commit of each task."""
    assert 0 == croupier("topics", "create", "--partitions", PARTITIONS)
    assert 0 == croupier("run", "player", "--drain")
    assert 0 == croupier("load", "--times", "now", *sorted(SAMPLES.glob("*.jsonl")))


@contextmanager
def working(environment: Mapping[str, str]) -> Iterator[None]:
    """A worker in a process of its own, a member of the group already."""
    process = subprocess.Popen(
        [sys.executable, CLI, "run", "player", *FEW],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    admin = Admin(Cluster(environment["CROUPIER_BOOTSTRAP_SERVERS"], {}, "a test"))
    try:
        wait_until(lambda: admin.group_phase(environment["CROUPIER_APP"]) == "stable")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert 0 == process.returncode, said


def ends(servers: Servers, environment: Mapping[str, str]) -> list[int]:
    """How much lies in the topics that a worker, or a rewind, writes."""
    app, events = environment["CROUPIER_APP"], environment["CROUPIER_TOPIC_EVENTS"]
    return [len(read(servers, topic)) for topic in (f"{app}-state", f"{app}-journal", f"{app}-control", events)]


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
    assert 0 == croupier("run", "player", "--drain", *FEW, "--set", wrong)
    before = ends(servers, environment)

    code, out, err = told(*ALL, "--preview")
    meanwhile = ends(servers, environment)
    with working(environment):
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
