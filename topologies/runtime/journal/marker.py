"""The marker at a commit's end: which records the commit took, in which order, and what it told the CRM.

JSON, in parts when it is large. Every part has the commit's number and some of
the lists; the last part also says where the inputs stand. What lists hold is
in order over all parts. `v` is the format's version.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from topologies.runtime.errors import Halted
from topologies.runtime.journal.errors import Malformed
from topologies.runtime.journal.record import MARKER
from topologies.runtime.store import Row
from topologies.wire import dump_json, load_json

VERSION = 1

PART_BYTES_MAX = 500_000
"""Half of the broker's default `max.message.bytes`."""

FRAME_BYTES = 1_000
"""Room in a part for what is not a list: version, number, the list's name."""

HASH_BYTES: Final = 8


class Slice(NamedTuple):
    """What one look at the inputs took: records merged by time, then some timers.

    `offsets` has the next one of each source, in the order of the marker's
    `inputs`. `due` is the key of the last timer that fired by stream time when
    the record before which it fired is not in the slice. `tick` is that of the
    last one that fired by the wall clock.
    """

    offsets: tuple[int, ...]
    wall_ms: int
    due: str | None
    tick: str | None


@dataclass(init=False)
class Heard:
    """An event that the CRM has been told, or a dead letter (key "", id `dead-letter/…`).

    `hash` is `content_hash` of what was sent.
    """

    key: Final[str]
    id: Final[str]
    hash: Final[str]

    def __init__(self, key: str, id: str, hash: str) -> None:  # noqa: A002 - as the fields
        self.key = key
        self.id = id
        self.hash = hash


class Marker(NamedTuple):
    """What a commit read and said.

    `inputs` has the next offset of every source by topic. `heard` also holds
    what a replay did not send again, because the CRM had heard it. `vanished`
    is what a replay, at its end, has not come to again. `rewound_to` is the
    commit that a step of a rewind went back to; `rewind` is the id of the
    rewind that a step or a replay's commit belongs to. `images` counts the
    commit's before-images: who has read fewer has not read all of it.
    """

    commit: int
    inputs: Mapping[str, int]
    stream_time: int
    slices: Sequence[Slice] = ()
    heard: Sequence[Heard] = ()
    vanished: Sequence[Heard] = ()
    rewound_to: int | None = None
    rewind: str | None = None
    images: int = 0


class Part(NamedTuple):
    """One record of a marker; `end` is the marker without its lists, in the last part only."""

    commit: int
    slices: Sequence[Slice]
    heard: Sequence[Heard]
    vanished: Sequence[Heard]
    end: Marker | None


def content_hash(value: bytes) -> str:
    """Return what tells two contents apart: 16 hexadecimal digits."""
    return blake2b(value, digest_size=HASH_BYTES).hexdigest()


def encode(marker: Marker, topics: Sequence[str], part_bytes_max: int = PART_BYTES_MAX) -> list[Row]:
    """Return the marker's records, in order; `topics` are the sources in the order of the slices' offsets.

    Only an entry that is larger by itself makes a part larger than
    `part_bytes_max`, which leaves room for `FRAME_BYTES` and the inputs.
    """
    # Plain tuples: the JSON library would ask for each named one how it is written.
    lists: dict[str, list[Any]] = {
        "slices": list(map(tuple, marker.slices)),
        "heard": [(each.key, each.id, each.hash) for each in marker.heard],
        "vanished": [(each.key, each.id, each.hash) for each in marker.vanished],
    }
    lists = {name: entries for name, entries in lists.items() if entries}
    opening = {"v": VERSION, "commit": marker.commit}
    end = _end(marker, topics)
    whole = dump_json({**opening, **lists, **end})
    if len(whole) <= part_bytes_max:
        return [(MARKER, whole)]
    list_max = part_bytes_max - FRAME_BYTES
    parts = [{**opening, name: chunk} for name, entries in lists.items() for chunk in _chunks(entries, list_max)]
    return [(MARKER, dump_json(part)) for part in [*parts, {**opening, **end}]]


def _end(marker: Marker, topics: Sequence[str]) -> dict[str, Any]:
    end: dict[str, Any] = {
        "inputs": {topic: marker.inputs[topic] for topic in topics},
        "stream_time": marker.stream_time,
        "images": marker.images,
    }
    if marker.rewound_to is not None:
        end["rewound_to"] = marker.rewound_to
    if marker.rewind is not None:
        end["rewind"] = marker.rewind
    return end


def _chunks(entries: list[Any], bytes_max: int) -> Iterator[list[Any]]:
    if len(entries) == 1 or len(dump_json(entries)) <= bytes_max:
        yield entries
        return
    middle = len(entries) // 2
    yield from _chunks(entries[:middle], bytes_max)
    yield from _chunks(entries[middle:], bytes_max)


def decode(value: bytes | None) -> Part:
    """Return one part of a marker.

    Raises:
        Malformed: it is none.
        Halted: a newer release wrote it.
    """
    try:
        return _part(load_json(value or b""))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"this is no marker of a commit ({type(error).__name__})") from error


def joined(parts: Sequence[Part]) -> Marker:
    """Return the marker of all its parts, in order; the last one has its end.

    Raises:
        Malformed: they are not the parts of one marker.
    """
    last = parts[-1]
    if last.end is None or any(part.commit != last.commit or part.end for part in parts[:-1]):
        raise Malformed("these are not the parts of one marker")
    # Most have one part.
    _, slices, heard, vanished, _ = last if len(parts) == 1 else _gathered(parts)
    inputs = len(last.end.inputs)
    for each in slices:
        if len(each.offsets) != inputs:
            raise Malformed("a slice does not say where each input stands")
    return last.end._replace(slices=slices, heard=heard, vanished=vanished)


def _gathered(parts: Sequence[Part]) -> Part:
    return parts[-1]._replace(
        slices=[each for part in parts for each in part.slices],
        heard=[each for part in parts for each in part.heard],
        vanished=[each for part in parts for each in part.vanished],
    )


def _part(fields: dict[str, Any]) -> Part:
    version = _whole(fields["v"])
    if version > VERSION:
        raise Halted(
            f"the journal was written by a newer release: marker version {version}, this release reads up to "
            f"{VERSION}. install that release again, or a newer one"
        )
    return Part(
        _whole(fields["commit"]),
        [_slice(*each) for each in fields.get("slices", ())],
        [_heard(*each) for each in fields.get("heard", ())],
        [_heard(*each) for each in fields.get("vanished", ())],
        _marker(fields) if "inputs" in fields else None,
    )


def _marker(fields: dict[str, Any]) -> Marker:
    rewound_to, rewind = fields.get("rewound_to"), fields.get("rewind")
    if rewound_to is not None and _whole(rewound_to) >= fields["commit"]:
        raise ValueError("a rewind goes back")
    return Marker(
        commit=fields["commit"],
        inputs={topic: _whole(offset) for topic, offset in fields["inputs"].items()},
        stream_time=_whole(fields["stream_time"]),
        rewound_to=rewound_to,
        rewind=None if rewind is None else _text(rewind),
        images=_whole(fields["images"]),
    )


def _slice(offsets: list[int], wall_ms: int, due: str | None, tick: str | None) -> Slice:
    return Slice(tuple(map(_whole, offsets)), _whole(wall_ms), _optional(due), _optional(tick))


def _heard(key: str, event_id: str, content: str) -> Heard:
    return Heard(_text(key), _text(event_id), _text(content))


def _whole(value: Any) -> int:  # noqa: ANN401 - a JSON value
    if type(value) is not int:
        raise TypeError("no whole number")
    return value


def _optional(value: Any) -> str | None:  # noqa: ANN401 - a JSON value
    return None if value is None else _text(value)


def _text(value: Any) -> str:  # noqa: ANN401 - a JSON value
    if type(value) is not str:
        raise TypeError("no text")
    return value
