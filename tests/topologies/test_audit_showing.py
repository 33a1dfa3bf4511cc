"""What an audit has found: as lines for people, and as JSON values."""

import pytest

from processors.bonus_row import Bonus
from topologies.operations.audit import auditing, showing
from topologies.operations.audit.auditing import Audited
from topologies.operations.audit.comparing import RowDifference
from topologies.operations.rewind.correction import Heard
from topologies.operations.rewind.differences import Difference
from topologies.runtime.overlay import TimerKey, timer_key
from topologies.wire import dump_json

EXPIRES = 1_763_640_000_000
BET = {"type": "Bet", "status": "Approved", "amount": 1.5, "currency": "EUR", "vendor_name": "A", "meta": {"x": 1}}
BONUS = Bonus(
    user_bonus_id="b1",
    currency="EUR",
    rate="1",
    updated_at=1,
    seen=["Created"],
    bonus_id="welcome",
    type="WelcomeBonus",
    product="Casino",
    amount=2000,
    code=None,
    required=None,
    locked=None,
    expires_at=None,
    free_spins=None,
    origin="brand.com",
    meta=None,
    references=None,
)


def stored(row: object, expires_at: int = EXPIRES) -> bytes:
    return expires_at.to_bytes(8, "big") + dump_json((1, row))


def row(recorded: bytes | None, recomputed: bytes | None) -> RowDifference:
    return RowDifference("125917", b"125917\0bonus\0b1", recorded, recomputed)


def event(what: str, old: dict[str, object] | None, new: dict[str, object] | None, key: str = "125917") -> Difference:
    heard = None if old is None else Heard("CASINO", old)
    return Difference(0, what, key, "casino/debit/c1", is_sent=False, old=heard, new=new)


AS_IT_WAS = stored(list(BONUS))
TIMER = timer_key(TimerKey(EXPIRES, "expiry", "125917", "b1")).encode()

SHOWN = [
    pytest.param(row(AS_IT_WAS, stored(list(BONUS._replace(amount=4000)))), "amount 2000 → 4000", id="another amount"),
    pytest.param(
        row(AS_IT_WAS, stored(list(BONUS._replace(seen=["Active"], amount=1)))),
        'seen.0 "Created" → "Active", amount 2000 → 1',
        id="two fields",
    ),
    pytest.param(
        row(AS_IT_WAS, stored(list(BONUS), 0)), 'expires "2025-11-20T12:00:00Z" → "never"', id="another expiry"
    ),
    pytest.param(row(None, AS_IT_WAS), "recomputed only", id="a row that is missing"),
    pytest.param(row(AS_IT_WAS, None), "recorded only", id="a row too many"),
    pytest.param(row(stored([1]), stored([2])), "0 1 → 2", id="rows of another shape"),
    pytest.param(row(stored([1]), stored({"a": 1})), '[1] → {"a":1}', id="rows of two shapes"),
    pytest.param(row(AS_IT_WAS, AS_IT_WAS.replace(b"[1,", b"[2,")), "another version of the same row", id="a version"),
]


@pytest.mark.parametrize(("difference", "below"), SHOWN)
def test_a_row_is_a_line_with_what_differs_below(difference: RowDifference, below: str) -> None:
    shown = list(showing.lines(Audited(1, [difference], ())))

    assert [showing.HEADING, "125917          row     bonus/b1", f"  {below}"] == shown


EVENTS = [
    pytest.param(
        event("changed", BET, {**BET, "vendor_name": "B", "meta": {"x": 2}}),
        'vendor_name "A" → "B", meta.x 1 → 2',
        id="changed",
    ),
    pytest.param(event("changed", {"a": 1}, {"b": 1}), "a 1 → nothing, b nothing → 1", id="other fields"),
    pytest.param(event("changed", None, BET), "what was heard is not in its topic any more", id="old value gone"),
    pytest.param(event("added", None, BET), "recomputed only: Bet Approved 1.5 EUR", id="added"),
    pytest.param(event("vanished", BET, None), "recorded only: Bet Approved 1.5 EUR", id="vanished"),
    pytest.param(event("vanished", None, None), "recorded only", id="vanished, old value gone"),
]


@pytest.mark.parametrize(("difference", "below"), EVENTS)
def test_an_event_is_a_line_with_what_differs_below(difference: Difference, below: str) -> None:
    shown = list(showing.lines(Audited(1, (), [difference])))

    assert ["125917          event   casino/debit/c1", f"  {below}"] == shown[1:]


def test_long_values_and_strange_texts_stay_within_the_terminal() -> None:
    long = event("changed", {**BET, "meta": "x" * 500, "b": "y" * 60}, {**BET, "meta": "\x1b[2J" + "z" * 500})
    bad = event("added", None, {"type": "\x1b[2J"}, key="\x1b[31m")

    shown = list(showing.lines(Audited(2, (), [long, bad])))

    assert max(map(len, shown)) <= 80
    assert "\x1b" not in "".join(shown)


def test_nothing_found_shows_nothing() -> None:
    assert [] == list(showing.lines(Audited(5, (), ())))


def test_programs_get_all_of_it() -> None:
    letter = event("vanished", None, None, key="")
    timer = RowDifference("125917", TIMER, stored(None, 0), None)
    found = Audited(3, [row(AS_IT_WAS, None), timer], [event("added", None, BET), letter])

    assert [
        {
            "partition": 7,
            "player": "125917",
            "row": "bonus/b1",
            "what": "vanished",
            "recorded": list(BONUS),
            "recomputed": None,
        },
        {
            "partition": 7,
            "player": "125917",
            "row": "timer/expiry/b1/2025-11-20T12:00:00Z",
            "what": "vanished",
            "recorded": None,
            "recomputed": None,
        },
        {
            "partition": 7,
            "player": "125917",
            "event": "casino/debit/c1",
            "what": "added",
            "recorded": None,
            "recomputed": BET,
        },
        {
            "partition": 7,
            "player": None,
            "event": "casino/debit/c1",
            "what": "vanished",
            "recorded": None,
            "recomputed": None,
        },
    ] == list(auditing.lines(7, found))


def test_players_are_counted_once_and_dead_letters_are_no_players() -> None:
    letter = event("vanished", None, None, key="")
    both = Audited(3, [row(None, AS_IT_WAS)], [event("added", None, BET), letter])

    assert (1, False) == (both.differing, both.is_right)
    assert (0, False) == (Audited(3, (), [letter]).differing, Audited(3, (), [letter]).is_right)
    assert (0, True) == (Audited(3, (), ()).differing, Audited(3, (), ()).is_right)
