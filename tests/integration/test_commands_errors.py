"""What goes wrong is said in one line on standard error that says what to do, without a traceback."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.integration.installation import Done, Installation, wait_until
from tests.integration.processes import mortal
from tests.integration.sources import order, sent
from topologies.schemas import BONUSES, CALLS, ORDERS

SETTINGS = {"CROUPIER_ORIGIN_BY_CASINO": "123=www.brand.com"}


@pytest.fixture
def installation(bootstrap_servers: str, app: str, tmp_path: Path) -> Installation:
    return Installation(bootstrap_servers, app, tmp_path, SETTINGS)


def said(installation: Installation, done: Done) -> tuple[int, str, str]:
    """Exit code, standard output and standard error, with the topics' default names."""
    return done.returncode, installation.plain(done.stdout), installation.plain(done.stderr)


def test_topics_that_are_missing(installation: Installation) -> None:
    inputs = "rebilly.orders, platform.bonuses, netgaming.debits"
    advice = "create them with: croupier topics create"

    run = said(installation, installation.croupier("run", "player"))
    load = said(installation, installation.croupier("load", "-", stdin=json.dumps(order("p", "o1", 0))))
    tap = said(installation, installation.croupier("tap", "--from-start"))
    check = said(installation, installation.croupier("topics", "check"))

    own = ", ".join(f"{installation.app}-{name}" for name in ("state", "journal", "control", "dead-letters"))
    missing = f"{inputs}, {own}, fx.rates, crm.events"
    assert (2, "", f"croupier: topics are missing: {missing}. {advice} player\n") == run
    assert (2, "", f"croupier: topics are missing: {inputs}, fx.rates. {advice} player\n") == load
    elsewhere = "those of a topology are created with: croupier topics create"
    assert (2, "", f"croupier: topics are missing: crm.events. {elsewhere}\n") == tap
    assert (1, "croupier: 9 differences. create missing topics with: croupier topics create player\n") == check[::2]


def test_partition_counts_that_differ(installation: Installation) -> None:
    installation.create_topics(partitions=2)
    installation.add_partitions(CALLS, 3)

    code, out, err = said(installation, installation.croupier("run", "player", "--drain"))

    assert (2, "", 1) == (code, out, err.count("\n"))
    assert err.startswith("croupier: topics must have one partition count to be joined by key, but ")
    assert "rebilly.orders has 2, platform.bonuses has 2, netgaming.debits has 3, " in err


def test_topics_that_are_not_as_they_should_be(installation: Installation) -> None:
    installation.create_topics(partitions=2)
    installation.configure([BONUSES], {"message.timestamp.after.max.ms": "7200000"})
    installation.configure([ORDERS], {"message.timestamp.type": "LogAppendTime"})
    installation.configure(["crm.events"], {"cleanup.policy": "compact"})
    installation.add_partitions(CALLS, 3)

    code, out, err = said(installation, installation.croupier("topics", "check"))

    assert [
        "rebilly.orders has message.timestamp.type=LogAppendTime, not CreateTime",
        "platform.bonuses has message.timestamp.after.max.ms=7200000, not 3600000",
        "netgaming.debits has 3 partitions, but topics joined with it 2",
        "crm.events has cleanup.policy=compact, not delete",
    ] == out.splitlines()
    assert (1, "croupier: 4 differences\n") == (code, err)


def test_topics_that_are_as_they_should_be_are_no_news(installation: Installation) -> None:
    installation.create_topics(partitions=2)

    assert (0, "", "") == said(installation, installation.croupier("topics", "check", "player"))


def test_a_broker_that_is_away(app: str, tmp_path: Path) -> None:
    away = Installation("127.0.0.1:1", app, tmp_path, {"CROUPIER_REQUEST_TIMEOUT": "100ms"})
    commands = [["run", "player", "--drain"], ["tap", "--from-start"], ["topics", "check"], ["load", "-"]]

    # Each waits some seconds for a broker: all at once.
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda command: away.croupier(*command, stdin="{}"), commands))

    for command, (code, out, err) in zip(commands, map(partial(said, away), done), strict=True):
        assert (1, "", 1) == (code, out, err.count("\n")), command
        assert err.startswith("croupier: "), command
        assert "cluster 127.0.0.1:1: no broker can be reached" in err, command


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("app = ", "croupier.toml is no TOML: Invalid value (at end of document)", id="no TOML"),
        pytest.param("topic_bets = 'x'", "unknown setting topic_bets in croupier.toml", id="an unknown name"),
        pytest.param("wait_for_bonus = '5'", "wait_for_bonus: `5` is no duration such as", id="a wrong value"),
        pytest.param("[origin_by_currency]\npound = 'x'", "origin_by_currency.pound", id="a wrong key in a table"),
    ],
)
def test_a_settings_file_that_is_broken(tmp_path: Path, text: str, problem: str) -> None:
    installation = Installation("127.0.0.1:1", "app", tmp_path)
    (tmp_path / "croupier.toml").write_text(text)

    code, out, err = said(installation, installation.croupier("run", "player"))

    assert (2, "", 1) == (code, out, err.count("\n"))
    assert err.startswith("croupier: ")
    assert problem in err


def test_a_state_directory_of_another_worker(installation: Installation) -> None:
    installation.create_topics()
    command = [sys.executable, "-m", "cli", "run", "player"]
    with mortal(
        subprocess.Popen(
            command,
            cwd=installation.directory,
            env=installation.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    ) as first:
        installation.send([sent(order("p", "o1", 0))])
        wait_until(lambda: len(installation.read(installation.topic("crm.events"))) == 1)
        code, out, err = said(installation, installation.croupier("run", "player"))
        first.terminate()
        counted, _ = first.communicate(timeout=60)

    assert (2, "", 1) == (code, out, err.count("\n"))
    assert "is in use by another worker: stop it, or set another state_dir or instance" in err
    assert 0 == first.returncode
    assert {"records: 1", "events: 1"} <= set(counted.splitlines())
