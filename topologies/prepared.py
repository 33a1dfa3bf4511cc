"""JSON documents made ready for their topics: kind, key, timestamp and the value to encode."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from topologies.documents import BadDocument, Problem, checked
from topologies.intake import fx, rebilly
from topologies.schemas import BONUSES, CALLS, ORDERS, RATES

TOLD_BY = {"request": CALLS, "user_bonus_id": BONUSES, "OrderID": ORDERS, "rate": RATES}
"""The field by which a document tells its kind."""

TIMES = {
    CALLS: ("answered_at",),
    BONUSES: ("updated_at", "expires_at"),
    ORDERS: ("UpdatedTime", "CreatedTime"),
    RATES: ("effective_from",),
}
"""All times of a kind; the first is the record's own."""

KEYS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    CALLS: lambda value: value["request"]["player_id"],
    BONUSES: lambda value: value["player_id"],
    ORDERS: lambda value: rebilly.player_of(value["CasinoID"], value["PlayerID"]),
    RATES: lambda value: fx.key(value["currency"], value["effective_from"]),
}

ENVELOPE = ("answered_at", "request", "response")


class Prepared(NamedTuple):
    """A record for the topic of `kind`, a source's name, before it is encoded."""

    kind: str
    key: str
    """The normalised player, a rate's currency and time."""
    timestamp_ms: int | None
    """None: the time of sending. A rate is no event of its own time, which may be to come."""
    value: dict[str, Any]


def document(kind: str | None, value: object) -> Prepared:
    """A JSON document as a record; without a kind it tells its own.

    Raises:
        BadDocument: names what is wrong, field by field.
    """
    if not isinstance(value, Mapping):
        raise BadDocument(Problem("", "should be a JSON object"))
    if kind in (None, CALLS):
        _check_envelope(value)
    kind = kind or _told(value)
    return _prepared(kind, checked(kind, value))


def shifted(prepared: Prepared, delta_ms: int) -> Prepared:
    """The same record, all its times moved together."""
    times = {field: prepared.value[field] for field in TIMES[prepared.kind]}
    moved = {field: time if time is None else time + delta_ms for field, time in times.items()}
    return _prepared(prepared.kind, {**prepared.value, **moved})


def _prepared(kind: str, value: dict[str, Any]) -> Prepared:
    timestamp_ms = None if kind == RATES else value[TIMES[kind][0]]
    return Prepared(kind, KEYS[kind](value), timestamp_ms, value)


def _check_envelope(value: Mapping[str, Any]) -> None:
    if "transaction_id" in value and "request" not in value:
        missing = ", ".join(field for field in ENVELOPE if field not in value)
        raise BadDocument(Problem("", f"is a bare request of the wallet API; its envelope is missing: {missing}"))


def _told(value: Mapping[str, Any]) -> str:
    for field, kind in TOLD_BY.items():
        if field in value:
            return kind
    raise BadDocument(Problem("", f"has none of the fields that tell its kind: {', '.join(TOLD_BY)}"))
