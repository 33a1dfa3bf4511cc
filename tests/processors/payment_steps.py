"""Steps of a payment's story: versions that come, what is sent, what is refused."""

from typing import Any

import pytest
from samples import HOUR, NOON, arrival
from window import Window

from processors.events import Event
from processors.facts import Order, Rate
from processors.outcome import Refused
from processors.payments import PaymentChange, PaymentOutcome, payment
from processors.rates import Rates
from processors.rules import Rules

RULES = Rules(origin_by_casino={"123": "brand.com"})

APPROVED: dict[str, Any] = {"status": "completed", "result": "approved"}
DECLINED: dict[str, Any] = {"status": "completed", "result": "declined"}
VOIDED: dict[str, Any] = {"status": "voided", "result": "approved"}
TIMEOUT: dict[str, Any] = {"status": "timeout"}


def refunded(pounds: int) -> dict[str, Any]:
    return {"status": "partially-refunded", "result": "approved", "refunded_amount": pounds * 100}


def pound_rates() -> Rates:
    rates = Rates("EUR")
    rates.add(Rate("GBP", "1.17", 0))
    rates.add(Rate("GBP", "1.20", NOON + HOUR))
    return rates


def take(window: Window, *versions: Order, code: str | None = None, rates: Rates | None = None) -> PaymentOutcome:
    """Everything that follows from these versions, in their order; stream time is their times."""
    events: list[Event] = []
    counts: list[str] = []
    changes: list[PaymentChange] = []
    for version in versions:
        window.now = max(window.now, version.at)
        outcome = payment(window, arrival(version), RULES, rates or pound_rates(), lambda _: code)
        events.extend(outcome.events)
        counts.extend(outcome.counts)
        changes.extend(outcome.changes)
    return PaymentOutcome(events, counts, changes)


def sent(outcome: PaymentOutcome, *fields: str) -> list[tuple[Any, ...]]:
    """The status of each event, and these fields of it."""
    return [tuple(event.payload.get(field) for field in ("status", *fields)) for event in outcome.events]


def refused(window: Window, version: Order) -> tuple[str, str]:
    """Class and reason; a refusal leaves no trace."""
    window.now = max(window.now, version.at)
    before = window.copy()
    with pytest.raises(Refused) as refusal:
        payment(window, arrival(version), RULES, pound_rates(), lambda _: None)
    assert (before.living(), before.timers) == (window.living(), window.timers)
    return refusal.value.kind, refusal.value.reason
