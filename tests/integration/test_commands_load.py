"""`croupier load` as a person uses it: from files and pipes, tried first, and with the times of today."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.integration.installation import Installation, counts
from tests.integration.sources import Document, at, bet, change, order, rate
from topologies.schemas import BONUSES, CALLS, ORDERS, RATES
from topologies.units import instant

VENDORS = Path(__file__).parent / "vendors"
SETTINGS = {"CROUPIER_ORIGIN": "www.brand.com", "CROUPIER_ORIGIN_BY_CASINO": "123=www.brand.com"}
FACTS = (ORDERS, BONUSES, CALLS)

HISTORY = [order("anna", "o1", 0), change("anna", "b1", 1), bet("anna", "c1", 2)]
BAD = [
    {**order("anna", "o2", 3), "OrderAmount": 45},
    {"player": "anna"},
    {**bet("anna", "c2", 4), "answered_at": "noon"},
]


@pytest.fixture
def installation(bootstrap_servers: str, app: str, tmp_path: Path) -> Installation:
    installed = Installation(bootstrap_servers, app, tmp_path, SETTINGS)
    installed.create_topics()
    return installed


def keys(installation: Installation) -> list[tuple[str, bytes | None]]:
    """Topic, by its default name, and key of all facts that were sent."""
    return [(name, record.key) for name in FACTS for record in installation.read(installation.topic(name))]


def lines(documents: Sequence[object]) -> str:
    return "".join(f"{json.dumps(document)}\n" for document in documents)


def test_json_lines_arrays_and_envelopes_are_told_apart_and_sent_under_their_player(
    installation: Installation,
) -> None:
    file = installation.directory / "history.jsonl"
    enveloped: list[Document] = [
        {"topic": installation.topic(BONUSES), "value": change("bert", "b2", 3)},
        {"topic": installation.topic(CALLS), "key": "somebody else", "value": bet("bert", "c3", 4)},
    ]
    file.write_text(lines([*HISTORY, rate("GBP", "1.1", at(0)), *enveloped]))

    by_file = counts(installation.must("load", "history.jsonl"))
    by_pipe = counts(installation.must("load", "-", stdin=json.dumps(HISTORY, indent=2)))

    expected = {
        installation.topic(name): number for name, number in [(ORDERS, 1), (BONUSES, 2), (CALLS, 2), (RATES, 1)]
    }
    assert expected == by_file
    assert dict.fromkeys(map(installation.topic, FACTS), 1) == by_pipe
    assert [
        *[(ORDERS, b"anna")] * 2,
        *[(BONUSES, b"anna"), (BONUSES, b"bert"), (BONUSES, b"anna")],
        *[(CALLS, b"anna"), (CALLS, b"somebody else"), (CALLS, b"anna")],
    ] == keys(installation)


@pytest.mark.parametrize(
    ("options", "sent", "conclusion"),
    [
        pytest.param([], 3, "not sent: 3 bad documents", id="the good ones are sent"),
        pytest.param(["--strict"], 0, "nothing was sent: 3 bad documents", id="strict: all or nothing"),
        pytest.param(["--dry-run"], 0, "not sent: 3 bad documents", id="dry run: nothing at all"),
    ],
)
def test_bad_documents_are_named_by_file_line_and_field(
    installation: Installation, options: list[str], sent: int, conclusion: str
) -> None:
    (installation.directory / "mixed.jsonl").write_text(lines([HISTORY[0], BAD[0], HISTORY[1], *BAD[1:], HISTORY[2]]))

    done = installation.croupier("load", "mixed.jsonl", *options)

    assert [
        "mixed.jsonl, line 2: OrderAmount: should be a valid string",
        "mixed.jsonl, line 4: has none of the fields that tell its kind: request, user_bonus_id, OrderID, rate",
        "mixed.jsonl, line 5: answered_at: should be an RFC 3339 time such as 2026-11-20T10:00:00Z",
        f"croupier: {conclusion}",
    ] == done.stderr.splitlines()
    assert (1, sent) == (done.returncode, len(keys(installation)))


def test_the_vendors_examples_may_happen_now(installation: Installation) -> None:
    """Topics keep what is of today, so nothing has to be known of retention."""
    installation.configure(FACTS, {"retention.ms": "604800000"})
    files = [VENDORS / "rates.jsonl", *sorted(VENDORS.glob("bonus/*.json"))]

    installation.must("load", "--times", "now", *files)
    now_ms = time.time_ns() // 1_000_000
    installation.drain()

    expected = [json.loads(line) for line in (VENDORS / "bonus/events.jsonl").read_text().splitlines()]
    events = installation.events()
    assert [each["headers"]["event-id"] for each in expected] == [each["headers"]["event-id"] for each in events]
    times, then = [[instant(each["value"]["timestamp"]) for each in told] for told in (events, expected)]
    assert [time - times[0] for time in times] == [time - then[0] for time in then]
    assert 0 <= now_ms - times[-1] < 60_000
