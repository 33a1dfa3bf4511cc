"""`croupier audit` as an operator uses it: what is right is verified, and what is not is found where it is."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from processors.casino import Bet
from tests.integration.conftest import FEW, PARTITIONS, Told, now
from tests.integration.installation import wait_until
from tests.integration.processes import ends, working
from tests.integration.records import Outgoing, Servers, read, send
from tests.integration.sources import at_ms, bet, sent
from topologies.wire import dump_json, load_json

PLAYERS = 5
"""Of the samples; a sixth only has a record that cannot be processed."""

FAILED = "croupier: what is recorded is not what these rules come to\n"


@pytest.mark.usefixtures("processed")
def test_what_the_same_rules_have_done_is_verified_and_nothing_is_written(
    told: Told, servers: Servers, environment: Mapping[str, str]
) -> None:
    before = ends(servers, environment)

    assert (0, f"{PLAYERS} players verified, 0 differ\n", "") == told("audit")
    assert (0, "", f"{PLAYERS} players verified, 0 differ\n") == told("audit", "--format", "jsonl")
    assert before == ends(servers, environment)


@pytest.mark.usefixtures("processed")
def test_one_player_of_each_partition_is_drawn(told: Told) -> None:
    assert (0, f"{PARTITIONS} players verified, 0 differ\n", "") == told("audit", "--sample", "1")
    assert (0, "1 players verified, 0 differ\n", "") == told("audit", "--sample", "1", "--partition", "1")


@pytest.mark.usefixtures("processed")
def test_another_rule_is_found_in_the_players_whom_it_concerns(told: Told) -> None:
    code, out, err = told("audit", "--set", "casino_vendor_name=Wrong", "--format", "jsonl")
    found = [json.loads(line) for line in out.splitlines()]
    shown = told("audit", "--set", "casino_vendor_name=Wrong")
    casino = events(told, "--type", "CASINO")

    assert 1 == code
    assert {(each["player"], each["event"]) for each in found} == set(casino)
    assert {"changed"} == {each["what"] for each in found}
    assert [] == [each for each in found if each["recomputed"] != {**each["recorded"], "vendor_name": "Wrong"}]
    assert casino == {(each["player"], each["event"]): each["recorded"] for each in found}
    players = len({player for player, _ in casino})
    assert f"{PLAYERS} players verified, {players} differ\n{FAILED}" == err
    assert (1, FAILED) == (shown[0], shown[2])
    assert f"{PLAYERS} players verified, {players} differ" == shown[1].splitlines()[-1]
    assert '  vendor_name "NetGaming" → "Wrong"' in shown[1].splitlines()
    assert max(map(len, shown[1].splitlines())) <= 80


def events(told: Told, *arguments: str) -> dict[tuple[str, str], Any]:
    _, out, _ = told("tap", "--from-start", "--drain", "--format", "jsonl", *arguments)
    lines = [json.loads(line) for line in out.splitlines()]
    return {(each["key"], each["headers"]["event-id"]): each["value"] for each in lines}


@pytest.mark.usefixtures("processed")
def test_a_row_that_somebody_has_falsified_is_found(
    told: Told, servers: Servers, environment: Mapping[str, str], state_dir: Path
) -> None:
    """A bet of 1 EUR more, in the topic that the state is read from when the disk is lost."""
    topic = f"{environment['CROUPIER_APP']}-state"
    true = {each.key: each for each in read(servers, topic)}
    key, row = next((key, each) for key, each in true.items() if b"\0bet\0" in (key or b"") and each.value)
    assert key is not None
    assert row.value is not None
    player, _, call = key.decode().split("\0")
    version, fields = load_json(row.value[8:])
    amount = Bet._fields.index("amount")
    fields[amount] += 100
    false = row.value[:8] + dump_json([version, fields])
    send(servers, [Outgoing(topic, key, false, row.timestamp, partition=row.partition)])
    shutil.rmtree(state_dir)

    code, out, err = told("audit", "--format", "jsonl")
    shown = told("audit")[1].splitlines()

    assert (1, f"{PLAYERS} players verified, 1 differ\n{FAILED}") == (code, err)
    [found] = [json.loads(line) for line in out.splitlines()]
    assert (player, f"bet/{call}", "changed") == (found["player"], found["row"], found["what"])
    assert fields == found["recorded"]
    assert fields[amount] - 100 == found["recomputed"][amount]
    assert f"  amount {fields[amount]} → {fields[amount] - 100}" == shown[2]


@pytest.mark.usefixtures("processed")
def test_while_a_worker_runs_and_records_flow_nothing_differs(
    told: Told, servers: Servers, environment: Mapping[str, str], topic: Callable[[str], str]
) -> None:
    count = 0

    def feed() -> None:
        nonlocal count
        for _ in range(20):
            count += 1
            made = sent(bet("anna", f"c{count}", 0), (now().wall_ms - at_ms(0)) / 1000)
            send(servers, [made._replace(topic=topic("calls"))])

    with working(environment, FEW):
        seen = environment["CROUPIER_TOPIC_EVENTS"]
        before = len(read(servers, seen))
        feed()
        wait_until(lambda: len(read(servers, seen)) > before)
        found = []
        for _ in range(3):
            feed()
            found.append(told("audit"))
    last = told("audit")

    assert [(0, f"{PLAYERS + 1} players verified, 0 differ\n", "")] * 4 == [*found, last]


@pytest.mark.usefixtures("loaded")
def test_without_a_journal_there_is_nothing_to_recompute_from(told: Told) -> None:
    code, out, err = told("audit", "--set", "rewind_window=0")

    assert (1, "") == (code, out)
    assert "croupier: there is no journal, so nothing can be recomputed: rewind_window is 0\n" == err
