"""What an application has written, as a reader of committed records finds it, in the words of `truth`."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from processors.events import Event
from tests.integration.crowd import Laid
from tests.integration.installation import Installation, Record
from tests.integration.truth import Key, Letter, Row, Slice, TimerKey, is_alive

HEAD = "\0head\0"
TIMER = "\0timer\0"

DECODING = frozenset({"undecodable", "unknown-schema", "wrong-key"})
"""Whose reasons are not the processors'."""


Ends = Mapping[int, dict[str, int]]
"""By partition and topic; none for an empty one."""


class Written(NamedTuple):
    """One partition of the outputs, as `Slice` has it."""

    events: list[Event]
    letters: list[Letter]
    rows: dict[Key, Row]
    timers: set[TimerKey]
    stream_time: int
    positions: dict[str, int]
    """The next offset of every input by the last commit."""


def written(croupier: Installation) -> dict[int, Written]:
    """By partition: events and dead letters in their order, the state as compaction leaves it, without what expired."""
    events = _by_partition(croupier.read(croupier.topic("crm.events")))
    letters = _by_partition(croupier.read(croupier.dead_letter_topic))
    state = _by_partition(croupier.read(croupier.state_topic))
    return {
        partition: _state(
            croupier,
            rows,
            [_event(croupier, record) for record in events.get(partition, ())],
            [_letter(croupier, record) for record in letters.get(partition, ())],
        )
        for partition, rows in state.items()
    }


def ends_of(laid: Sequence[Laid]) -> Ends:
    """Where inputs end that hold nothing else."""
    ends: dict[int, dict[str, int]] = defaultdict(dict)
    for record in laid:
        ends[record.partition][record.topic] = record.offset + 1
    return ends


def expected(slices: Mapping[int, Slice], ends: Ends) -> dict[int, Written]:
    """What should be written when the inputs are taken up to these ends."""
    return {
        partition: Written(
            [replace(event, payload=json.loads(json.dumps(event.payload))) for event in of.events],
            of.letters,
            of.living(),
            of.timers,
            of.stream_time,
            ends[partition],
        )
        for partition, of in slices.items()
    }


def differences(wanted: Mapping[int, Written], got: Mapping[int, Written], *, shown: int = 5) -> list[str]:
    """The first few of all that is missing, too much or otherwise, in words; nothing when all is as it should be."""
    found: list[str] = []
    for partition in sorted({*wanted, *got}):
        if partition not in wanted or partition not in got:
            found.append(f"{partition}: {'wanted' if partition in wanted else 'got'} alone")
            continue
        one, other = wanted[partition], got[partition]
        found += _of_sequences(f"{partition}: events", one.events, other.events, shown)
        found += _of_sequences(f"{partition}: dead letters", one.letters, other.letters, shown)
        found += _of_mappings(f"{partition}: rows", one.rows, other.rows, shown)
        found += _of_mappings(f"{partition}: timers", dict.fromkeys(one.timers), dict.fromkeys(other.timers), shown)
        if (one.stream_time, one.positions) != (other.stream_time, other.positions):
            found.append(f"{partition}: head: {one[-2:]} became {other[-2:]}")
    return found


def repeated(records: Sequence[Record]) -> list[tuple[bytes | None, bytes]]:
    """Keys and event ids that are there more than once."""
    counted = Counter((record.key, record.headers["event-id"]) for record in records)
    return [which for which, times in counted.items() if times > 1]


def _by_partition(records: Sequence[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for record in records:
        found.setdefault(record.partition, []).append(record)
    return found


def _event(croupier: Installation, record: Record) -> Event:
    headers = {name: croupier.plain(value.decode()) for name, value in record.headers.items()}
    assert ["type", "event-id", "cause"] == list(headers)
    type_: Any = headers["type"]
    key, payload = (record.key or b"").decode(), orjson.loads(record.value or b"")
    return Event(type_, headers["event-id"], key, headers["cause"], payload)


def _letter(croupier: Installation, record: Record) -> Letter:
    headers = {
        name.removeprefix("dead-letter."): croupier.plain(value.decode()) for name, value in record.headers.items()
    }
    kind = headers["class"]
    cause = "{topic}/{partition}/{offset}".format_map(headers)
    reason = None if kind in DECODING else headers["reason"]
    return Letter(kind, reason, cause, int(headers["timestamp"]), record.key, record.value or b"")


def _state(croupier: Installation, log: Sequence[Record], events: list[Event], letters: list[Letter]) -> Written:
    last = {(record.key or b"").decode(): record.value for record in log}
    there = {key: _row(croupier, value) for key, value in last.items() if value is not None}
    head = there.pop(HEAD)[1]
    now = head["stream_time"]
    timers = {_timer(key) for key in there if key.startswith(TIMER)}
    rows = {_key(key): row for key, row in there.items() if not key.startswith(TIMER) and is_alive(row[0], now)}
    return Written(
        events, letters, rows, timers, now, {topic: offset for topic, offset in head["inputs"].items() if offset}
    )


def _row(croupier: Installation, value: bytes) -> Row:
    _, row = orjson.loads(croupier.plain(value[8:].decode()))
    return int.from_bytes(value[:8], "big"), row


def _key(key: str) -> Key:
    player_id, kind, row_id = key.split("\0")
    return player_id, kind, row_id


def _timer(key: str) -> TimerKey:
    due, name, player_id, row_id = key.removeprefix(TIMER).split("\0")
    return int(due), name, player_id, row_id


def _of_sequences(what: str, wanted: Sequence[Any], got: Sequence[Any], shown: int) -> list[str]:
    if wanted == got:
        return []
    place = next((n for n, (one, other) in enumerate(zip(wanted, got, strict=False)) if one != other), None)
    place = min(len(wanted), len(got)) if place is None else place
    here = slice(place, place + shown)
    return [f"{what}: {len(wanted)} became {len(got)}, first at {place}: {wanted[here]} became {got[here]}"]


def _of_mappings(what: str, wanted: Mapping[Any, Any], got: Mapping[Any, Any], shown: int) -> list[str]:
    keys = [key for key in sorted({*wanted, *got}) if (key in wanted, wanted.get(key)) != (key in got, got.get(key))]
    changed = [f"{key}: {wanted.get(key, 'nothing')} became {got.get(key, 'nothing')}" for key in keys[:shown]]
    return [f"{what}: {len(keys)} differ: {changed}"] if keys else []
