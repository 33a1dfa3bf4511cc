"""What lies in the topics, in the words of `counting.truth`, and how it differs from what must lie there."""

import itertools
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from tests.integration.counting import Slice
from tests.integration.counting_topics import Record

MANY = 50
"""More differences say no more."""


def slices(events: Sequence[Record], letters: Sequence[Record], state: Sequence[Record]) -> dict[int, Slice]:
    """What has been written, by partition; the state as compaction leaves it, without what expired."""
    found = {}
    events_of, letters_of = _by_partition(events), _by_partition(letters)
    for partition, log in _by_partition(state).items():
        last = {record.key.decode(): record.value for record in log}
        there = {key: _row(value) for key, value in last.items() if value is not None}
        stream_time = there.pop("\0head\0")[1]["stream_time"]
        timers = [key.split("\0")[2:] for key in there if key.startswith("\0timer\0")]
        found[partition] = Slice(
            [_event(record) for record in events_of[partition]],
            [_letter(record) for record in letters_of[partition]],
            {
                key.replace("\0", "/"): row
                for key, row in there.items()
                if not key.startswith("\0") and not 0 < row[0] <= stream_time
            },
            {(int(due), key, row_id) for due, _, key, row_id in timers},
            stream_time,
        )
    return found


def differences(expected: Mapping[int, Slice], written: Mapping[int, Slice]) -> list[str]:
    """The first few of everything that is missing, too much or otherwise; empty when all is as it must be."""
    found = [f"partition {number} alone" for number in sorted(set(expected) ^ set(written))]
    for number in sorted(set(expected) & set(written)):
        for name, wanted, got in zip(Slice._fields, expected[number], written[number], strict=True):
            found += [f"{number} {name}: {each}" for each in _differences(wanted, got)]
    return found[:MANY]


def _differences(wanted: Any, got: Any) -> list[str]:
    if wanted == got:
        return []
    if isinstance(wanted, list):
        pairs = enumerate(itertools.zip_longest(wanted, got))
        found = [f"at {n} wanted {one}, got {other}" for n, (one, other) in pairs if one != other]
        return [*found[:3], f"{len(wanted)} wanted, {len(got)} got"]
    if isinstance(wanted, dict):
        keys = [key for key in sorted({*wanted, *got}) if wanted.get(key) != got.get(key)]
        return [f"{key!r}: wanted {wanted.get(key)}, got {got.get(key)}" for key in keys[:3]] + [f"{len(keys)} differ"]
    if isinstance(wanted, set):
        return [f"missing {sorted(wanted - got)[:3]}, too much {sorted(got - wanted)[:3]}"]
    return [f"wanted {wanted}, got {got}"]


def _row(value: bytes | None) -> tuple[int, Any]:
    assert value is not None
    return int.from_bytes(value[:8], "big"), json.loads(value[8:])[1]


def _event(record: Record) -> tuple[str, str, dict[str, Any]]:
    return record.key.decode(), record.headers["event-id"].decode(), json.loads(record.value or b"")


def _letter(record: Record) -> tuple[str, str]:
    headers = {name.removeprefix("dead-letter."): value.decode() for name, value in record.headers.items()}
    if headers["topic"] == "timer":
        return headers["class"], f"timer/{json.loads(record.value or b'')['row_id']}"
    return headers["class"], "{topic}/{partition}/{offset}".format_map(headers)


def _by_partition(records: Sequence[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        found[record.partition].append(record)
    return found
