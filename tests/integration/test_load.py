import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.records import configure
from topologies.units import instant

Croupier = Callable[..., int]
Output = pytest.CaptureFixture[str]
Named = Callable[[str], str]

RATE = {"currency": "GBP", "rate": "1.17", "effective_from": "2026-11-01T00:00:00Z"}
BONUS = {
    "player_id": "125917",
    "user_bonus_id": "125917-77",
    "bonus_id": "13et",
    "type": "WelcomeBonus",
    "status": "Created",
    "amount": "20.00",
    "currency": "GBP",
    "expires_at": "2026-11-27T10:00:00Z",
    "updated_at": "2026-11-20T10:00:00Z",
}
ORDER = {
    "PaymentMethod": "payment-card",
    "OrderID": "123_1",
    "CasinoID": "123",
    "PlayerID": "123_125917",
    "OrderCurrency": "GBP",
    "OrderAmount": "45.00",
    "Email": "user@example.com",
    "Status": "completed",
    "Result": "approved",
    "CreatedTime": "2026-11-20T09:59:00Z",
    "UpdatedTime": "2026-11-20T10:00:30Z",
}
CALL = {
    "answered_at": "2026-11-20T10:01:00.120Z",
    "request": {
        "token": "cc918a",
        "player_id": "125917",
        "amount": 100,
        "amount_type": "real",
        "currency": "GBP",
        "game_id": 1,
        "round_id": 198909,
        "game_type": "slots",
        "game_name": "ageofdavinci",
        "transaction_id": 2322,
        "game_ended": False,
    },
    "response": {"status": 1, "player_id": "125917", "currency": "GBP", "balance": 1200, "bonus_bet": 0},
}


def file(tmp_path: Path, *documents: object, name: str = "documents.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join(f"{json.dumps(document)}\n" for document in documents))
    return path


@pytest.fixture
def topics(croupier: Croupier, capsys: Output, bootstrap_servers: str, topic: Named) -> None:
    """All topics; the inputs keep their records for ever, because those of the tests are old."""
    assert 0 == croupier("topics", "create", "--partitions", 2)
    for name in ("bonuses", "calls", "orders"):
        configure({"bootstrap.servers": bootstrap_servers}, [topic(name)], {"retention.ms": "-1"})
    capsys.readouterr()


@pytest.fixture
def loaded(croupier: Croupier, capsys: Output) -> Callable[[str], list[dict[str, Any]]]:
    """All records of a topic, as tap says them."""

    def read(topic: str) -> Iterator[dict[str, Any]]:
        assert 0 == croupier("tap", topic, "--from-start", "--drain", "--format", "jsonl")
        return map(json.loads, capsys.readouterr().out.splitlines())

    return lambda topic: list(read(topic))


Loaded = Callable[[str], list[dict[str, Any]]]


@pytest.mark.usefixtures("topics")
def test_each_document_goes_to_its_topic_under_its_player_at_its_time(
    croupier: Croupier, tmp_path: Path, capsys: Output, loaded: Loaded, topic: Named
) -> None:
    assert 0 == croupier("load", file(tmp_path, RATE, BONUS, ORDER, CALL))
    said = capsys.readouterr()

    names = ["bonuses", "calls", "orders", "rates"]
    assert [f"{topic(name)}: 1" for name in names] == said.out.splitlines()
    found = {name: loaded(topic(name)) for name in names}
    assert {
        "bonuses": ("125917", "2026-11-20T10:00:00Z"),
        "calls": ("125917", "2026-11-20T10:01:00.120Z"),
        "orders": ("125917", "2026-11-20T10:00:30Z"),
    } == {name: (record["key"], record["timestamp"]) for name, (record,) in found.items() if name != "rates"}
    assert "GBP@2026-11-01T00:00:00Z" == found["rates"][0]["key"]
    assert BONUS.items() <= found["bonuses"][0]["value"].items()


@pytest.mark.usefixtures("topics")
def test_personal_data_and_session_tokens_reach_no_topic(
    croupier: Croupier, tmp_path: Path, loaded: Loaded, topic: Named, capsys: Output
) -> None:
    croupier("load", file(tmp_path, ORDER, CALL))
    capsys.readouterr()

    carried = json.dumps([loaded(topic("orders")), loaded(topic("calls"))])
    assert "user@example.com" not in carried
    assert "cc918a" not in carried


@pytest.mark.usefixtures("topics")
def test_a_bad_document_is_named_and_the_rest_is_sent(
    croupier: Croupier, tmp_path: Path, capsys: Output, loaded: Loaded, topic: Named
) -> None:
    path = file(tmp_path, BONUS, {**BONUS, "amount": 20}, {**BONUS, "status": "Completed"})

    assert 1 == croupier("load", path)
    said = capsys.readouterr()

    assert f"{topic('bonuses')}: 2\n" == said.out
    named, conclusion = said.err.splitlines()
    assert named == f"{path}, line 2: amount: should be a valid string"
    assert conclusion == "croupier: not sent: 1 bad document"
    assert ["Created", "Completed"] == [record["value"]["status"] for record in loaded(topic("bonuses"))]


@pytest.mark.usefixtures("topics")
def test_strict_sends_nothing_when_one_document_is_bad(
    croupier: Croupier, tmp_path: Path, capsys: Output, loaded: Loaded, topic: Named
) -> None:
    assert 1 == croupier("load", "--strict", file(tmp_path, BONUS, {"rate": "1"}))
    assert "croupier: nothing was sent: 1 bad document" in capsys.readouterr().err

    assert [] == loaded(topic("bonuses"))


@pytest.mark.usefixtures("topics")
def test_a_dry_run_counts_and_sends_nothing(
    croupier: Croupier, tmp_path: Path, capsys: Output, loaded: Loaded, topic: Named
) -> None:
    assert 0 == croupier("load", "--dry-run", file(tmp_path, BONUS))
    assert f"{topic('bonuses')}: 1\n" == capsys.readouterr().out

    assert [] == loaded(topic("bonuses"))


@pytest.mark.usefixtures("topics")
def test_times_now_moves_all_times_together(
    croupier: Croupier, tmp_path: Path, loaded: Loaded, topic: Named, capsys: Output
) -> None:
    other = file(tmp_path, CALL, name="calls.jsonl")

    assert 0 == croupier("load", "--times", "now", file(tmp_path, RATE, BONUS), other)
    capsys.readouterr()

    (bonus,), (call,), (rate,) = (loaded(topic(name)) for name in ("bonuses", "calls", "rates"))
    moved = instant(call["timestamp"]) - instant(str(CALL["answered_at"]))
    assert moved == instant(bonus["timestamp"]) - instant(str(BONUS["updated_at"]))
    assert moved == instant(bonus["value"]["expires_at"]) - instant(str(BONUS["expires_at"]))
    assert moved == instant(rate["value"]["effective_from"]) - instant(str(RATE["effective_from"]))
    assert f"GBP@{rate['value']['effective_from']}" == rate["key"]
    assert abs(instant(call["timestamp"]) - instant(rate["timestamp"])) <= 60_000  # a rate is stamped when it is sent


@pytest.mark.usefixtures("topics")
def test_files_are_merged_by_time(
    croupier: Croupier, tmp_path: Path, loaded: Loaded, topic: Named, capsys: Output
) -> None:
    at = [{**BONUS, "updated_at": f"2026-11-20T10:0{minute}:00Z"} for minute in range(4)]

    assert 0 == croupier("load", file(tmp_path, at[1], at[3]), file(tmp_path, at[0], at[2], name="other.jsonl"))
    capsys.readouterr()

    assert [each["updated_at"] for each in at] == [each["value"]["updated_at"] for each in loaded(topic("bonuses"))]


@pytest.mark.usefixtures("topics")
def test_an_envelope_names_topic_and_key(
    croupier: Croupier, tmp_path: Path, loaded: Loaded, topic: Named, capsys: Output
) -> None:
    path = file(tmp_path, {"topic": topic("bonuses"), "key": "somebody else", "value": BONUS})

    assert 0 == croupier("load", path)
    capsys.readouterr()

    assert ["somebody else"] == [record["key"] for record in loaded(topic("bonuses"))]


@pytest.mark.usefixtures("topics")
def test_what_tap_prints_can_be_loaded_again(
    croupier: Croupier, tmp_path: Path, loaded: Loaded, topic: Named, capsys: Output
) -> None:
    croupier("load", file(tmp_path, RATE, BONUS, ORDER, CALL))
    capsys.readouterr()
    names = ["bonuses", "calls", "orders", "rates"]
    first = [record for name in names for record in loaded(topic(name))]

    assert 0 == croupier("load", file(tmp_path, *first, name="again.jsonl"))
    capsys.readouterr()

    for name in names:
        record, again = loaded(topic(name))
        assert (record["key"], record["value"]) == (again["key"], again["value"])


@pytest.mark.usefixtures("topics")
def test_standard_input_is_read(
    croupier: Croupier, monkeypatch: pytest.MonkeyPatch, capsys: Output, topic: Named
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(json.dumps([ORDER, ORDER], indent=1).encode()))
    monkeypatch.setattr("sys.stdin", stream)

    assert 0 == croupier("load", "-", "--times", "now")

    assert f"{topic('orders')}: 2\n" == capsys.readouterr().out


def test_nothing_is_sent_while_topics_are_missing(
    croupier: Croupier, tmp_path: Path, capsys: Output, topic: Named
) -> None:
    assert 2 == croupier("load", file(tmp_path, BONUS))

    assert f"croupier: topics are missing: {topic('orders')}, " in capsys.readouterr().err


def test_a_bare_request_of_the_vendors_page_is_refused_with_what_is_missing(
    croupier: Croupier, tmp_path: Path, capsys: Output
) -> None:
    assert 1 == croupier("load", "--dry-run", file(tmp_path, CALL["request"]))

    assert (
        "line 1: is a bare request of the wallet API; its envelope is missing: answered_at, " in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        pytest.param({"topic": "x", "value": BONUS}, "topic: should be one of ", id="an unknown topic"),
        pytest.param({"topic": 5, "value": BONUS}, "topic: should be one of ", id="a topic that is no name"),
        pytest.param("a text", "should be a JSON object", id="no object"),
        pytest.param({"a": 1}, "has none of the fields that tell its kind", id="no known field"),
        pytest.param({**BONUS, "player_id": "\ud800"}, "surrogates not allowed", id="text that is no Unicode"),
    ],
)
def test_what_cannot_be_sent_is_named(
    croupier: Croupier, tmp_path: Path, capsys: Output, document: object, problem: str
) -> None:
    path = file(tmp_path, document)

    assert 1 == croupier("load", "--dry-run", path)

    assert f"{path}, line 1: " in (said := capsys.readouterr().err)
    assert problem in said


def test_a_file_that_is_not_there_is_a_usage_error(croupier: Croupier, capsys: Output) -> None:
    assert 2 == croupier("load", "/no/such.jsonl")

    assert 1 == capsys.readouterr().err.count("\n")
