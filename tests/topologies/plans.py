"""A plan of a rewind, for tests that change what they are about."""

from topologies.runtime.journal.plan import Plan

PLAN = Plan(
    partition=3,
    commit=17,
    journal_offset=170,
    newest=20,
    newest_offset=200,
    inputs={"bets": 90, "orders": 12},
    back_to={"bets": 10, "orders": 12},
    records={"bets": 80, "orders": 0},
    rows=40,
    players=6,
    events=7,
    dead_letters=1,
    steps=1,
)
