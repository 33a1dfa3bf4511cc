"""`croupier tap` as analysts use it: in a pipe, on a terminal, with filters."""

import csv
import fcntl
import json
import os
import pty
import secrets
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from tests.integration.installation import Installation, wait_until
from tests.integration.processes import mortal
from tests.integration.records import Outgoing
from tests.integration.sources import at, at_ms, bet, change, order, sent

ALL = ("--from-start", "--drain")
BETS = 300
LONG = "a-player-whose-id-is-longer-than-any-column-of-a-table-has-a-right-to-be-0123456789"
SETTINGS = {"CROUPIER_ORIGIN_BY_CASINO": "123=www.brand.com", "CROUPIER_ORIGIN_BY_CURRENCY": "EUR=www.brand.com"}


@pytest.fixture(scope="module")
def installation(bootstrap_servers: str, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A history: a payment and a bonus of one player, many bets of another, and some dead letters."""
    app, directory = f"t{secrets.token_hex(5)}", tmp_path_factory.mktemp("tap")
    installed = Installation(bootstrap_servers, app, directory, SETTINGS)
    installed.create_topics(partitions=2)
    documents = [
        order("anna", "o1", 0, Status="pending", Result=None),
        order("anna", "o1", 5, CreatedTime=at(0)),
        change("anna", "b1", 10, meta={"campaign": {"name": "spring"}}),
        order(LONG, "a-payment-whose-id-is-fifty-characters-long-0123456", 12, AlternativeMethod="Alipay"),
        *(bet("bert", f"c{number}", 20 + number) for number in range(BETS)),
        bet("bert", "in another currency", 1000, currency="SEK"),
        order("anna", "o2", 1001, Status="teleported\x1b[2J"),
        change("anna", "b\n1", 1002, status="Lost"),
    ]
    installed.send(map(sent, documents))
    installed.send([Outgoing("netgaming.debits", None, b"\xff", at_ms(1003))])
    installed.drain()
    return installed


def on_a_terminal(installation: Installation, *arguments: str, columns: int, variable: bool = True) -> list[str]:
    """What a command shows on a terminal of so many columns, which says it by a variable or by itself."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 200 if variable else columns, 0, 0))
    environment = {name: value for name, value in installation.environment.items() if name != "COLUMNS"}
    if variable:
        environment["COLUMNS"] = str(columns)
    command = [sys.executable, "-m", "cli", *arguments]
    with subprocess.Popen(
        command, cwd=installation.directory, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert 0 == process.returncode, shown
    return shown.decode().replace("\r\n", "\n").splitlines()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that nobody holds the other side
        return b""


def piped(installation: Installation, pipeline: str, settings: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Standard output and error of a pipeline that begins with `croupier`, every part of which ends well."""
    croupier = f'croupier() {{ "{sys.executable}" -m cli "$@"; }}; set -o pipefail; croupier {pipeline}'
    done = subprocess.run(
        ["bash", "-c", croupier],
        cwd=installation.directory,
        env={**installation.environment, **(settings or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout, done.stderr


def test_each_line_of_a_pipe_is_a_json_object_of_one_shape(installation: Installation) -> None:
    lines = [json.loads(line) for line in installation.must("tap", *ALL).splitlines()]

    assert 4 + BETS == len(lines)
    assert {("topic", "partition", "offset", "timestamp", "key", "headers", "value")} == {tuple(line) for line in lines}
    assert {(str, int, int, str, str, dict, dict)} == {tuple(map(type, line.values())) for line in lines}
    assert {("type", "event-id", "cause")} == {tuple(line["headers"]) for line in lines}
    assert {True} == {line["timestamp"].endswith("Z") for line in lines}
    assert [] == [line for line in lines if datetime.fromisoformat(line["timestamp"]).tzinfo is None]


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_jq_reads_it(installation: Installation) -> None:
    out, said = piped(
        installation, "tap --from-start --drain | jq -r '[.headers.type, .value.amount] | @tsv' | sort | uniq -c"
    )

    assert ["1 BONUS 20", f"{BETS} CASINO 1", "3 PAYMENT 45"] == [" ".join(line.split()) for line in out.splitlines()]
    assert "" == said


@pytest.mark.parametrize("form", ["csv", "jsonl", "table"])
def test_a_pipe_that_closes_early_is_a_quiet_end(installation: Installation, form: str) -> None:
    out, said = piped(installation, f"tap --from-start --drain --format {form} | head -1")

    assert (1, "") == (out.count("\n"), said)


def test_csv_is_a_table_for_a_spreadsheet(installation: Installation) -> None:
    rows = list(csv.DictReader(installation.must("tap", *ALL, "--format", "csv").splitlines()))

    assert 4 + BETS == len(rows)
    bonus = next(row for row in rows if row["event"] == "BONUS")
    assert ("anna", "WelcomeBonus", "Created", "20.0", "EUR", "b1") == tuple(
        bonus[name] for name in ("key", "type", "status", "amount", "currency", "id")
    )
    assert {"campaign": {"name": "spring"}} == json.loads(bonus["value"])["meta"]


@pytest.mark.parametrize(
    ("arguments", "columns", "variable"),
    [
        pytest.param([], 80, True, id="events, at 80 columns of the environment"),
        pytest.param([], 60, False, id="events, on a terminal 60 columns wide"),
        pytest.param(["{app}-dead-letters"], 80, True, id="dead letters"),
        pytest.param(["{app}.rebilly.orders"], 80, True, id="an input"),
        pytest.param(["{app}-state"], 80, False, id="state"),
    ],
)
def test_a_terminal_gets_a_table_that_fits(
    installation: Installation, arguments: list[str], columns: int, *, variable: bool
) -> None:
    named = [argument.format(app=installation.app) for argument in arguments]

    lines = on_a_terminal(installation, "tap", *named, *ALL, columns=columns, variable=variable)

    assert lines[0].startswith("TIME ")
    assert [] == [line for line in lines if len(line) > columns]
    assert [] == [line for line in lines if not line.isprintable()]


def test_a_table_of_events_says_who_got_what_and_when(installation: Installation) -> None:
    lines = on_a_terminal(installation, "tap", *ALL, "--player", "anna", columns=80)

    assert [
        "TIME PLAYER EVENT TYPE STATUS AMOUNT ID",
        "08-24 14:00:00 anna PAYMENT Credit Requested 45.00 EUR o1",
        "08-24 14:00:05 anna PAYMENT Credit Approved 45.00 EUR o1",
        "08-24 14:00:10 anna BONUS WelcomeBonus Created 20.00 EUR b1",
    ] == [" ".join(line.split()) for line in lines]


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--type", "PAYMENT", "--player", "anna"], ["payment/o1/Requested", "payment/o1/Approved"]),
        (["--type", "PAYMENT,BONUS", "--status", "Requested,Created"], ["payment/o1/Requested", "bonus/b1/0/Created"]),
        (["--player", "anna", "--status", "Approved"], ["payment/o1/Approved"]),
        (["--where", "meta.campaign.name=spring"], ["bonus/b1/0/Created"]),
        (["--where", "activity_id=c7", "--where", "amount=1"], ["casino/debit/c7"]),
        (["--player", "bert", "--limit", "2"], ["casino/debit/c0", "casino/debit/c1"]),
        (["--player", "nobody"], []),
    ],
    ids=" ".join,
)  # fmt: skip
def test_filters_choose(installation: Installation, arguments: list[str], ids: list[str]) -> None:
    out = installation.must("tap", *ALL, *arguments)

    assert ids == [json.loads(line)["headers"]["event-id"] for line in out.splitlines()]


def test_since_goes_by_the_records_own_time(installation: Installation) -> None:
    def since(name: str, time: str) -> list[str]:
        out = installation.must("tap", installation.topic(name), "--drain", "--since", time)
        return [json.loads(line)["key"] for line in out.splitlines()]

    assert ["anna"] == since("rebilly.orders", at(13))
    assert 4 + BETS == len(since("crm.events", "1h"))
    assert [] == since("crm.events", "0")


def test_what_comes_from_now_on_is_shown_as_it_comes(installation: Installation) -> None:
    """Without --from-start and --drain it waits, until enough has come."""
    topic = installation.topic("platform.bonuses")
    command = [sys.executable, "-m", "cli", "tap", topic, "--limit", "1", "--player", "carl"]
    outgoing = sent(change("carl", "b1", 2000))
    with mortal(
        subprocess.Popen(
            command, cwd=installation.directory, env=installation.environment, stdout=subprocess.PIPE, text=True
        )
    ) as process:
        assert process.stdout is not None

        def has_ended() -> bool:
            installation.send([outgoing])
            return process.poll() is not None

        wait_until(has_ended)
        told: dict[str, Any] = json.loads(process.stdout.read())

    assert (0, "carl", "b1", "2019-08-24T14:33:20Z") == (
        process.returncode,
        told["key"],
        told["value"]["user_bonus_id"],
        told["value"]["updated_at"],
    )


def test_dead_letters_show_class_and_reason(installation: Installation) -> None:
    letters = [json.loads(line) for line in installation.must("tap", installation.dead_letter_topic, *ALL).splitlines()]
    shown = " ".join(on_a_terminal(installation, "tap", installation.dead_letter_topic, *ALL, columns=80))

    assert [
        ("illegal-transition", "Lost after nothing", {"user_bonus_id": "b\n1"}),
        ("undecodable", "the value does not begin with a schema id or a fingerprint", {"bytes": "/w=="}),
        ("unknown-combination", "unknown combination: deposit teleported\x1b[2J/approved", {"OrderID": "o2"}),
        ("unmapped-origin", "currency has no origin: `SEK`", {"action": "debit"}),
    ] == sorted(_told(letter) for letter in letters)
    assert [] == [word for letter in letters for word in (letter["headers"]["dead-letter.class"],) if word not in shown]
    assert "Lost after nothing" in shown
    assert "currency has no origin: `SEK`" in shown


def _told(letter: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Class, reason, and by what the value is known again."""
    names = ("user_bonus_id", "bytes", "OrderID", "action")
    known = next(name for name in names if name in letter["value"])
    headers = letter["headers"]
    return headers["dead-letter.class"], headers["dead-letter.reason"], {known: letter["value"][known]}
