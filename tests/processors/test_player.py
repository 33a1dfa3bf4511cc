"""The composition: what holds for every record and every timer."""

import ast
import re
from pathlib import Path

from saga import Saga
from samples import HOUR, NOON, bonus_change, order, wallet_call

import processors
from processors.counted import COUNTED

NOT_COUNTED = {"spins-mark"}
"""Kinds of rows that look like counts."""


def names_in_code() -> set[str]:
    """Every constant that reads like a count."""
    like_a_count = re.compile(r"(bets|bonuses|calls|ends|orders|payments|refunds|spins|wins)-[a-z-]+")
    found: set[str] = set()
    for source in Path(processors.__file__).parent.glob("*.py"):
        if source.name != "counted.py":
            constants = [
                node.value for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Constant)
            ]
            found |= {text for text in constants if isinstance(text, str) and like_a_count.fullmatch(text)}
    return found - NOT_COUNTED


def test_everything_that_is_counted_is_said_in_words() -> None:
    assert names_in_code() == set(COUNTED)


def test_a_payment_that_stays_unresolved_is_counted() -> None:
    saga = Saga(order(status="timeout")).pass_time(NOON + 6 * HOUR)
    assert (saga.ids(), saga.counts) == (["payment/123_4567899/Requested"], ["payments-unresolved"])


def test_records_of_one_player_meet() -> None:
    """A deposit earns a bonus, bets wager it, and the platform reports what we knew."""
    saga = Saga(
        bonus_change(NOON, status="Pending", order_id="123_4567899", required=200),
        order(NOON + 1),
        wallet_call(NOON + 2, call_id="1", amount=200, bonus_amount=200, bonus_ref="13et"),
        bonus_change(NOON + 3, order_id="123_4567899", required=200),
        order(NOON + 1000, status="completed", result="approved"),
        wallet_call(NOON + 1001, call_id="2", action="win", amount=500, is_round_end=True, bonus_balance=500),
        bonus_change(NOON + 2000, status="Completed", order_id="123_4567899", required=200),
    )
    assert saga.ids() == [
        "0/Pending",
        "payment/123_4567899/Requested",
        "casino/debit/1",
        "payment/123_4567899/Approved",
        "0/Created",
        "0/Ongoing/0",
        "casino/credit/2",
        "0/Completed",
    ]
    assert (saga.refusals, saga.window.timers) == ([], set())
