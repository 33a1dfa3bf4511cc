"""Where bytes of others come in: who reads them, what valid ones look like, and which errors are told of wrong ones."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz.samples import ANSWER, COMMAND, FORGET, MARKER_PARTS, PLAN, PLANNED, RECORDS, SPOKEN, TRAILING, VALUES
from topologies import configuration, prepared, schemas, units
from topologies.codecs import Codec
from topologies.documents import BadDocument
from topologies.graph import Message, Undecodable
from topologies.operations import json_files
from topologies.operations.letters import selection, showing
from topologies.operations.letters.selection import Listed
from topologies.operations.rewind import planned, targets
from topologies.runtime.errors import Halted
from topologies.runtime.errors import Misconfigured as Unfit
from topologies.runtime.journal import assembly, marker
from topologies.runtime.journal import plan as plans
from topologies.runtime.journal.errors import Malformed
from topologies.runtime.journal.record import Record
from topologies.runtime.letters import letter
from topologies.runtime.rewinding import control
from topologies.schemas import CALLS, BadSchema, Written
from topologies.settings import Misconfigured

NOW_MS = 1_795_168_800_000
BETWEEN = b"\x1e"
"""Between the key and the value of a record, and between records, in the bytes of one case."""


class Door(NamedTuple):
    """`read` takes bytes and raises nothing but `declared`; `seeds` are bytes that it likes."""

    read: Callable[[bytes], object]
    declared: tuple[type[BaseException], ...]
    seeds: Sequence[bytes]


CODEC = Codec(schemas.ours(), [Written("trailing", TRAILING.schema)])
DIRECTORY = Path(tempfile.mkdtemp(prefix="croupier-fuzz-"))
atexit.register(shutil.rmtree, DIRECTORY, ignore_errors=True)


def decoding(source: str) -> Callable[[bytes], object]:
    def read(data: bytes) -> object:
        (decoded,) = CODEC.decode(source, [Message(source, 0, 0, NOW_MS, b"p", data)])
        assert isinstance(decoded, dict | Undecodable)
        return decoded

    return read


def writers_schema(data: bytes) -> object:
    codec = Codec(schemas.ours(), [Written("fuzz", data.decode(errors="replace"))])
    return [codec.decode(source, [Message(source, 0, 0, 0, b"", TRAILING.value)]) for source in VALUES]


def journal(data: bytes) -> object:
    parts = data.split(BETWEEN)
    pairs = zip(parts[::2], parts[1::2], strict=False)
    return list(assembly.commits(Record(offset, key, value) for offset, (key, value) in enumerate(pairs)))


def plan_file(data: bytes) -> object:
    path = DIRECTORY / "plan"
    path.write_bytes(data)
    return planned.read(path)


def toml(data: bytes) -> object:
    path = DIRECTORY / "croupier.toml"
    path.write_bytes(data)
    return configuration.read({}, {}, path)


def documents(data: bytes) -> object:
    path = DIRECTORY / "documents"
    path.write_bytes(data)
    made: list[object] = []
    with json_files.opened(str(path)) as lines:
        for found in json_files.found(lines()):
            if found.problem is None:
                try:
                    made.append(prepared.document(None, found.value))
                except BadDocument as error:
                    made.append(error.problems)
    return made


def dead_letter(data: bytes) -> object:
    parts = data.split(BETWEEN)
    headers = [(f"dead-letter.{name.decode(errors='replace')}", value) for name, value in zip(parts[::2], parts[1::2])]  # noqa: B905 - an odd one has no value
    said = letter.read(Message("dead", 0, 0, NOW_MS, b"p", b"v"), headers)
    if not isinstance(said, letter.Letter):
        return said
    listed = [Listed(said, None)]
    return [list(render(80)(listed)) for render in showing.FORMATS.values()], letter.again(said, "murmur2", 6)


def text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    """As an argument of a command comes: what is not UTF-8 has become surrogates."""
    return lambda data: parse(data.decode(errors="surrogateescape"))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


HEADERS = {
    b"class": b"invalid",
    b"reason": b"why",
    b"topic": b"t",
    b"partition": b"0",
    b"offset": b"1",
    b"timestamp": b"1",
    b"first-seen": b"1",
    b"attempt": b"1",
}

_CALL = {**VALUES[CALLS], "answered_at": "2026-11-20T10:00:00Z"}
_RATE = {"currency": "GBP", "rate": "1.17", "effective_from": "2026-11-20T10:00:00Z"}
DOCUMENTS = [_json(_RATE) + b"\n" + _json(_CALL), _json([_CALL, _RATE]), json.dumps(_CALL, indent=1).encode()]

DOORS: Mapping[str, Door] = {
    **{
        f"decode {source}": Door(decoding(source), (), [CODEC.encode(source, value), TRAILING.value])
        for source, value in VALUES.items()
    },
    "writer's schema": Door(writers_schema, (BadSchema,), [TRAILING.schema.encode()]),
    "control": Door(control.decode, (), [COMMAND, ANSWER, FORGET]),
    "marker": Door(marker.decode, (Malformed, Halted), MARKER_PARTS),
    "journal": Door(journal, (Halted,), [BETWEEN.join(part for row in RECORDS for part in row)]),
    "plan": Door(plans.from_json, (ValueError,), [PLAN]),
    "plan file": Door(plan_file, (Unfit,), [PLANNED]),
    "settings file": Door(toml, (Misconfigured,), [SPOKEN]),
    "documents": Door(documents, (), DOCUMENTS),
    "dead letter": Door(dead_letter, (), [BETWEEN.join(part for each in HEADERS.items() for part in each)]),
    "letter": Door(text(lambda each: selection.name(each, "dead")), (ValueError,), [b"2/17", b"dead/2/17"]),
    "duration": Door(text(units.duration), (ValueError,), [b"1h30m", b"P1DT2H", b"500ms"]),
    "size": Door(text(units.size), (ValueError,), [b"64MiB", b"1 GB"]),
    "time": Door(text(units.instant), (ValueError,), [b"2026-11-20T10:00:00.5+01:00", b"2026-11-20"]),
    "since": Door(text(lambda each: units.since(each, NOW_MS)), (ValueError,), [b"2h", b"2026-11-20T10:00:00Z"]),
    "mapping": Door(text(units.mapping), (ValueError,), [b"123=brand.com,124=x"]),
    "partitions": Door(text(units.partitions), (ValueError,), [b"0-2,5", b"all"]),
    "addresses": Door(text(units.web_addresses), (ValueError,), [b"http://localhost:8081"]),
    "topic and offset": Door(text(targets.topic_offset), (ValueError,), [b"rebilly.orders:1204"]),
}
