"""Personal data: whatever the sources say about a person, none of it stays with us.

Every personal value is a marker. The dead letters are the exception: they hold what a source has sent.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.integration.installation import Installation
from tests.integration.personal import (
    MARK,
    OWN,
    PERSONAL,
    done,
    dump,
    inputs,
    left,
    marked,
    markers,
    run_and_kill,
    show,
    shown,
    tapped,
    waiting,
)
from tests.integration.records import Outgoing, Record
from tests.integration.sources import Document, bet, change, order
from tests.integration.writers import Schema, Writer, add, field, ours, registered
from topologies import prepared
from topologies.schemas import BONUSES, CALLS, ORDERS

VENDORS = Path(__file__).parent / "vendors"
EXAMPLES = (
    *("debit/call.json", "payment-card/search.json", "alternative/get.json"),
    *("bonus/change.json", "bonus/deposit.json"),
)
SETTINGS = {
    "CROUPIER_ORIGIN_BY_CASINO": "123=www.brand.com",
    "CROUPIER_ORIGIN_BY_CURRENCY": "EUR=www.brand.com,GBP=www.brand.com",
    # Several commits, so that there is something to take back.
    "CROUPIER_BATCH_RECORDS_MAX": "2",
}


def test_load_drops_what_is_personal_before_it_is_sent(bootstrap_servers: str, app: str, tmp_path: Path) -> None:
    installation = Installation(bootstrap_servers, app, tmp_path, SETTINGS)
    installation.create_topics()
    examples = [json.loads((VENDORS / name).read_text()) for name in EXAMPLES]
    given = "\n".join(json.dumps(marked(document)) for document in (*examples, *waiting()))
    assert set() == {name for name in PERSONAL if f'"{name}": ' not in given}
    (tmp_path / "given.jsonl").write_text(given)

    loaded = installation.croupier("load", VENDORS / "rates.jsonl", "given.jsonl", "--debug")
    logs = run_and_kill(installation)

    places = left(installation, logs + loaded.stdout + loaded.stderr)
    places["inputs"] = inputs(installation)
    places["dead letters"] = dump(installation.read(installation.dead_letter_topic))
    assert 0 == loaded.returncode, loaded.stderr
    assert {place: set() for place in places} == {place: markers(data) for place, data in places.items()}


@pytest.mark.parametrize("options", [[], ["--debug"], ["--strict"]])
def test_what_load_says_about_bad_documents_is_not_personal(
    bootstrap_servers: str, app: str, tmp_path: Path, options: list[str]
) -> None:
    installation = Installation(bootstrap_servers, app, tmp_path)
    bad = [
        marked(order("p", "o1", 0, OrderAmount=45, Email="")),
        marked(bet("p", "c1", 0, token="", action=None)),
        marked({**change("p", "b1", 0, Email=""), "meta": f"{MARK}-meta"}),
        marked({"Email": "", "topic": {"Email": ""}}),
    ]
    broken = json.dumps(marked(order("p", "o2", 0, Email="")))[:-20]

    done = installation.croupier(
        "load", "-", "--dry-run", *options, stdin="\n".join([*map(json.dumps, bad), broken, broken])
    )

    assert 1 == done.returncode
    assert [] == [line for line in range(1, 7) if f"-, line {line}: " not in done.stderr]
    assert set() == markers((done.stdout + done.stderr).encode())


def _wide_order(schema: Schema) -> None:
    texts = dict.fromkeys(sorted(PERSONAL - {"ExtraData", "PaymentData", "_links", "token"}), "string")
    add(schema, **texts, ExtraData={"type": "map", "values": "string"})


def _wide_bonus(schema: Schema) -> None:
    add(schema, Email="string", FirstName=["null", "string"])


def _wide_call(schema: Schema) -> None:
    session = {"token": "string"}
    add(field(schema, "request")["type"], **session)
    add(field(schema, "response")["type"], **session)


WIDER: Mapping[str, Callable[[Schema], None]] = {ORDERS: _wide_order, BONUSES: _wide_bonus, CALLS: _wide_call}


def writer(source: str) -> Writer:
    schema = ours(source)
    WIDER[source](schema)
    return Writer(schema)


def wide(document: Document) -> tuple[str, str, dict[str, Any], int]:
    """A document as a writer has it that sends all it knows: source, key, value, timestamp."""
    record = prepared.document(None, document)
    value: dict[str, Any] = {**record.value}
    if record.kind == CALLS:
        value["request"] = {**value["request"], "token": ""}
        value["response"] = {**value["response"], "token": ""}
    else:
        value |= {**dict.fromkeys(PERSONAL, ""), "ExtraData": {"CPF": ""}}
    return record.kind, record.key, marked(value), record.timestamp_ms or 0


@pytest.mark.parametrize("framing", ["single-object", "confluent"])
def test_what_a_writers_schema_has_of_a_person_is_not_even_read(
    bootstrap_servers: str, request: pytest.FixtureRequest, app: str, tmp_path: Path, framing: str
) -> None:
    writers = {source: writer(source) for source in WIDER}
    settings, framed = _framed(request, app, tmp_path, framing, writers)
    installation = Installation(bootstrap_servers, app, tmp_path, {**SETTINGS, **settings})
    installation.create_topics()
    refused = order("refused", "o1", 3, CasinoID="999", PlayerID="refused")
    # Released when its payment is approved, and refused then: WelcomeBonus cannot begin with Completed.
    waits = [change("late", "b2", 4, status="Completed", order_id="o2"), order("late", "o2", 5)]
    sent = [
        Outgoing(source, key, framed(source, value), at)
        for source, key, value, at in map(wide, (*waiting(), refused, *waits))
    ]
    installation.send([sent[0]._replace(value=(sent[0].value or b"")[:40]), *sent])
    assert MARK.encode() in inputs(installation)

    logs = run_and_kill(installation)

    places = left(installation, logs)
    places["tap"] = tapped(installation, (*map(installation.topic, WIDER), *OWN))
    letters = installation.read(installation.dead_letter_topic)
    if framing == "single-object":  # what follows depends on it no more
        places |= shown(installation)
        assert SHOWN == {kind(each): bool(markers(show(installation, each))) for each in letters}
        places |= done(installation)
        places |= {f"{place}, afterwards": found for place, found in left(installation, "croupier.recovery").items()}
    assert {place: set() for place in places} == {place: markers(data) for place, data in places.items()}
    assert KEPT == {kind(each): bool(markers(each.value or b"")) for each in letters}
    assert set() == {mark for each in letters for value in each.headers.values() for mark in markers(value)}


KEPT = {"unmapped-origin": True, "undecodable": True, "illegal-transition": False}
"""Which dead letters hold what is personal: the record's own bytes, but not those of one that had waited."""

SHOWN = KEPT | {"unmapped-origin": False}
"""Of which a person is shown it: what can be decoded has no more than we would read, the rest is Base64."""


def kind(letter: Record) -> str:
    return letter.headers["dead-letter.class"].decode()


def _framed(
    request: pytest.FixtureRequest, app: str, tmp_path: Path, framing: str, writers: Mapping[str, Writer]
) -> tuple[dict[str, str], Callable[[str, dict[str, Any]], bytes]]:
    """The settings under which the writers' schemas are known, and what makes their bytes."""
    if framing == "confluent":
        url = request.getfixturevalue("schema_registry_url")
        ids = {source: registered(url, app, each) for source, each in writers.items()}
        return {"CROUPIER_SCHEMA_REGISTRY_URL": url}, lambda source, value: writers[source].confluent(
            ids[source], value
        )
    directory = tmp_path / "schemas"
    directory.mkdir()
    for source, each in writers.items():
        (directory / f"{source}.avsc").write_text(each.text)
    return {"CROUPIER_SCHEMA_DIR": str(directory)}, lambda source, value: writers[source].single_object(value)
