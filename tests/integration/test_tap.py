import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from tests.integration.processes import mortal
from tests.integration.records import AT_ONCE
from topologies.runtime.kafka.admin import Admin, TopicSpec
from topologies.runtime.kafka.config import Cluster
from topologies.units import instant

Croupier = Callable[..., int]
Output = pytest.CaptureFixture[str]
Named = Callable[[str], str]
Tapped = Callable[..., list[dict[str, Any]]]

CLI = Path(__file__).parents[2] / "cli.py"

PAYMENT = {"type": "Credit", "status": "Approved", "amount": 20.0, "currency": "GBP", "payment_id": "123_1"}
BONUS = {
    "type": "WelcomeBonus",
    "status": "Created",
    "amount": 20.5,
    "currency": "GBP",
    "user_bonus_id": "125917-77",
    "meta": {"campaign": "spring"},
}
AT = "2026-11-20T10:00:00Z"


@pytest.fixture
def events(bootstrap_servers: str, topic: Named) -> str:
    """A topic of two partitions with three events."""
    name = topic("events")
    Admin(Cluster(bootstrap_servers, {}, "test")).create([TopicSpec(name, 2, 1, {})])
    producer = Producer({"bootstrap.servers": bootstrap_servers, **AT_ONCE, "enable.idempotence": True})
    for minute, (player, kind, event) in enumerate(
        [
            ("125917", "PAYMENT", PAYMENT),
            ("125917", "BONUS", BONUS),
            ("230011", "PAYMENT", {**PAYMENT, "status": "Rejected"}),
        ]
    ):
        value = json.dumps({**event, "timestamp": f"2026-11-20T10:0{minute}:00Z"})
        headers: Any = [("type", kind.encode()), ("event-id", b"x")]
        time_ms = instant(AT) + minute * 60_000
        producer.produce(name, value, player, partition=int(player == "230011"), headers=headers, timestamp=time_ms)
    assert 0 == producer.flush(30)
    return name


@pytest.fixture
def tapped(croupier: Croupier, capsys: Output) -> Tapped:
    def tap(*arguments: object) -> list[dict[str, Any]]:
        assert 0 == croupier("tap", *arguments, "--drain", "--format", "jsonl")
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return tap


def test_a_line_is_the_whole_record(tapped: Tapped, events: str) -> None:
    assert {
        "topic": events,
        "partition": 1,
        "offset": 0,
        "timestamp": "2026-11-20T10:02:00Z",
        "key": "230011",
        "headers": {"type": "PAYMENT", "event-id": "x"},
        "value": {**PAYMENT, "status": "Rejected", "timestamp": "2026-11-20T10:02:00Z"},
    } == tapped("--from-start", "--player", "230011")[0]


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("chosen", "times"),
    [
        pytest.param([], 3, id="all"),
        pytest.param(["--type", "PAYMENT"], 2, id="by type"),
        pytest.param(["--type", "BONUS,CASINO"], 1, id="by one of two types"),
        pytest.param(["--player", "125917"], 2, id="by player"),
        pytest.param(["--status", "Approved,Rejected"], 2, id="by status"),
        pytest.param(["--status", "approved"], 0, id="a status has its case"),
        pytest.param(["--where", "amount=20"], 2, id="a number is compared as a number"),
        pytest.param(["--where", "meta.campaign=spring"], 1, id="by a field of a field"),
        pytest.param(["--where", "meta.campaign=spring", "--where", "amount=20"], 0, id="all fields must fit"),
        pytest.param(["--where", "meta=spring"], 0, id="an object is no text"),
        pytest.param(["--partition", "1"], 1, id="by partition"),
        pytest.param(["--partition", "all"], 3, id="all partitions"),
        pytest.param(["--limit", "2"], 2, id="so many"),
    ],
)
def test_records_are_filtered(tapped: Tapped, chosen: list[str], times: int) -> None:
    assert times == len(tapped("--from-start", *chosen))


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("since", "times"),
    [("2026-11-20T10:01:00Z", 2), ("2026-11-20T10:01:00.001Z", 1), ("2026-11-20", 3), ("P10000D", 3)],
)
def test_reading_begins_at_a_time(tapped: Tapped, since: str, times: int) -> None:
    assert times == len(tapped("--since", since))


@pytest.mark.usefixtures("events")
def test_reading_begins_with_what_comes_next(tapped: Tapped) -> None:
    assert [] == tapped()


@pytest.mark.usefixtures("events")
def test_the_topic_of_the_events_needs_no_name(tapped: Tapped, events: str) -> None:
    assert {events} == {record["topic"] for record in tapped("--from-start")}


@pytest.mark.usefixtures("events")
def test_a_table_fits_into_eighty_columns(croupier: Croupier, capsys: Output) -> None:
    assert 0 == croupier("tap", "--from-start", "--drain", "--partition", "0", "--format", "table")

    assert [
        "TIME           PLAYER    EVENT   TYPE          STATUS    AMOUNT      ID",
        "11-20 10:00:00 125917    PAYMENT Credit        Approved    20.00 GBP 123_1",
        "11-20 10:01:00 125917    BONUS   WelcomeBonus  Created     20.50 GBP 125917-77",
    ] == capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("events")
def test_csv_has_one_heading_and_the_whole_value(croupier: Croupier, capsys: Output) -> None:
    assert 0 == croupier("tap", "--from-start", "--drain", "--player", "125917", "--format", "csv")

    payment, bonus = csv.DictReader(capsys.readouterr().out.splitlines())
    assert ("PAYMENT", "Approved", "20.0", "123_1") == (
        payment["event"],
        payment["status"],
        payment["amount"],
        payment["id"],
    )
    assert {**BONUS, "timestamp": "2026-11-20T10:01:00Z"} == json.loads(bonus["value"])


def test_records_of_an_aborted_or_open_transaction_are_not_read(
    tapped: Tapped, events: str, bootstrap_servers: str, app: str
) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "transactional.id": app})
    producer.init_transactions(30)
    for end in (producer.abort_transaction, lambda: producer.flush(30)):
        producer.begin_transaction()
        producer.produce(events, b"{}", b"nobody", partition=0)
        producer.flush(30)
        end()

    assert 3 == len(tapped("--from-start"))
    producer.abort_transaction(30)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b'{"a": 1}', {"a": 1}, id="JSON"),
        pytest.param(None, None, id="a deletion"),
        pytest.param(b"\xff\xfe", {"bytes": "//4="}, id="bytes of somebody"),
        pytest.param(b"\x00\x00\x00\x00\x07abc", {"bytes": "AAAAAAdhYmM="}, id="a schema id, and no registry"),
        pytest.param(b"\xc3\x01nobodyknows", {"bytes": "wwFub2JvZHlrbm93cw=="}, id="a fingerprint that nobody knows"),
    ],
)
def test_a_value_that_nobody_can_decode_is_shown_as_bytes(
    tapped: Tapped, bootstrap_servers: str, topic: Named, value: bytes | None, expected: object
) -> None:
    name = topic("odd")
    Admin(Cluster(bootstrap_servers, {}, "test")).create([TopicSpec(name, 1, 1, {})])
    producer = Producer({"bootstrap.servers": bootstrap_servers})
    producer.produce(name, value)
    assert 0 == producer.flush(30)

    assert [(None, expected)] == [(record["key"], record["value"]) for record in tapped(name, "--from-start")]


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nope"], 2, "topics are missing: nope. "),
        (["--partition", "0,7"], 1, "has 2 partitions, and no 7"),
        (["--since", "2h", "--from-start"], 2, "exclude each other"),
        (["--since", "soon"], 2, "`soon` is no time such as"),
        (["--partition", "x"], 2, "`x` is no set of partitions"),
        (["--where", "amount"], 2, "`amount` is not KEY=VALUE"),
    ],
)
def test_what_cannot_be_tapped_is_said_in_one_line(
    croupier: Croupier, capsys: Output, arguments: list[str], code: int, message: str
) -> None:
    assert code == croupier("tap", *arguments, "--drain")

    said = capsys.readouterr()
    assert ("", 1) == (said.out, said.err.count("\n"))
    assert message in said.err


@pytest.mark.usefixtures("events")
def test_a_closed_pipe_is_a_quiet_end(environment: Mapping[str, str]) -> None:
    command = f"{sys.executable} {CLI} tap --from-start --format jsonl | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    line, code = done.stdout.splitlines()
    assert ("0", "") == (code, done.stderr)
    assert "value" in json.loads(line)


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_ctrl_c_and_sigterm_are_a_quiet_end(environment: Mapping[str, str], name: str) -> None:
    with mortal(
        subprocess.Popen(
            [sys.executable, CLI, "tap", "--from-start"],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(getattr(signal, name))
        _, said = process.communicate(timeout=60)

    assert (0, "") == (process.returncode, said)
