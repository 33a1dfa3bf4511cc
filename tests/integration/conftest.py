"""A croupier of one's own for each test: its names on the shared broker, and its command line."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

import cli
from tests.integration.counting_stage import Stage
from tests.integration.records import Servers
from tests.integration.secured import Casino, Secured
from topologies.operations.commands.invocation import Invocation
from topologies.operations.demo import SAMPLES
from topologies.runtime.task import Moment

Croupier = Callable[..., int]
Told = Callable[..., tuple[int, str, str]]

PARTITIONS = 2
FEW = "batch_records_max=4"
"""Records in a commit: so that there are many."""


def now() -> Moment:
    return Moment(time.time_ns() // 1_000_000, time.monotonic())


@pytest.fixture
def stage(bootstrap_servers: str, app: str, state_dir: Path) -> Stage:
    """Topics of the small topology `counting`, with which the runtime is attacked."""
    made = Stage(bootstrap_servers, app, state_dir)
    made.create()
    return made


@pytest.fixture
def environment(bootstrap_servers: str, app: str, topic: Callable[[str], str], state_dir: Path) -> Mapping[str, str]:
    """Settings under which nothing is shared with another test; the casino of the samples has an origin."""
    return {
        "CROUPIER_BOOTSTRAP_SERVERS": bootstrap_servers,
        "CROUPIER_APP": app,
        "CROUPIER_STATE_DIR": str(state_dir),
        "CROUPIER_TOPIC_ORDERS": topic("orders"),
        "CROUPIER_TOPIC_BONUSES": topic("bonuses"),
        "CROUPIER_TOPIC_CALLS": topic("calls"),
        "CROUPIER_TOPIC_RATES": topic("rates"),
        "CROUPIER_TOPIC_EVENTS": topic("events"),
        "CROUPIER_ORIGIN": "brand.com",
        "CROUPIER_ORIGIN_BY_CASINO": "123=brand.com",
    }


@pytest.fixture
def croupier(environment: Mapping[str, str]) -> Croupier:
    """Runs a command line in this process and returns its exit code."""
    return lambda *arguments: cli.run(list(map(str, arguments)), Invocation(environment, now))


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
    """The samples in their topics, behind a first commit of each task, to which all of them can be taken back."""
    assert 0 == croupier("topics", "create", "--partitions", PARTITIONS)
    assert 0 == croupier("run", "player", "--drain")
    assert 0 == croupier("load", "--times", "now", *sorted(SAMPLES.glob("*.jsonl")))


@pytest.fixture
def processed(croupier: Croupier, loaded: None) -> None:  # noqa: ARG001  it comes before
    """The samples, taken in many small commits."""
    assert 0 == croupier("run", "player", "--drain", "--set", FEW)


@pytest.fixture
def servers(bootstrap_servers: str) -> Servers:
    """The broker, as its clients are told."""
    return {"bootstrap.servers": bootstrap_servers}


@pytest.fixture(scope="module")
def casino(secured: str, tmp_path_factory: pytest.TempPathFactory) -> Casino:
    """The secured broker that all tests share: use users, topics and groups of your own."""
    broker = Secured(*json.loads(secured))
    return Casino(broker, AdminClient({"bootstrap.servers": broker.admin}), tmp_path_factory.mktemp("secured"))
