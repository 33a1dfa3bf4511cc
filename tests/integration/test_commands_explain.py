"""`croupier explain` as support uses it: one player's story, from samples that went through a real Kafka."""

import json
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.installation import Installation, errors
from tests.integration.records import Outgoing
from tests.integration.sources import at_ms
from topologies.operations.demo import SAMPLES

SETTINGS = {
    "CROUPIER_ORIGIN": "brand.com",
    "CROUPIER_ORIGIN_BY_CASINO": "123=brand.com",
    # A commit for each record, so that the story is the same each time.
    "CROUPIER_BATCH_RECORDS_MAX": "1",
    # The samples are older than any test should care.
    "CROUPIER_STATE_RETENTION": "7d",
}
FIELDS = ("time", "what", "text", "where", "cause", "commit", "rewind", "details")
WRITTEN = re.compile(r"^\S+ \S+(?=  commit )", re.MULTILINE)
"""The time of a commit, or of a rewind."""

WITHDRAWAL = """\
player 318822, partition 1: 5 records, 7 events, 0 dead letters. times are UTC
2026-11-20 08:30:00  bonus 318822-4 Created: CashbackBonus 15.00 EUR
                     (platform.bonuses/1/0, commit 2)
                     → CRM: BONUS 318822-4 CashbackBonus Created 15.00 EUR
                now  commit 2 wrote
                     → bonus 318822-4: new, status Created
2026-11-20 08:35:00  bet 2501: 4.00 EUR, round 198970, bonus 318822-4, the round
                     ends
                     (netgaming.debits/1/0, commit 3)
                     → CRM: CASINO 2501 Bet Approved 4.00 EUR
                     → CRM: BONUS 318822-4 CashbackBonus Ongoing 15.00 EUR
                now  commit 3 wrote
                     → bonus 318822-4: status Created → Ongoing, wagered none →
                       4.00 EUR
                     → round 1/1/198970: new, bonuses 318822-4
                     → bet 2501: new, amount 4.00 EUR, counts for bonus
                       318822-4, wagers 4.00 EUR
2026-11-20 09:05:00  withdrawal 123_3001 pending: 200.00 EUR
                     (rebilly.orders/1/0, commit 4)
                     → CRM: PAYMENT 123_3001 Debit Requested 200.00 EUR
                now  commit 4 wrote
                     → payment 123_3001: new, status Requested
2026-11-20 09:05:01  bonus 318822-4 Forfeited: CashbackBonus 15.00 EUR, lost to
                     123_3001
                     (platform.bonuses/1/1, commit 5)
                     → CRM: BONUS 318822-4 CashbackBonus Forfeited 15.00 EUR
                now  commit 5 wrote
                     → bonus 318822-4: status Ongoing → Forfeited, forfeited by
                       none → 123_3001
2026-11-20 09:20:00  withdrawal 123_3001 canceled: 200.00 EUR
                     (rebilly.orders/1/1, commit 6)
                     → CRM: PAYMENT 123_3001 Debit Cancelled 200.00 EUR
                     → CRM: BONUS 318822-4 CashbackBonus Reversed 15.00 EUR
                now  commit 6 wrote
                     → payment 123_3001: status Requested → Cancelled
                     → bonus 318822-4: status Forfeited → Reversed, forfeited by
                       123_3001 → none, reversals none → 1
"""


def installed(bootstrap_servers: str, directory: Path, partitions: int = 1) -> Installation:
    installation = Installation(bootstrap_servers, f"t{secrets.token_hex(5)}", directory, SETTINGS)
    installation.create_topics(partitions)
    return installation


@pytest.fixture(scope="module")
def processed(bootstrap_servers: str, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """One player's withdrawal, another's poison, and bytes that nobody can read."""
    installation = installed(bootstrap_servers, tmp_path_factory.mktemp("explain"), partitions=2)
    # The first commit fixes the inputs' positions: without records, unless some come first.
    installation.drain()
    installation.must("load", SAMPLES / "withdrawal-cancelled.jsonl", SAMPLES / "poison.jsonl")
    installation.drain()
    installation.send([Outgoing("netgaming.debits", "700000", b"\xff secret", at_ms(0))])
    installation.drain()
    return installation


def lines(installation: Installation, *arguments: str) -> list[dict[str, Any]]:
    out = installation.must("explain", *arguments, "--format", "json")
    return [json.loads(line) for line in installation.plain(out).splitlines()]


def texts(found: list[dict[str, Any]], *what: str) -> list[str]:
    return [line["text"] for line in found if line["what"] in what]


def test_a_person_reads_one_story(processed: Installation) -> None:
    out = processed.plain(processed.must("explain", "318822"))

    assert WITHDRAWAL == WRITTEN.sub("                now", out)
    assert max(map(len, out.splitlines())) <= 80


def test_where_only_the_producer_knows_the_partition_it_is_found(processed: Installation) -> None:
    assert lines(processed, "318822") == lines(processed, "318822", "--set", "partitioner=none")


def test_a_program_reads_a_json_object_a_line_and_finds_the_cause_of_each(processed: Installation) -> None:
    found = lines(processed, "318822")

    assert {FIELDS} == {tuple(line) for line in found}
    assert {"input", "event", "state"} == {line["what"] for line in found}
    causes = {line["where"] for line in found if line["what"] == "input"}
    assert [] == [line for line in found if line["what"] != "input" and line["cause"] not in causes]
    [created] = [line["details"] for line in found if line["text"].startswith("bonus 318822-4: new")]
    assert (None, "Created") == (created["before"], created["after"]["status"])
    newest = [line["details"]["after"] for line in found if line["details"].get("kind") == "bonus"][-1]
    assert ("Reversed", 1) == (newest["status"], newest["epoch"])


def test_a_poison_record_stands_there_with_its_dead_letter(processed: Installation) -> None:
    found = lines(processed, "600666")

    assert [
        ("input", "deposit 123_6001 completed/approved: 10.005 EUR", None),
        (
            "dead-letter",
            "dead letter, invalid: OrderAmount: amount is not a whole number of minor units: `10.005` EUR",
            "rebilly.orders/1/2",
        ),
    ] == [(line["what"], line["text"], line["cause"]) for line in found]
    assert "rebilly.orders/1/2" == found[0]["where"]


def test_bytes_that_nobody_can_read_are_told_as_that_and_not_shown(processed: Installation) -> None:
    found = lines(processed, "700000")

    assert ["input", "dead-letter"] == [line["what"] for line in found]
    assert found[0]["text"].startswith("a record that cannot be read: undecodable, ")
    assert found[1]["text"].startswith("dead letter, undecodable: ")
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["1"], 1, "there is nothing of player 1 in the topics of {app}", id="nobody"),
        pytest.param(
            ["123_318822"],
            1,
            "there is nothing of player 123_318822 in the topics of {app}. "
            "the player of Rebilly's 123_318822 is 318822",
            id="Rebilly's word for a player",
        ),
        pytest.param(
            ["318822", "--since", "0"],
            1,
            "there is nothing of player 318822 in the topics of {app} since 0",
            id="nothing since",
        ),
        pytest.param(
            ["318822", "--since", "lately"],
            2,
            "--since: `lately` is no time such as 2026-11-20T10:00:00Z or 2026-11-20, nor a duration back from now "
            "such as 2h or P1D. Try 'croupier explain --help'.",
            id="no time",
        ),
    ],
)
def test_what_cannot_be_told_is_one_sentence(
    processed: Installation, arguments: list[str], code: int, said: str
) -> None:
    done = processed.croupier("explain", *arguments)

    assert (code, "") == (done.returncode, done.stdout)
    assert f"croupier: {said.format(app=processed.app)}" == errors(done.stderr)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_pipe_that_closes_early_is_a_quiet_end(processed: Installation, form: str) -> None:
    pipeline = f'set -o pipefail; "{sys.executable}" -m cli explain 318822 --format {form} | head -1'
    done = subprocess.run(
        ["bash", "-c", pipeline],
        cwd=processed.directory,
        env=processed.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (0, 1, "") == (done.returncode, done.stdout.count("\n"), errors(done.stderr))


def test_since_begins_between_two_commits(bootstrap_servers: str, tmp_path: Path) -> None:
    """By the time of processing, whatever the records' own; what changed later is known from the state topic."""
    installation = installed(bootstrap_servers, tmp_path)
    histories = (SAMPLES / "withdrawal-cancelled.jsonl").read_text().splitlines()
    installation.must("load", "-", stdin="\n".join(histories[:2]))
    installation.drain()
    first = lines(installation, "318822")
    installation.must("load", "-", stdin="\n".join(histories[2:]))
    installation.drain()
    whole = lines(installation, "318822")
    begin = next(line["time"] for line in whole[len(first) :] if line["what"] == "state")

    later = lines(installation, "318822", "--since", begin)

    assert whole == first + later
    assert (2, 3) == (len(texts(first, "input")), len(texts(later, "input")))
    assert "bonus 318822-4: status Ongoing → Forfeited, forfeited by none → 123_3001" in texts(later, "state")


def test_from_a_time_without_a_journal_causes_and_events_are_told(bootstrap_servers: str, tmp_path: Path) -> None:
    installation = installed(bootstrap_servers, tmp_path)
    histories = (SAMPLES / "withdrawal-cancelled.jsonl").read_text().splitlines()
    installation.must("load", "-", stdin="\n".join(histories[:2]))
    off = ("--set", "rewind_window=0")
    installation.must("run", "player", "--drain", *off)
    without = installation.croupier("explain", "318822", "--format", "json", *off)
    installation.must("load", "-", stdin="\n".join(histories[2:]))
    installation.drain()

    found = lines(installation, "318822")

    assert "there is no journal, so state changes are not told: rewind_window is 0" == errors(without.stderr)
    told = [json.loads(line)["what"] for line in without.stdout.splitlines()]
    assert ["input", "event", "input", "event", "event"] == told
    assert told == [line["what"] for line in found[:5]]
    assert {None} == {line["commit"] for line in found[:5]}
    assert 5 == len(texts(found, "input"))
    assert [] == [line for line in found[5:] if line["commit"] is None]


def test_a_rewind_is_part_of_the_story(bootstrap_servers: str, tmp_path: Path) -> None:
    """A wrong rule has forgotten bets and miscalled bonuses: what the right one says is told as that."""
    installation = installed(bootstrap_servers, tmp_path)
    installation.drain()
    installation.must("load", SAMPLES / "withdrawal-cancelled.jsonl")
    installation.must(
        "run", "player", "--drain", "--set", "casino_events=false", "--set", "bonus_types=CashbackBonus=NoDeposit"
    )
    before = lines(installation, "318822")
    rewind = ("rewind", "--partition", "0", "--to-commit", "1", "--execute", "--reason", "a wrong rule", "--yes")
    assert 0 == installation.croupier(*rewind).returncode
    installation.drain()

    found = lines(installation, "318822")

    at = next(number for number, line in enumerate(found) if line["what"] == "rewind")
    name = found[at]["rewind"]
    assert before == found[:at]
    assert f"rewind {name} took back everything after commit 1: a wrong rule" == found[at]["text"]
    assert {name} == {line["rewind"] for line in found[at:]}
    again = [f"again: {text}" for text in texts(before, "input")]
    assert again == texts(found[at:], "input")
    assert ["CRM: CASINO 2501 Bet Approved 4.00 EUR, sent by a replay (never sent before)"] == texts(
        found[at:], "event"
    )
    changed = [line for line in found[at:] if line["what"] == "difference"]
    assert {"changed"} == {line["details"]["difference"] for line in changed}
    assert {line["cause"] for line in before if line["text"].startswith("CRM: BONUS")} == {
        line["cause"] for line in changed
    }
    taken_back = found[at + 1 : at + 1 + len(texts(found, "state"))]
    assert "bonus 318822-4: gone" in [line["text"] for line in taken_back]
