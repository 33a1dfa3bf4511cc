"""One player who is all the traffic: neither rows nor their sizes grow with what was, nor does the cost of a record."""

import heapq
import os
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from judging import RATES
from samples import HOUR, MINUTE, NOON, SECOND, arrival, bonus_change, order, wallet_call

from processors import player
from processors.facts import Fact
from processors.outcome import Due
from processors.rules import Rules

RECORDS = int(os.environ.get("TEST_HOT_RECORDS", "24000"))
"""A million take a few minutes."""

RULES = Rules(
    origin="brand.com",
    origin_by_casino={"123": "brand.com"},
    state_retention=HOUR,
    payment_retention=HOUR,
    wait_for_bonus=MINUTE,
)
PLAYER = "111222333"
ROUNDS = 12


class Size(NamedTuple):
    """What lives of a player: rows and timers, the bytes of the largest row, and how often rows were asked for."""

    rows: int
    timers: int
    largest_bytes: int
    gets: int


class Rows:
    """Rows as a store has them; what has expired is collected at once."""

    def __init__(self) -> None:
        self.now = 0
        self.timers: list[tuple[int, str, str]] = []
        self._gets = 0
        self._rows: dict[str, dict[str, tuple[int, bytes]]] = defaultdict(dict)
        self._expiries: list[tuple[int, str, str]] = []

    def get(self, kind: str, row_id: str) -> Any:
        self._gets += 1
        found = self._rows[kind].get(row_id)
        return None if found is None or self._is_gone(found[0]) else orjson.loads(found[1])

    def put(self, kind: str, row_id: str, row: Any, expires_at: int) -> None:
        self._rows[kind][row_id] = (expires_at, orjson.dumps(row, tuple))
        if expires_at:
            heapq.heappush(self._expiries, (expires_at, kind, row_id))

    def delete(self, kind: str, row_id: str) -> None:
        self._rows[kind].pop(row_id, None)

    def scan(self, kind: str) -> list[tuple[str, Any]]:
        return [(row_id, row) for row_id in sorted(self._rows[kind]) if (row := self.get(kind, row_id)) is not None]

    def schedule(self, due: int, timer: str, row_id: str) -> None:
        self.timers.append((due, timer, row_id))

    def cancel(self, due: int, timer: str, row_id: str) -> None:
        if (due, timer, row_id) in self.timers:
            self.timers.remove((due, timer, row_id))

    def collect(self) -> None:
        while self._expiries and self._is_gone(self._expiries[0][0]):
            _, kind, row_id = heapq.heappop(self._expiries)
            found = self._rows[kind].get(row_id)
            if found and self._is_gone(found[0]):
                del self._rows[kind][row_id]

    def size(self) -> Size:
        """Of now; rows that were asked for are counted anew."""
        stored = [value for of in self._rows.values() for _, value in of.values()]
        gets, self._gets = self._gets, 0
        return Size(len(stored), len(self.timers), max(map(len, stored)), gets)

    def _is_gone(self, expires_at: int) -> bool:
        return 0 < expires_at <= self.now


def session(number: int, start: int) -> Iterator[Fact]:
    """A deposit, its bonus, and rounds that work it off; a second between any two."""
    name, money = f"b{number}", f"o{number}"
    at = iter(range(start, start + HOUR, SECOND))
    bought = {"order_id": money, "created_at": start}
    yield order(next(at), **bought)
    yield order(next(at), status="completed", result="approved", **bought)
    yield bonus_change(next(at), user_bonus_id=name, order_id=money, required=100 * ROUNDS)
    for n in range(ROUNDS):
        played = {"round_id": f"{name}/{n}", "bonus_ref": name}
        yield wallet_call(next(at), call_id=f"{name}/{n}/bet", bonus_amount=100, **played)
        yield wallet_call(next(at), call_id=f"{name}/{n}/win", action="win", is_round_end=True, **played)


def test_a_player_who_is_all_the_traffic_does_not_grow() -> None:
    """Once nothing is missing from the retention any more, all that lives is the same after every session."""
    rows, sizes, events = Rows(), [], 0
    length = len(list(session(0, 0)))
    for number in range(RECORDS // length):
        for fact in session(number, NOON + number * length * SECOND):
            rows.now = fact.at
            events += _fire(rows)
            outcome = player.step(rows, arrival(fact), RULES, RATES)
            assert [] == list(outcome.refusals)
            events += len(outcome.events)
            rows.collect()
        sizes.append(rows.size())

    behind = sizes[2 * HOUR // (length * SECOND) :]
    assert len(behind) > 4 * HOUR // (length * SECOND)
    assert {behind[0]._replace(largest_bytes=0)} == {size._replace(largest_bytes=0) for size in behind}
    assert max(size.largest_bytes for size in behind) < 1.1 * behind[0].largest_bytes
    assert events > RECORDS


def _fire(rows: Rows) -> int:
    due = sorted(timer for timer in rows.timers if timer[0] <= rows.now)
    for timer in due:
        rows.timers.remove(timer)
    fired = [player.fire(rows, Due(PLAYER, *timer, cause="timer"), RULES, RATES) for timer in due]
    return sum(len(outcome.events) for outcome in fired)
