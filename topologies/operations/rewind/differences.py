"""What a replay came to that the CRM had not heard so: the lines of a rewind's report."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from topologies.operations.rewind import history
from topologies.operations.rewind.correction import Heard, correction
from topologies.operations.rewind.history import Rewind
from topologies.operations.rewind.site import Site, headers
from topologies.runtime.journal.marker import content_hash
from topologies.runtime.journal.record import DIFFERENCE
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.partitioning import java_default
from topologies.wire import load_json

SLACK_MS = 60_000
"""Clocks of workers and of the tool may differ by so much."""

AT_ONCE = 100_000
"""Differences whose old values are looked for together."""

EVENT_ID, TYPE = "event-id", "type"


class Difference(NamedTuple):
    """An event, or a dead letter (without key), that is not what it was.

    `what` is added, changed or vanished. `old` is what was heard, if it is
    still there, `new` what the replay came to. `is_sent`: it was.
    """

    partition: int
    what: str
    key: str
    id: str
    is_sent: bool
    old: Heard | None
    new: Mapping[str, Any] | None

    def line(self, rewind_id: str) -> Mapping[str, Any]:
        """Return it as a JSON value."""
        return {
            "rewind": rewind_id,
            "partition": self.partition,
            "what": self.what,
            "key": self.key,
            "id": self.id,
            "sent": self.is_sent,
            "old": None if self.old is None else self.old.value,
            "new": self.new,
            "correction": correction(self.what, self.old),
        }


class _Line(NamedTuple):
    what: str
    key: str
    id: str
    sent: bool
    old: str | None
    new: str | None


def differences(site: Site, rewind: Rewind, all_of_them: Sequence[Rewind]) -> Iterator[Difference]:
    """Yield a partition's differences in the order in which they came up, as far as the journal still has them."""
    if rewind.has_differences:
        yield from of_lines(site, rewind, _lines(site, rewind), all_of_them)


def of_lines(
    site: Site, rewind: Rewind, values: Iterable[bytes], all_of_them: Sequence[Rewind]
) -> Iterator[Difference]:
    """Yield the differences of a report's lines, which a worker has written or a rehearsal has come to."""
    lines, since_ms = map(_line, values), heard_since(rewind, all_of_them)
    while some := list(islice(lines, AT_ONCE)):
        old = _heard(site, some, since_ms, _begun_at(rewind) + SLACK_MS)
        for each in some:
            new = None if each.new is None else load_json(each.new)
            heard = old.get((each.key, each.id))
            yield Difference(rewind.partition, each.what, each.key, each.id, each.sent, heard, new)


def heard_since(rewind: Rewind, all_of_them: Iterable[Rewind]) -> int:
    """Return the time, ms, from which on the CRM may have heard what a rewind took back; 0: nobody knows.

    That is its target's. But what an earlier replay came to without sending it was heard before that one.
    """
    since_ms = 0 if rewind.planned is None else rewind.planned.at_ms
    for before in history.earlier(all_of_them, rewind):
        done_at = before.answered_at("done")
        if done_at is not None and done_at + SLACK_MS >= since_ms:
            since_ms = min(since_ms, 0 if before.planned is None else before.planned.at_ms)
    return max(0, since_ms - SLACK_MS)


def _lines(site: Site, rewind: Rewind) -> Iterator[bytes]:
    where, key = (site.own.journal, rewind.partition), DIFFERENCE + rewind.command.id.encode()
    begin = site.admin.offsets_at([where], _begun_at(rewind) - SLACK_MS)[where]
    done_at = rewind.answered_at("done")
    end = site.admin.stable_ends([where])[where]
    if done_at is not None:
        end = min(end, site.admin.offsets_at([where], done_at + SLACK_MS)[where])
    for record in site.records(rewind.partition, begin, end):
        if record.key == key and record.value is not None:
            yield record.value


def _line(value: bytes) -> _Line:
    found = load_json(value)
    return _Line(*(found[name] for name in _Line._fields))


def _begun_at(rewind: Rewind) -> int:
    return rewind.answered_at("accepted") or rewind.command.at_ms


def _heard(site: Site, lines: Iterable[_Line], begin_ms: int, end_ms: int) -> dict[tuple[str, str], Heard]:
    """Look for what the CRM was told, in the partitions of these players, in a time."""
    wanted = {(each.key.encode(), each.id): each.old for each in lines if each.key and each.old is not None}
    keys = {key for key, _ in wanted}
    found: dict[tuple[str, str], Heard] = {}
    for message, raw in site.read(_ranges(site, keys, begin_ms, end_ms)):
        key, value = message.key, message.value
        if key is None or key not in keys or value is None:
            continue
        told = headers(raw)
        event_id = told.get(EVENT_ID, b"").decode()
        if wanted.get((key, event_id)) == content_hash(value):
            found[key.decode(), event_id] = Heard(told[TYPE].decode(), load_json(value))
    return found


def _ranges(site: Site, keys: Collection[bytes], begin_ms: int, end_ms: int) -> dict[Partition, tuple[int, int]]:
    if not keys:
        return {}
    counts = {topic: state.partitions for topic, state in site.admin.topics(site.outputs).items()}
    where = sorted({(topic, java_default(key, count)) for topic, count in counts.items() for key in keys})
    begins, ends = site.admin.offsets_at(where, begin_ms), site.admin.offsets_at(where, end_ms)
    stable = site.admin.stable_ends(where)
    return {each: (begins[each], min(ends[each], stable[each])) for each in where}
