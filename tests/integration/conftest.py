"""A croupier of one's own for each test: its names on the shared broker, and its command line."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import cli
from tests.integration.counting_stage import Stage
from topologies.operations.commands.invocation import Invocation
from topologies.runtime.task import Moment

Croupier = Callable[..., int]


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
