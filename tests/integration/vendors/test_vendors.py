"""The vendors' own examples, from their JSON to the CRM's events.

What is expected in each `events.jsonl` was written by hand from the rules.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.installation import Installation
from topologies.schemas import BONUSES, CALLS, ORDERS

HERE = Path(__file__).parent
SETTINGS = {
    "CROUPIER_ORIGIN_BY_CASINO": "123=www.brand.com",
    "CROUPIER_ORIGIN_BY_CURRENCY": "GBP=www.brand.co.uk",
}


@pytest.fixture
def installation(bootstrap_servers: str, app: str, tmp_path: Path) -> Installation:
    installed = Installation(bootstrap_servers, app, tmp_path, SETTINGS)
    installed.create_topics()
    return installed


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize(
    ("files", "counts"),
    [
        pytest.param(
            ["debit/call.json"],
            # Its bonus is unknown yet, and the answer's currency is not the request's.
            {"records": 1, "events": 1, "bets-waiting": 1, "calls-response-currency-differs": 1},
            id="a debit is a bet",
        ),
        pytest.param(["payment-card/search.json"], {"records": 1, "events": 1}, id="the search for a card payment"),
        pytest.param(
            ["alternative/put-answer.json", "alternative/get.json"],
            {"records": 2, "events": 1, "orders-repeated": 1},
            id="an Alipay payment as it was created, and retrieved once more",
        ),
        pytest.param(
            ["bonus/change.json", "bonus/deposit.json", "bonus/call.json"],
            {"records": 3, "events": 3, "bonuses-waiting": 1, "bets-attributed": 1},
            id="a bonus, the deposit that earned it, and a bet",
        ),
    ],
)
def test_an_example_comes_out_as_the_crms_events(
    installation: Installation, files: list[str], counts: dict[str, int]
) -> None:
    installation.must("load", HERE / "rates.jsonl", *(HERE / file for file in files))

    counted = installation.drain()

    expected = lines((HERE / files[0]).with_name("events.jsonl"))
    events = installation.events()
    assert expected == events
    assert [list(event["headers"].items()) for event in expected] == [
        list(event["headers"].items()) for event in events
    ]
    assert counts == {name: counted[name] for name in counts}
    assert [] == installation.read(installation.dead_letter_topic)


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        pytest.param(
            "refused/put-request.json",
            "Status: is missing; CreatedTime: is missing; UpdatedTime: is missing",
            id="the body of a PUT is no order yet",
        ),
        pytest.param(
            "refused/debit-request.json",
            "is a bare request of the wallet API; its envelope is missing: answered_at, request, response",
            id="the body of a debit has no answer yet",
        ),
    ],
)
def test_a_request_alone_is_refused_by_file_line_and_field(installation: Installation, file: str, problem: str) -> None:
    done = installation.croupier("load", HERE / file)

    assert (1, "", f"{HERE / file}, line 1: {problem}\ncroupier: not sent: 1 bad document\n") == (
        done.returncode,
        done.stdout,
        done.stderr,
    )
    assert [] == [record for name in (CALLS, BONUSES, ORDERS) for record in installation.read(installation.topic(name))]
