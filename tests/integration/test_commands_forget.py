"""`croupier forget` on samples that went through a real Kafka: the proof, and what other commands then tell."""

import json
from collections.abc import Mapping

import pytest

from tests.integration.conftest import Croupier, Told
from tests.integration.processes import working
from tests.integration.records import Servers, read

pytestmark = [pytest.mark.xdist_group("commands-forget"), pytest.mark.usefixtures("processed")]

PLAYER = "125917"
OTHER = "318822"


def test_the_proof_says_what_was_deleted_and_what_remains_until_when(croupier: Croupier, told: Told) -> None:
    code, out, _ = told("forget", PLAYER, "--dry-run", "--format", "json")
    before = json.loads(out)
    assert (0, True, {}) == (code, bool(before["rows"]), before["deleted"])

    code, out, err = told("forget", PLAYER, "--yes", "--format", "json", "--reason", "a request")

    found = json.loads(out)
    deleted = {name: count for name, count in found["deleted"].items() if name != "commit"}
    assert (0, before["rows"], {}) == (code, deleted, found["rows"])
    assert err.startswith("forget ")
    until = {each["topic"].rpartition(".")[2].rpartition("-")[2]: each["until"] for each in found["topics"]}
    assert {"state": "compacted", "control": None}.items() <= until.items()
    assert all(each["records"] > 0 for each in found["topics"] if each["topic"].endswith(("-events", "-journal")))

    code, out, _ = told("forget", PLAYER, "--dry-run")
    assert code == 0
    assert [] == [line for line in out.splitlines() if len(line) > 80]
    assert "in the state now: nothing" in out
    assert 0 == croupier("run", "player", "--drain")


def test_other_commands_know_that_a_player_was_forgotten(croupier: Croupier, told: Told) -> None:
    _, before, _ = told("explain", OTHER)
    assert 0 == croupier("forget", PLAYER, "--yes")

    code, out, err = told("audit")
    assert (0, "") == (code, err), out
    assert ", 0 differ" in out
    _, story, _ = told("explain", PLAYER)
    assert "forgotten" in story
    assert "wrote" not in story
    assert before == told("explain", OTHER)[1]
    code, out, err = told("rewind", "--partition", "all", "--to-earliest", "--preview")
    assert (0, False) == (code, PLAYER in out), err
    assert 0 == croupier("rewind", "--partition", "all", "--to-earliest", "--execute", "--yes")
    assert 0 == croupier("run", "player", "--drain")
    assert {} == json.loads(told("forget", PLAYER, "--dry-run", "--format", "json")[1])["rows"]
    assert 0 == told("audit")[0]


def test_a_worker_that_runs_does_it(environment: Mapping[str, str], told: Told) -> None:
    with working(environment):
        code, out, err = told("forget", PLAYER, "--yes", "--format", "json")

    found = json.loads(out)
    assert (0, {}) == (code, found["rows"])
    assert {"payment", "bonus"} <= found["deleted"].keys()
    assert "a worker has taken it up" in err


def test_what_is_refused_without_workers_is_asked_of_none_that_comes_later(
    croupier: Croupier, told: Told, environment: Mapping[str, str], servers: Servers
) -> None:
    def places() -> set[tuple[str, int, int]]:
        topics = [f"{environment['CROUPIER_APP']}-{name}" for name in ("control", "journal")]
        return {(topic, *record[:2]) for topic in topics for record in read(servers, topic)}

    assert 0 == croupier("rewind", "--partition", "all", "--shift-by", "1", "--execute", "--yes")
    before = places()

    code, out, err = told("forget", PLAYER, "--yes")

    assert (1, "", 1) == (code, out, err.count("\n")), err
    assert "is still under way: start a worker" in err
    assert before == places()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["forget", PLAYER, "--yes", "--reason", f"{PLAYER} asked"], "names the player", id="a name"),
        pytest.param(["forget", PLAYER], "--yes is needed", id="nobody can be asked"),
        pytest.param(["forget", "", "--yes"], "the player's id is empty", id="nobody"),
    ],
)
def test_what_is_not_meant_is_refused(told: Told, arguments: list[str], expected: str) -> None:
    code, out, err = told(*arguments)

    assert (2, "", True) == (code, out, expected in err)
