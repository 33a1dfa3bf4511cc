"""Personal data: whatever the sources say about a person, none of it stays with us.

Every personal value is a marker. The dead letters are the exception: they hold what a source has sent.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rocksdict import AccessType, Options, Rdict

from tests.integration.installation import Installation
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
}

ALL = ("--from-start", "--drain", "--format", "jsonl")

MARK = "Zq7Marker"
MARKER = re.compile(rb"Zq7Marker-[\w.]+")

PERSONAL = frozenset(
    (
        *("token", "DOB", "IpAddress", "Email", "FirstName", "LastName", "Address", "Address2", "City", "Region"),
        *("Country", "PostalCode", "PhoneNumber", "UserAgent", "Language", "NotificationURL", "RedirectURL"),
        *("BillingDescriptor", "ExtraData", "FinancialAccountId", "PaymentData", "HumanMessage"),
        *("GatewayTransactionID", "_links"),
    )
)
"""What the vendors' pages have of a person, of the session and of the way back to the person."""


def marked(value: Any, path: str = "", *, is_personal: bool = False) -> Any:
    """A document with a marker for each personal value, named by its field."""
    if isinstance(value, dict):
        return {
            name: marked(each, f"{path}.{name}".strip("."), is_personal=is_personal or name in PERSONAL)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [marked(each, path, is_personal=is_personal) for each in value]
    return f"{MARK}-{path}" if is_personal else value


def markers(data: bytes) -> set[bytes]:
    return set(MARKER.findall(data))


def waiting() -> Iterator[Document]:
    """Records that wait in state: a bonus for its payment, a bet for its bonus, a payment for its outcome.

    The last record of all is another's.
    """
    yield change("waiting", "b1", 0, order_id="never", bonus_code="KNOWN1", Email="")
    yield bet("waiting", "c1", 1, additional_details={"bonus_id": "welcome", "Email": ""}, round_id="KNOWN2")
    yield order("waiting", "KNOWN3", 2, Status="timeout", Result=None, Email="", ExtraData={"CPF": ""})
    yield bet("last", "LAST", 3600)


def run_and_kill(installation: Installation) -> str:
    """Run until everything is stored, and end so hard that the store's own log stays, which is not compressed."""
    words = (b"KNOWN1", b"KNOWN2", b"KNOWN3", b"LAST")
    return installation.run_until(
        lambda: all(any(word in path.read_bytes() for path in files(installation.state_dir)) for word in words)
    )


def left(installation: Installation, logs: str) -> dict[str, bytes]:
    """All that is left anywhere but on the inputs and in dead letters. The state topic has every version of a row."""
    places = {
        "state topic": dump(installation.read(installation.state_topic)),
        "events": dump(installation.read(installation.topic("crm.events"))),
        "rows of the store": b"\n".join(key + value for key, value in rows(installation)),
        "files of the store": b"\n".join(path.read_bytes() for path in files(installation.state_dir)),
        "logs": logs.encode(),
    }
    known = (b"KNOWN1", b"KNOWN3", b"KNOWN2", b"KNOWN2", b"croupier.recovery")
    assert {} == {place: word for (place, data), word in zip(places.items(), known, strict=True) if word not in data}
    return places


def dump(records: list[Record]) -> bytes:
    return repr(records).encode()


def inputs(installation: Installation) -> bytes:
    return b"".join(dump(installation.read(installation.topic(name))) for name in (CALLS, BONUSES, ORDERS))


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def rows(installation: Installation) -> Iterator[tuple[bytes, bytes]]:
    [path] = installation.state_dir.glob("*/*")
    store = Rdict(str(path), Options(raw_mode=True), access_type=AccessType.read_only())
    yield from store.items()
    store.close()


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
    places["tap"] = "".join(installation.must("tap", installation.topic(name), *ALL) for name in WIDER).encode()
    assert {place: set() for place in places} == {place: markers(data) for place, data in places.items()}
    letters = {
        told["dead-letter.class"]: (value or b"", told)
        for *_, value, told in installation.read(installation.dead_letter_topic)
    }
    assert {b"unmapped-origin": True, b"undecodable": True, b"illegal-transition": False} == {
        name: bool(markers(value)) for name, (value, _) in letters.items()
    }
    assert set() == {mark for _, told in letters.values() for value in told.values() for mark in markers(value)}


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
