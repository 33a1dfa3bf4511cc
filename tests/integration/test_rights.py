"""Least rights, on a broker that allows nothing else: with them every command works, without any one of them none.

What is lacking is named, by operation and resource. Workers and operators enter with a password (SCRAM), the others
with a token (OAUTHBEARER), all of them through TLS.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

import cli
from tests.integration.conftest import now
from tests.integration.installation import wait_until
from tests.integration.processes import at_work, phase
from tests.integration.records import Servers, read
from tests.integration.secured import PASSWORDS, Casino
from tests.integration.sources import bet
from topologies import configuration, player
from topologies.operations import acls, components
from topologies.operations.acls import Role
from topologies.operations.commands.invocation import Invocation
from topologies.operations.demo import SAMPLES
from topologies.runtime.rights import ADVICE, Right
from topologies.settings import Settings

SETTINGS = Settings()
DOCUMENTS = [str(path) for path in sorted(SAMPLES.glob("*.jsonl"))]
EARLIEST = ("rewind", "--partition", "0", "--to-earliest")

Told = tuple[int, str]
"""Exit code and standard error."""
Croupier = Callable[..., Told]


def rights(role: Role, settings: Settings = SETTINGS) -> list[Right]:
    return acls.rights(
        components.topology(player.NAME, settings, with_registry=False), settings.app, role, is_retrying=True
    )


NAMES = ("app", "topic_orders", "topic_bonuses", "topic_calls", "topic_rates", "topic_events")


def of(settings: Settings) -> dict[str, str]:
    """The names of an application and its topics, for the environment."""
    return {configuration.variable_name(name): getattr(settings, name) for name in NAMES}


@pytest.fixture
def croupier(casino: Casino, capsys: pytest.CaptureFixture[str]) -> Croupier:
    """Runs a command as a user."""

    def run(user: str, *arguments: str, settings: Settings = SETTINGS) -> Told:
        capsys.readouterr()
        code = cli.run(list(arguments), Invocation({**casino.environment(user), **of(settings)}, now))
        return code, capsys.readouterr().err

    return run


@pytest.fixture(scope="module")
def opened(casino: Casino) -> None:
    """Everybody has the rights of a role, and the samples were processed once."""
    for role in acls.ROLES:
        casino.grant(role, rights(role))
    job: Sequence[tuple[Role, tuple[str, ...]]] = (
        ("administrator", ("topics", "create", "--partitions", "1")),
        ("worker", ("run", "player", "--drain")),
        ("source", ("load", "--times", "now", *DOCUMENTS)),
        ("worker", ("run", "player", "--drain", "--set", "batch_records_max=8")),
    )
    assert [0] * len(job) == [cli.run(list(line), Invocation(casino.environment(role), now)) for role, line in job]


@pytest.mark.usefixtures("opened")
def test_with_the_rights_of_its_role_every_command_works(croupier: Croupier) -> None:
    job: Sequence[tuple[Role, tuple[str, ...]]] = (
        ("administrator", ("topics", "check")),
        ("analyst", ("tap", "--from-start", "--drain")),
        ("support", EARLIEST),
        ("support", (*EARLIEST, "--preview")),
        ("support", ("explain", "125917")),
        ("support", ("audit",)),
        ("support", ("deadletters", "list")),
        ("replayer", ("deadletters", "replay", "--all", "--yes")),
        ("operator", (*EARLIEST, "--execute", "--yes")),
        ("worker", ("run", "player", "--drain", "--set", "group_protocol=classic")),
        ("operator", ("rewind", "history")),
        ("eraser", ("forget", "nobody", "--yes")),
    )

    done = [(role, line, croupier(role, *line)) for role, line in job]

    assert [] == [each for each in done if each[2][0]]


USING: Mapping[Role, tuple[str, ...]] = {
    "administrator": ("topics", "check"),
    "source": ("load", *DOCUMENTS),
    "worker": ("run", "player", "--drain"),
    "operator": (*EARLIEST, "--execute", "--yes"),
    "eraser": ("forget", "nobody", "--yes"),
    "replayer": ("deadletters", "replay", "--all", "--yes"),
    "support": ("audit",),
    "analyst": ("tap", "--from-start", "--drain"),
}
"""What needs all of a role's rights; but for `Create`, on topics that are there."""


PREFIXED = {"worker": "croupier-one", "replayer": "croupier-dead-letters-0"}
"""Whose transactional ids only have a beginning in common."""


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("role", "lacking"),
    [
        pytest.param(role, right, id=f"{role}, {right}")
        for role in acls.ROLES
        for right in rights(role)
        if right.operation != "Create"
    ],
)
def test_a_right_that_is_lacking_is_named(casino: Casino, croupier: Croupier, role: Role, lacking: Right) -> None:
    # Not with blanks: they end a principal in the settings of the client.
    user = f"{role}-without-{rights(role).index(lacking)}"
    casino.grant(user, [right for right in rights(role) if right != lacking])
    assert user not in PASSWORDS

    code, said = croupier(user, *USING[role])

    named = lacking._replace(name=PREFIXED[role], is_prefix=False) if lacking.is_prefix else lacking
    assert code in (1, 2), said
    # Who may neither read nor write a topic is not told what else is allowed: all that is needed of it is named.
    assert said.splitlines()[-1].startswith("croupier: we are not allowed: "), said
    assert f"{named}" in said.splitlines()[-1], said
    assert ADVICE in said.splitlines()[-1], said
    assert 1 == said.count("croupier: "), said


@pytest.mark.parametrize("lacking", [right.name for right in rights("administrator") if right.operation == "Create"])
def test_a_topic_that_may_not_be_created_is_named(casino: Casino, croupier: Croupier, lacking: str) -> None:
    prefix = f"new-{lacking}-"
    new = SETTINGS.model_copy(update={name: prefix + getattr(SETTINGS, name) for name in NAMES})
    ours = rights("administrator", new)
    without = Right("Create", "topic", prefix + lacking)
    assert without in ours
    casino.grant("creator", [right for right in ours if right != without])

    code, said = croupier("creator", "topics", "create", "--partitions", "1", settings=new)

    assert (2, 1) == (code, said.count("\n"))
    assert said.startswith(f"croupier: we are not allowed: {without}. {ADVICE}")


@pytest.mark.usefixtures("opened")
def test_a_right_that_is_taken_away_ends_a_worker_and_loses_nothing(
    casino: Casino, croupier: Croupier, tmp_path: Path
) -> None:
    taken = Right("Write", "topic", SETTINGS.topic_events)
    plain = {**of(SETTINGS), "CROUPIER_BOOTSTRAP_SERVERS": casino.broker.admin}
    servers: Servers = {"bootstrap.servers": casino.broker.admin}

    def told() -> list[str]:
        events = [each for each in read(servers, SETTINGS.topic_events) if each.key == b"anna"]
        return [each.headers["event-id"].decode() for each in events]

    def bets(*numbers: int) -> None:
        documents = tmp_path / "bets.jsonl"
        documents.write_text("\n".join(json.dumps(bet("anna", f"c{number}", number)) for number in numbers))
        assert 0 == croupier("source", "load", "--times", "now", str(documents))[0]

    with at_work(casino.environment("worker"), "run", "player") as process:
        wait_until(lambda: phase(plain) == "stable")
        bets(0, 1, 2)
        wait_until(lambda: len(told()) == 3)
        casino.take("worker", taken)
        bets(3, 4, 5)
        _, said = process.communicate(timeout=60)

    assert 1 == len([line for line in said.splitlines() if line.startswith("croupier: ")])
    assert f"croupier: we are not allowed: {taken}. {ADVICE}" in said
    assert process.returncode in (1, 2)
    assert 3 == len(told())
    casino.grant("worker", [taken])
    assert 0 == croupier("worker", "run", "player", "--drain")[0]
    assert [f"casino/debit/c{number}" for number in range(6)] == told()
    assert 0 == croupier("support", "audit")[0]
