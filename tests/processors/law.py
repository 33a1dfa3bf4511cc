"""The law of the join, clause by clause: what holds for every history, and what for which.

A table says what must be the same however the topics interleave; the chains
say what the CRM may hear after what. `broken` names all that a run breaks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from histories import History
from samples import DAY

from processors.events import Event


class Clause(NamedTuple):
    """Events of this type are the same whatever way the topics interleave."""

    type: str
    but_for: frozenset[str]
    """Fields that may differ."""
    leaves_out: frozenset[str]
    """Statuses that may differ."""
    holds_for: Callable[[History], bool]


def within_retention(history: History) -> bool:
    """No retention limit lies within: everything happens in less than a week."""
    times = [arrival.time for arrivals in history.topics.values() for arrival in arrivals]
    return not times or max(times) - min(times) < 7 * DAY


SAME_EVENTS = [
    Clause("PAYMENT", frozenset({"bonus_code"}), frozenset(), within_retention),
    Clause("CASINO", frozenset(), frozenset(), within_retention),
    Clause("BONUS", frozenset({"timestamp"}), frozenset({"Ongoing"}), lambda history: history.is_settled),
]

PAYMENT_NEXT = {
    "": "Requested Approved Rejected Cancelled",
    "Requested": "Approved Rejected Cancelled",
    "Rejected": "Approved",
    "Cancelled": "Approved",
    "Approved": "Rollback",
    "Rollback": "Rollback",
}

_ENDS = "Completed AutoCompleted Forfeited Expired Lost"

BONUS_NEXT = {
    "": "Pending Created Completed Forfeited Expired",
    "Pending": "Created Completed Forfeited Expired",
    "Created": f"Ongoing {_ENDS}",
    "Ongoing": f"Ongoing {_ENDS}",
    "Completed": "",
    "AutoCompleted": "Reversed",
    "Forfeited": "Reversed",
    "Expired": "Reversed",
    "Lost": "Reversed",
    "Reversed": f"Ongoing {_ENDS}",
}

REQUIRED = {
    "PAYMENT": "amount currency exchange_rate origin payment_id status timestamp type user_id vendor_id",
    "BONUS": ("amount bonus_id currency exchange_rate origin product status timestamp type user_bonus_id user_id"),
    "CASINO": (
        "activity_id amount currency exchange_rate game_id game_name is_round_end origin round_id status timestamp "
        "type user_id vendor_id wager_amount bonus_wager_amount locked_wager_amount"
    ),
}

_AMOUNTS = "amount wager_amount bonus_wager_amount locked_wager_amount bonus_turned_real required_wagering_amount"


def told(events: Iterable[Event], clause: Clause) -> list[tuple[str, dict[str, Any]]]:
    """What a clause compares of these events."""
    return sorted(
        (
            (event.event_id, {name: value for name, value in event.payload.items() if name not in clause.but_for})
            for event in events
            if event.type == clause.type and event.payload["status"] not in clause.leaves_out
        ),
        key=lambda told: told[0],
    )


def broken(history: History, events: list[Event]) -> list[str]:
    """Every clause about one run's events that does not hold, in words.

    What was forgotten can come to life again, so beyond a retention only the contract is left.
    """
    chains = [_ids, _payments, _bonuses, _casino] if within_retention(history) else []
    return [breach for clause in (_contract, *chains) for breach in clause(events)]


def _ids(events: list[Event]) -> Iterator[str]:
    seen: set[str] = set()
    for event in events:
        if event.event_id in seen:
            yield f"sent twice: {event.event_id}"
        seen.add(event.event_id)


def _contract(events: list[Event]) -> Iterator[str]:
    for event in events:
        payload = event.payload
        missing = [name for name in REQUIRED[event.type].split() if payload.get(name) in (None, "")]
        if missing or None in payload.values():
            yield f"lacks {missing}: {event}"
        if any(payload.get(name, 0) < 0 for name in _AMOUNTS.split()) or payload["exchange_rate"] <= 0:
            yield f"negative: {event}"


def _payments(events: list[Event]) -> Iterator[str]:
    for chain in _chains(events, "PAYMENT", "payment_id"):
        yield from _steps(chain, PAYMENT_NEXT)
        by_status: dict[str, float] = defaultdict(float)
        for event in chain:
            by_status[event.payload["status"]] += event.payload["amount"]
        if by_status["Rollback"] > by_status["Approved"] + 1e-9:
            yield f"more rolled back than approved: {chain}"


def _bonuses(events: list[Event]) -> Iterator[str]:
    for chain in _chains(events, "BONUS", "user_bonus_id"):
        yield from _steps(chain, BONUS_NEXT)
        epoch = 0
        for before, event in zip([None, *chain], chain, strict=False):
            payload = event.payload
            epoch += payload["status"] == "Reversed"
            if int(event.event_id.split("/")[2]) != epoch:
                yield f"in the wrong epoch: {event}"
            is_early = before is None or before.payload["status"] == "Pending"
            is_free = payload["type"] == "WagerFree" or not payload.get("required_wagering_amount")
            if payload["status"] == "Completed" and is_early and not (is_free and payload["type"] != "FreeSpins"):
                yield f"completed out of nowhere: {event}"
            if payload["type"] == "FreeSpins" and payload["status"] == "Pending":
                yield f"free spins are told before they are over: {event}"
            was_over = before is not None and before.payload["status"] in ("Expired", "Lost")
            if payload["status"] == "Reversed" and was_over and not event.cause.startswith("platform"):
                yield f"given back by us: {event}"


def _casino(events: list[Event]) -> Iterator[str]:
    bets: dict[str, Event] = {}
    for event in events:
        if event.type != "CASINO":
            continue
        payload = event.payload
        split = sum(payload[name] for name in ("wager_amount", "bonus_wager_amount", "locked_wager_amount"))
        if abs(split - payload["amount"]) > 1e-9:
            yield f"parts do not make the amount: {event}"
        if event.event_id.startswith("casino/debit"):
            bets[payload["activity_id"]] = event
        if payload["status"] == "Rollback":
            bet = bets.get(payload["activity_id"])
            kept = ("amount", "exchange_rate", "game_id", "round_id", "bonus_wager_amount")
            if bet is None or any(bet.payload[name] != payload[name] for name in kept):
                yield f"not the rollback of its bet: {event}"


def _chains(events: list[Event], event_type: str, name: str) -> Iterator[list[Event]]:
    chains: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.type == event_type:
            chains[event.payload[name]].append(event)
    yield from chains.values()


def _steps(chain: list[Event], next_: dict[str, str]) -> Iterator[str]:
    status, time, rate = "", "", chain[0].payload["exchange_rate"]
    for event in chain:
        payload = event.payload
        if payload["status"] not in next_[status].split():
            yield f"{payload['status']} after {status or 'nothing'}: {event}"
        if _instant(payload["timestamp"]) < time:
            yield f"before the event before it: {event}"
        if payload["exchange_rate"] != rate:
            yield f"another rate than its first event: {event}"
        status, time = payload["status"], _instant(payload["timestamp"])


def _instant(timestamp: str) -> str:
    """A text that sorts like the time; milliseconds are there or not."""
    return timestamp if "." in timestamp else timestamp.replace("Z", ".000Z")
