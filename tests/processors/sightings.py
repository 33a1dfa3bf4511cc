"""What was seen to happen while histories were told: cells of the tables, rules of the join, waits."""

from collections import Counter
from typing import Any

import pytest
from payment_words import TABLES, lines
from running import Run
from teller import BONUS_WORDS

from processors import bonus_table, bonuses, payment_decision, payments
from processors.events import Event

Seen = Counter[str]

COLUMNS = {None: "nothing sent", "Requested": "Requested sent", "Approved": "Approved sent"}

PAYMENT_CELLS = [
    f"{kind}: {line.words} | {column}"
    for kind, table in TABLES.items()
    for line in lines(table)
    for column in COLUMNS.values()
]
AFTER = [f"{kind}: after {past}" for kind in TABLES for past in ("Rejected", "Cancelled", "a complete Rollback")]

_STATES = ["", *BONUS_WORDS]
BONUS_CELLS = [f"{before or '(none)'} → {word}" for before in _STATES for word in _STATES[1:]]

SOURCES = {"rebilly.orders": "order", "platform.bonuses": "platform", "netgaming.debits": "call", "timer": "timer"}

RULES = {
    "1 a bet belongs to a bonus": "bets-attributed",
    "1 a bet belongs to none": "bets-unattributed",
    "2 a bet starts wagering": "Ongoing/0 by call",
    "2 a bet makes a step": "Ongoing/1 by call",
    "3 a round completes": "Completed by call",
    "3 a round loses": "Lost by call",
    "3 a round autocompletes": "AutoCompleted by call",
    "4 a bonus expires by its time": "Expired by timer",
    "4 a bonus had expired before it was created": "Expired by platform at Created",
    "5 free spins are over by their rounds": "FreeSpins Created by call",
    "5 free spins are over by the platform": "FreeSpins Created by platform",
    "5 free spins are over by their time": "FreeSpins Created by timer",
    "5 free spins expire with nothing won": "FreeSpins Expired by timer",
    "6 a win belongs to a bonus": "wins-attributed",
    "7 a failed deposit forfeits": "bonuses-forfeited-with-deposit",
    "7 a Rollback forfeits": "Forfeited by order",
    "8 a failed payout gives back": "Reversed by order",
    "8 a payout that had failed gives back": "bonuses-reversed-with-withdrawal",
    "9 a bet is rolled back": "Rollback by call",
    "9 a bet is rolled back twice": "refunds-repeated",
    "9 a refund says another amount": "refunds-amount-differs",
    "10 a call comes twice": "calls-repeated",
    "11 what waited is refused": "refused when released",
}
"""A rule of the join, and what is seen when it has done something."""

WAITS = {
    "a bet waits for its bonus": "bets-waiting",
    "its refund waits with it": "refunds-waiting",
    "its round's end waits with it": "ends-waiting",
    "a wait for a bonus has an end": "timer wait-for-bonus",
    "a bonus record waits for its payment": "bonuses-waiting",
    "a wait for a payment has an end": "bonuses-without-payment",
    "a refund that overtakes its bet meets it": "refunds-matched",
    "a refund never meets its bet": "refunds-unmatched",
    "a payment stays unresolved": "payments-unresolved",
    "a bonus waits for its expiry": "timer bonus-expiry",
}


def watch(patch: pytest.MonkeyPatch, seen: Seen) -> None:
    """Note every cell of the tables that is read."""
    decide, judge = payment_decision.decide, bonus_table.judge
    found = {
        (kind, *said): f"{kind}: {line.words}"
        for kind, table in TABLES.items()
        for line in lines(table)
        for said in line.combinations
    }

    def watched_decide(before: Any, order: Any, rules: Any) -> Any:
        line = found.get((order.kind, order.status, order.result), "unknown")
        if before.is_undone:
            seen[f"{order.kind}: after a complete Rollback"] += 1
        elif before.sent in COLUMNS:
            seen[f"{line} | {COLUMNS[before.sent]}"] += 1
        else:
            seen[f"{order.kind}: after {before.sent}"] += 1
        return decide(before, order, rules)

    def watched_judge(before: str, word: str, *given: Any, **named: Any) -> Any:
        seen[f"{before or '(none)'} → {word}"] += 1
        return judge(before, word, *given, **named)

    patch.setattr(payments, "decide", watched_decide)
    patch.setattr(bonuses, "judge", watched_judge)


def note(run: Run, seen: Seen) -> None:
    """Note what a run has come to."""
    seen.update(run.counts)
    seen["refused when released"] += sum(refusal.waited is not None for refusal in run.refusals)
    created = {event.cause for event in run.events if event.event_id.endswith("/Created")}
    for event in run.events:
        for words in _words(event, created):
            seen[words] += 1


def _words(event: Event, created: set[str]) -> list[str]:
    status, kind = event.payload["status"], event.payload["type"]
    source = SOURCES[event.cause.split("/")[0]]
    if status == "Ongoing":
        return [f"Ongoing/{event.event_id.rsplit('/', 1)[-1]} by {source}"]
    at_once = [f"Expired by {source} at Created"] if status == "Expired" and event.cause in created else []
    return [f"{status} by {source}", f"{kind} {status} by {source}", *at_once]
