"""The two tables of the payments, cell by cell, and what every other combination comes to.

The tables are written as a product owner reads them: what the CRM is told when
nothing, Requested or Approved was sent before. What follows after a rejection,
a cancellation or a complete rollback is derived from the first column.
"""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from payment_words import RESULTS, TABLES, UNKNOWN, Cells, parsed
from samples import MINUTE, NOON, arrival, order
from window import Window

from processors.facts import Kind, Order
from processors.outcome import Refused
from processors.payments import payment
from processors.rates import Rates
from processors.rules import Rules

CELLS = {kind: parsed(table) for kind, table in TABLES.items()}
WORDS = sorted({status for table in CELLS.values() for status, _ in table} | {"gone-fishing"})
COMBINATIONS = [
    pytest.param(kind, status, result, id=f"{kind} {status} {result}")
    for kind, status, result in product(CELLS, WORDS, (*RESULTS, "maybe"))
]

RULES = Rules(origin_by_casino={"123": "brand.com"})
RATES = Rates("GBP")

REQUESTED, APPROVED, REJECTED = (("pending", "unknown"), ("completed", "approved"), ("completed", "declined"))
CANCELLED, VOIDED = (("never-sent", "unknown"), ("voided", "unknown"))


def told(window: Window, version: Order, rules: Rules = RULES) -> str:
    """What the CRM is told, in the words of the tables; of what is refused, the class."""
    try:
        outcome = payment(window, arrival(version), rules, RATES, lambda _: None)
    except Refused as refused:
        return "anomaly" if refused.kind == "illegal-transition" else refused.kind
    words = []
    for event in outcome.events:
        is_rollback = event.payload["status"] == "Rollback"
        words.append(f"Rollback {event.payload['amount']:g}" if is_rollback else event.payload["status"])
    return ", ".join(words) or "-"


def after(kind: Kind, *versions: tuple[str, str]) -> Window:
    """A payment of 40.00 GBP that has come this far."""
    window = Window(NOON)
    for minute, (status, result) in enumerate(versions):
        told(window, order(NOON + minute * MINUTE, kind=kind, status=status, result=result, amount=4000))
    return window


def next_version(kind: Kind, status: str, result: str) -> Order:
    return order(NOON + 10 * MINUTE, kind=kind, status=status, result=result, amount=4000, refunded_amount=1000)


def cells(kind: Kind, status: str, result: str) -> Cells:
    return CELLS[kind].get((status, result), UNKNOWN)


@pytest.mark.parametrize(("kind", "status", "result"), COMBINATIONS)
def test_every_combination_by_what_was_sent_before(kind: Kind, status: str, result: str) -> None:
    histories = [after(kind), after(kind, REQUESTED), after(kind, REQUESTED, APPROVED)]

    assert cells(kind, status, result) == tuple(told(past, next_version(kind, status, result)) for past in histories)


@pytest.mark.parametrize(("kind", "status", "result"), COMBINATIONS)
@pytest.mark.parametrize(("sent", "version"), [("Rejected", REJECTED), ("Cancelled", CANCELLED)])
def test_after_a_rejection_or_cancellation_only_real_money_is_news(
    kind: Kind, status: str, result: str, sent: str, version: tuple[str, str]
) -> None:
    nothing_sent = cells(kind, status, result)[0]
    other = {"Rejected": "Cancelled", "Cancelled": "Rejected"}[sent]
    is_said = nothing_sent.startswith("Approved") or nothing_sent == "unknown-combination"
    expected = nothing_sent if is_said else "anomaly" if nothing_sent == other else "-"

    assert expected == told(after(kind, version), next_version(kind, status, result))


@pytest.mark.parametrize(("kind", "status", "result"), COMBINATIONS)
def test_after_a_complete_rollback_nothing_is_news_and_nothing_an_anomaly(kind: Kind, status: str, result: str) -> None:
    expected = "unknown-combination" if cells(kind, status, result) == UNKNOWN else "-"

    assert expected == told(after(kind, APPROVED, VOIDED), next_version(kind, status, result))


@pytest.mark.parametrize(("kind", "status", "result"), COMBINATIONS)
def test_a_known_payment_of_which_nothing_was_sent_reads_the_first_column(kind: Kind, status: str, result: str) -> None:
    assert cells(kind, status, result)[0] == told(after(kind, VOIDED), next_version(kind, status, result))


POLICIES = [
    pytest.param(
        {"capture_is_approval": True}, (), ("waiting-capture", "approved"), "Approved", id="a capture approves"
    ),
    pytest.param(
        {"capture_is_approval": True},
        (REQUESTED,),
        ("waiting-capture", "approved"),
        "Approved",
        id="what was requested",
    ),
    pytest.param({"capture_is_approval": True}, (APPROVED,), ("waiting-capture", "approved"), "-", id="but only once"),
    pytest.param(
        {"dispute_rollback": "on_created"}, (APPROVED,), ("disputed", "approved"), "Rollback 40", id="a dispute undoes"
    ),
    pytest.param(
        {"dispute_rollback": "on_created"}, (REQUESTED,), ("disputed", "approved"), "Approved", id="what was approved"
    ),
    pytest.param(
        {"late_approval": "anomaly"}, (REJECTED,), ("completed", "approved"), "anomaly", id="late approval refused"
    ),
    pytest.param(
        {"late_approval": "anomaly"}, (CANCELLED,), ("partially-refunded", "approved"), "anomaly", id="in part too"
    ),
]


@pytest.mark.parametrize(("policy", "versions", "last", "expected"), POLICIES)
def test_policies(
    policy: dict[str, Any], versions: tuple[tuple[str, str], ...], last: tuple[str, str], expected: str
) -> None:
    past = after("deposit", *versions)

    assert expected == told(past, next_version("deposit", *last), replace(RULES, **policy))
