"""Personal values as markers, and all the places where one of them could have been left."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rocksdict import AccessType, Options, Rdict

from tests.integration.installation import Installation
from tests.integration.records import Record
from tests.integration.sources import Document, bet, change, order
from topologies.schemas import BONUSES, CALLS, ORDERS

ALL = ("--from-start", "--drain", "--format", "jsonl")

MARK = "Zq7Marker"
MARKER = re.compile(rb"Zq7Marker-[\w.]+")
BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4}){5,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

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
    """Those that are there, as they are or in Base64."""
    return set(MARKER.findall(data)).union(*(MARKER.findall(each) for each in _decoded(data)))


def _decoded(data: bytes) -> Iterator[bytes]:
    for text in BASE64.findall(data):
        try:
            yield base64.b64decode(text)
        except binascii.Error:  # it was none
            continue


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
        lambda: all(any(word in held(path) for path in files(installation.state_dir)) for word in words)
    )


def left(installation: Installation, logs: str) -> dict[str, bytes]:
    """All that is left anywhere but on the inputs and in dead letters. The state topic has every version of a row."""
    places = {
        "state topic": (dump(installation.read(installation.state_topic)), b"KNOWN1"),
        "journal": (dump(installation.read(f"{installation.app}-journal")), b"LAST"),
        "events": (dump(installation.read(installation.topic("crm.events"))), b"KNOWN3"),
        "rows of the store": (b"\n".join(key + value for key, value in rows(installation)), b"KNOWN2"),
        "files of the store": (b"\n".join(path.read_bytes() for path in files(installation.state_dir)), b"LAST"),
        "logs": (logs.encode(), b"croupier.recovery"),
    }
    return known(places)


def shown(installation: Installation) -> dict[str, bytes]:
    """All that commands tell which only look. Their names are those of the arguments."""
    back = ("rewind", "--partition", "0", "--to-earliest")
    expected = {
        ("explain", "waiting"): b"KNOWN3",
        ("explain", "waiting", "--format", "json"): b"KNOWN3",
        ("explain", "refused"): b"unmapped-origin",
        ("explain", "late", "--format", "json"): b"illegal-transition",
        ("audit", "--format", "jsonl"): b"verified",
        ("deadletters", "list", "--format", "table"): b"unmapped-origin",
        ("deadletters", "list", "--format", "jsonl"): b"undecodable",
        ("deadletters", "replay", "--all", "--dry-run"): b"would be sent again",
        (*back, "--plan", "plan.jsonl"): b"PARTITION",
        (*back, "--preview", *OTHERWISE): b"debit/c1",
    }
    told = {" ".join(each): (tell(installation, *each), word) for each, word in expected.items()}
    return known({**told, "the plan's file": ((installation.directory / "plan.jsonl").read_bytes(), b"players")})


def done(installation: Installation) -> dict[str, bytes]:
    """All that is told and left when partitions are taken back, letters sent again, and a player forgotten."""
    back = ("rewind", "--partition", "0", "--to-earliest", "--execute", "--yes", "--reason", "a test")
    places = {"rewind": (tell(installation, *back), b"reached")}
    name = places["rewind"][0].partition(b"rewind ")[2].split()[0].decode()
    expected = {
        ("deadletters", "replay", "--all"): b"sent again",
        ("run", "player", "--drain", *OTHERWISE): b"begins at",
        ("rewind", "status"): b"",
        ("rewind", "history"): b"a test",
        ("rewind", "report", name): b"debit/c1",
        ("rewind", "report", name, "--format", "jsonl"): b"Otherwise",
        ("forget", "late", "--yes"): b"deleted",
        ("forget", "last", "--yes", "--format", "json"): b"deleted",
        ("explain", "late"): b"forgotten",
    }
    places |= {" ".join(each): (tell(installation, *each), word) for each, word in expected.items()}
    places["control topic"] = dump(installation.read(f"{installation.app}-control")), b"a test"
    return known(places)


OTHERWISE = ("--set", "casino_vendor_name=Otherwise")
"""Another rule than before, so that a replay comes to something else."""


OWN = ("state", "journal", "control")


def tapped(installation: Installation, topics: Iterable[str]) -> bytes:
    """What `tap` prints of topics, without the records that it cannot decode: their bytes are what was asked for."""
    names = [f"{installation.app}-{each}" if each in OWN else each for each in topics]
    lines = [line for name in names for line in installation.must("tap", name, *ALL).splitlines()]
    assert any(UNDECODABLE in line for line in lines)
    return "\n".join(line for line in lines if UNDECODABLE not in line).encode()


UNDECODABLE = '"value":{"bytes":'


def show(installation: Installation, letter: Record) -> bytes:
    """One dead letter in full."""
    return tell(installation, "deadletters", "show", f"{letter.partition}/{letter.offset}", "--format", "json")


def known(places: Mapping[str, tuple[bytes, bytes]]) -> dict[str, bytes]:
    """What was found in places, each of which has to have a word that it could not have otherwise."""
    missing = {
        place: (word, found.decode(errors="replace")) for place, (found, word) in places.items() if word not in found
    }
    assert not missing, missing
    return {place: found for place, (found, _) in places.items()}


def tell(installation: Installation, *arguments: str) -> bytes:
    """All that a command says, to debug too."""
    done = installation.croupier(*arguments, "--debug")
    return (done.stdout + done.stderr).encode()


def dump(records: list[Record]) -> bytes:
    return repr(records).encode()


def inputs(installation: Installation) -> bytes:
    return b"".join(dump(installation.read(installation.topic(name))) for name in (CALLS, BONUSES, ORDERS))


def held(path: Path) -> bytes:
    """What a file has; nothing when a store at work has put another in its place meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def rows(installation: Installation) -> Iterator[tuple[bytes, bytes]]:
    [path] = installation.state_dir.glob("*/*")
    store = Rdict(str(path), Options(raw_mode=True), access_type=AccessType.read_only())
    yield from store.items()
    store.close()
