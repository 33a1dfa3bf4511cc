"""`croupier rewind` as an operator uses it, on the main topology: planned, executed by a worker, told afterwards."""

import json
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer

from tests.integration.conftest import FEW, PARTITIONS, Croupier, Told
from tests.integration.installation import wait_until
from tests.integration.processes import at_terminal, at_work, phase, send_bets, working

Lines = list[dict[str, Any]]


@pytest.fixture
def lines(told: Told) -> Callable[..., Lines]:
    """Runs a command that prints JSON Lines."""

    def run(*arguments: object) -> Lines:
        code, out, err = told(*arguments, "--format", "jsonl")
        assert (0, "") == (code, err)
        return [json.loads(line) for line in out.splitlines()]

    return run


@pytest.fixture
def events(lines: Callable[..., Lines]) -> Callable[[], Lines]:
    """All CRM events, in the order of their partitions."""
    return lambda: sorted(lines("tap", "--from-start", "--drain"), key=lambda each: (each["partition"], each["offset"]))


def ids(found: Lines) -> Counter[tuple[str, str]]:
    return Counter((each["key"], each["headers"]["event-id"]) for each in found)


def of_type(found: Lines, type_: str) -> Lines:
    return [each for each in found if each["headers"]["type"] == type_]


@pytest.mark.usefixtures("processed")
def test_a_plan_says_what_would_be_taken_back_and_does_nothing(
    told: Told, events: Callable[[], Lines], tmp_path: Path
) -> None:
    before = events()
    file = tmp_path / "plans.jsonl"

    code, out, err = told("rewind", "--partition", "all", "--to-earliest")
    assert (0, out, "") == told("rewind", "--partition", "0-1", "--to-earliest", "--plan", file)

    plans = [json.loads(line) for line in file.read_text().splitlines()]
    assert (0, "nothing was done: --execute does it, --plan FILE keeps the plan for --apply FILE\n") == (code, err)
    assert max(map(len, out.splitlines())) <= 80
    assert out.startswith("PARTITION  COMMIT")
    assert [0, 1] == [each["partition"] for each in plans]
    assert 32 == sum(sum(each["records"].values()) for each in plans)
    assert len(before) == sum(each["events"] for each in plans)
    assert 1 == sum(each["dead_letters"] for each in plans)
    assert before == events()


CASINO = [
    pytest.param("casino_vendor_name=Wrong", "casino_vendor_name=NetGaming", "changed", id="a wrong name"),
    pytest.param("casino_events=false", "casino_events=true", "added", id="events that were forgotten"),
    pytest.param("casino_events=true", "casino_events=false", "vanished", id="events that should not have been"),
]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(("wrong", "right", "what"), CASINO)
def test_a_rule_that_was_wrong_is_made_right_by_a_rewind_online(
    told: Told,
    croupier: Croupier,
    lines: Callable[..., Lines],
    events: Callable[[], Lines],
    environment: Mapping[str, str],
    wrong: str,
    right: str,
    what: str,
) -> None:
    assert 0 == croupier("run", "player", "--drain", "--set", FEW, "--set", wrong)
    before = events()
    with working(environment, right):
        code, out, err = told(
            "rewind", "--partition", "all", "--to-earliest", "--execute", "--reason", "a wrong rule", "--yes"
        )
    after = events()
    [name] = {each["id"] for each in lines("rewind", "history")}
    report = lines("rewind", "report", name)

    assert 0 == code, err
    assert PARTITIONS == sum(": done, same " in line for line in out.splitlines())
    assert [f"what differs: croupier rewind report {name}"] == err.splitlines()[-1:]
    casino = of_type(after, "CASINO")
    assert {what} == {each["what"] for each in report}
    assert ids(casino) == Counter((each["key"], each["id"]) for each in report)
    sent_again = [each for each in after if "replay" in each["headers"]]
    assert (casino if what == "added" else []) == sent_again
    assert ids(before) + ids(sent_again) == ids(after)
    by_id = {(each["key"], each["headers"]["event-id"]): each["value"] for each in before}
    assert [] == [each for each in report if each["old"] != by_id.get((each["key"], each["id"]))]
    assert [] == [each for each in report if (each["new"] is None) != (what == "vanished")]
    assert [] == [each for each in report if each["correction"] != rolled_back(each)]


def rolled_back(line: Mapping[str, Any]) -> Mapping[str, Any] | None:
    old = line["old"]
    if old is None or old["status"] != "Approved":
        return None
    return {"key": line["key"], "headers": {"type": "CASINO"}, "value": {**old, "status": "Rollback"}}


@pytest.mark.usefixtures("processed")
def test_rewinds_are_remembered_with_who_why_and_what_came_out(
    told: Told, lines: Callable[..., Lines], environment: Mapping[str, str]
) -> None:
    assert (0, "", "there was no rewind yet\n") == told("rewind", "history")
    with working(environment):
        code, out, err = told("rewind", "--partition", "1", "--shift-by", "2", "--execute", "--reason", "to see it")
    assert 0 == code, err
    [found] = lines("rewind", "history")
    history = told("rewind", "history")[1]
    report = told("rewind", "report", found["id"])

    assert ("to see it", "done", 1, "delta") == tuple(found[name] for name in ("reason", "state", "partition", "emit"))
    assert ["accepted", "back", "done"] == list(found["answers"])
    assert f"partition 1: done, same {found['counts']['same']}, changed 0, added 0, vanished 0" in out
    assert (0, out.splitlines()[-1:], "") == (report[0], report[1].splitlines(), report[2])
    assert f"  by {found['by']}: to see it. same {found['counts']['same']}" in history
    assert (0, "", "no rewind is under way\n") == told("rewind", "status")


@pytest.mark.usefixtures("processed")
def test_a_plan_is_executed_once_and_never_after_the_journal_has_outgrown_it(
    told: Told, events: Callable[[], Lines], environment: Mapping[str, str], tmp_path: Path
) -> None:
    before, file = events(), tmp_path / "plans.jsonl"
    with working(environment):
        assert 0 == told("rewind", "--partition", "0", "--to-earliest", "--plan", file)[0]
        first = told("rewind", "--apply", file, "--emit", "all")
        second = told("rewind", "--apply", file, "--emit", "all")

    assert 0 == first[0], first
    assert (1, "") == second[:2]
    assert second[2].startswith("croupier: partition 0: the journal has outgrown this plan: it was made at commit ")
    again = [each for each in events() if "replay" in each["headers"]]
    assert ids([each for each in before if each["partition"] == 0]) == ids(again)


@pytest.mark.usefixtures("processed")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param(("--to-commit", 999), "there is no commit 999 yet: the newest is commit ", id="not there yet"),
        pytest.param(("--shift-by", 999), "999 commits before the newest is out of reach", id="too far"),
    ],
)
def test_a_refusal_is_one_line_that_names_what_is_possible(told: Told, arguments: Sequence[str], why: str) -> None:
    code, out, err = told("rewind", "--partition", "1", *arguments)

    assert (1, "", 1) == (code, out, err.count("\n"))
    assert err.startswith("croupier: partition 1: ")
    assert why in err
    assert ". the earliest possible target is commit 1 (" in err


@pytest.mark.usefixtures("processed")
def test_a_time_in_which_the_journal_was_off_cannot_be_crossed(
    told: Told, croupier: Croupier, environment: Mapping[str, str]
) -> None:
    partition = send_bets(environment, range(3))
    assert 0 == croupier("run", "player", "--drain", "--set", "rewind_window=0")
    off = told("rewind", "--partition", partition, "--shift-by", 1)
    send_bets(environment, range(3, 6))
    assert 0 == croupier("run", "player", "--drain")
    before = told("rewind", "--partition", partition, "--to-commit", 1)
    earliest = told("rewind", "--partition", partition, "--to-earliest")

    assert (1, "", 1) == (off[0], off[1], off[2].count("\n"))
    assert "the group is beyond the journal, which ends with commit " in off[2]
    assert (1, "", 1) == (before[0], before[1], before[2].count("\n"))
    assert "commit 1 is out of reach: the journal has commit " in before[2]
    assert (0, "") == earliest[:2]
    assert "nothing to take back" in earliest[2]


@pytest.mark.usefixtures("processed")
def test_a_target_behind_everything_takes_nothing_back(told: Told) -> None:
    code, out, err = told("rewind", "--partition", "1", "--by-duration", "0", "--execute")

    assert (0, "") == (code, out)
    assert err.startswith("partition 1: nothing to take back, commit ")


@pytest.mark.usefixtures("processed")
def test_partitions_that_do_not_exist_are_refused(told: Told) -> None:
    code, out, err = told("rewind", "--partition", "1-2", "--to-earliest")

    assert (1, "") == (code, out)
    assert err.startswith("croupier: there is no partition 2: ")


@pytest.mark.usefixtures("processed")
def test_without_a_worker_it_is_taken_back_and_the_next_worker_replays(
    told: Told, croupier: Croupier, lines: Callable[..., Lines], events: Callable[[], Lines]
) -> None:
    before = events()
    code, _, err = told("rewind", "--partition", "all", "--to-earliest", "--execute")
    waiting = [each["state"] for each in lines("rewind", "status")]
    assert 0 == croupier("run", "player", "--drain")

    assert (0, True) == (code, "no worker is running: the replay begins when one does" in err)
    assert ["replaying"] * PARTITIONS == waiting
    assert ["done"] * PARTITIONS == [each["state"] for each in lines("rewind", "history")]
    assert before == events()


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_a_group_of_either_kind_is_seen_to_have_members_or_none(environment: Mapping[str, str], protocol: str) -> None:
    before = phase(environment)
    with working(environment, f"group_protocol={protocol}"):
        meanwhile = phase(environment)

    assert ("empty", "stable", "empty") == (before, meanwhile, phase(environment))


@pytest.mark.usefixtures("processed")
def test_while_members_come_and_go_it_waits_and_says_so(environment: Mapping[str, str], app: str) -> None:
    """One member does not look whether another one has come: so the group cannot settle."""
    config = {"bootstrap.servers": environment["CROUPIER_BOOTSTRAP_SERVERS"], "group.id": app}
    inputs = [environment["CROUPIER_TOPIC_CALLS"]]
    with closing(Consumer(config)) as slow:
        slow.subscribe(inputs)
        wait_until(lambda: not slow.poll(0.1) and bool(slow.assignment()))
        with closing(Consumer(config)) as other:
            other.subscribe(inputs)
            wait_until(lambda: not other.poll(0.1) and phase(environment) == "moving")
            waiting = at_work(environment, "rewind", "--partition", "0", "--to-earliest", "--execute")
            first = waiting.stderr.readline() if waiting.stderr else ""
    _, said = waiting.communicate(timeout=60)

    assert f"waiting: the members of group {app} come and go\n" == first
    assert (0, True) == (waiting.returncode, "partition 0: commit 1 reached" in said)


@pytest.mark.usefixtures("processed")
def test_a_command_that_comes_too_late_is_not_begun(
    told: Told, lines: Callable[..., Lines], environment: Mapping[str, str]
) -> None:
    with working(environment):
        code, _, err = told("rewind", "--partition", "1", "--to-earliest", "--execute", "--deadline", "0")

    assert 1 == code
    assert "croupier: partition 1: expired: no worker has taken it up before its deadline" == err.splitlines()[-1]
    assert ["expired"] == [each["state"] for each in lines("rewind", "history")]


@pytest.mark.usefixtures("processed")
def test_much_is_not_taken_back_where_nobody_can_be_asked(told: Told, tmp_path: Path) -> None:
    file = many_players(told, tmp_path)

    code, out, err = told("rewind", "--apply", file)
    sure, _, why = told("rewind", "--apply", file, "--yes")

    assert (2, "PARTITION") == (code, out.split()[0])
    assert "this takes back what 20,000 players have done: --yes is needed where nobody can be asked" in err
    assert (0, True) == (sure, "partition 1: commit 1 reached" in why)


@pytest.mark.usefixtures("processed")
def test_much_is_asked_for_at_a_terminal(told: Told, environment: Mapping[str, str], tmp_path: Path) -> None:
    file = many_players(told, tmp_path)

    code, shown = at_terminal(environment, "n\n", "rewind", "--apply", str(file))

    assert 1 == code
    assert "this takes back what 20,000 players have done. go on? [y/N]: " in shown
    assert "croupier: nothing was done" in shown


def many_players(told: Told, directory: Path) -> Path:
    file = directory / "plans.jsonl"
    assert 0 == told("rewind", "--partition", "1", "--to-earliest", "--plan", file)[0]
    file.write_text(json.dumps({**json.loads(file.read_text()), "players": 20_000}))
    return file


BETS = 200


@pytest.mark.usefixtures("loaded")
def test_a_rewind_under_way_is_followed_left_alone_and_not_disturbed(
    told: Told, lines: Callable[..., Lines], environment: Mapping[str, str]
) -> None:
    """Each bet is a commit, each commit a step: it takes a while."""
    partition = send_bets(environment, range(BETS))
    slow = ("batch_records_max=1", "rewind_step_rows=1")
    with working(environment, *slow):
        first = at_work(environment, "rewind", "--partition", str(partition), "--to-earliest", "--execute", "--yes")
        wait_until(lambda: "going back" in told("rewind", "status")[1])
        first.send_signal(signal.SIGINT)
        status = told("rewind", "status")
        second = told("rewind", "--partition", partition, "--shift-by", 1, "--execute", "--yes")
        _, left = first.communicate(timeout=60)
        wait_until(lambda: lines("rewind", "status") == [])

    assert 1 == first.returncode
    assert left.splitlines()[-1] == (
        "croupier: nobody watches any more; the rewind goes on. croupier rewind status shows how far"
    )
    assert (0, "ID", "") == (status[0], status[1].split()[0], status[2])
    assert 1 == second[0]
    assert "still under way" in second[2].splitlines()[-1]
    assert ["done"] == [each["state"] for each in lines("rewind", "history")]


@pytest.mark.usefixtures("processed")
def test_a_terminal_shows_how_far_the_replay_is(environment: Mapping[str, str]) -> None:
    with working(environment):
        code, shown = at_terminal(environment, "", "rewind", "--partition", "all", "--to-earliest", "--execute")

    assert 0 == code, shown
    assert "replayed" in shown
    assert "100%" in shown
