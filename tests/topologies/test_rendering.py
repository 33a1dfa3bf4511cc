from typing import Any

import pytest

from topologies.operations.readable import Readable
from topologies.operations.rendering import table

DEAD = {
    "dead-letter.class": "invalid",
    "dead-letter.reason": "amount is not a whole number",
    "dead-letter.topic": "rebilly.orders",
    "dead-letter.partition": "1",
    "dead-letter.offset": "5",
}


def record(value: Any, headers: dict[str, str] | None = None, key: str | None = "125917") -> Readable:
    return Readable("crm.events", 0, 1, "2026-11-20T10:00:00.120Z", key, headers or {}, value)


def lines(*records: Readable, width: int = 80) -> list[str]:
    render = table(width)
    return [line for each in records for line in render(each).splitlines()]


def test_a_dead_letter_has_its_reason_below_it() -> None:
    assert [
        "TIME           PLAYER    CLASS               FROM",
        "11-20 10:00:00 125917    invalid             rebilly.orders/1/5",
        "  amount is not a whole number",
    ] == lines(record({}, DEAD))


def test_that_a_dead_letter_was_replayed_is_told_like_one() -> None:
    note = {name: text for name, text in DEAD.items() if name not in {"dead-letter.class", "dead-letter.reason"}}
    own = {"dead-letter.form": "replayed", "dead-letter.by": "anna@laptop", "dead-letter.attempt": "2"}

    assert [
        "11-20 10:00:00 125917    replayed            rebilly.orders/1/5",
        "  sent again by anna@laptop, attempt 2",
    ] == lines(record(None, {**note, **own}))[1:]


def test_a_heading_comes_when_the_kind_of_records_changes() -> None:
    payment = record({"type": "Credit"}, {"type": "PAYMENT"})

    assert ["TIME", "11-20", "11-20", "TIME", "11-20", "  amo", "TIME", "11-20"] == [
        line[:5].rstrip() for line in lines(payment, payment, record({}, DEAD), payment)
    ]


def test_any_other_record_is_shown_as_json() -> None:
    assert [
        "TIME           KEY            VALUE",
        '11-20 10:00:00 125917         {"a":[1,null]}',
        "11-20 10:00:00                null",
    ] == lines(record({"a": [1, None]}), record(None, key=None))


def test_no_line_is_wider_than_the_terminal() -> None:
    assert ["TIME           KEY…", "11-20 10:00:00 125…"] == lines(record("x" * 100), width=19)


def test_a_long_player_id_leaves_room_for_status_amount_and_id() -> None:
    payment = {"type": "Credit", "status": "Requested", "amount": 45, "currency": "EUR", "payment_id": "123_1"}
    player = "3f2b8c1e-9d47-4c55-a0b6-7e61d2f09a8c"

    narrow, wide = (lines(record(payment, {"type": "PAYMENT"}, player), width=width)[1] for width in (80, 134))

    assert "11-20 10:00:00 3f2b…9a8c PAYMENT Credit        Requested   45.00 EUR 123_1" == narrow
    assert f"11-20 10:00:00 {player} PAYMENT Credit        Requested   45.00 EUR 123_1" == wide


def test_a_long_key_leaves_room_for_the_value() -> None:
    assert '11-20 10:00:00 bonus/b…ed_at} {"a":1}' == lines(record({"a": 1}, key="bonus/by_updated_at}"))[1]


def test_what_a_source_has_sent_does_not_steer_the_terminal() -> None:
    said = lines(
        record({"type": "\x1b[31mCredit\n"}, {"type": "PAYMENT"}),
        record({}, {**DEAD, "dead-letter.reason": "\x1b]0;x"}),
    )

    assert "\x1b" not in "".join(said)
    assert 5 == len(said)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(20, "20.00 GBP"), (20.5, "20.50 GBP"), (1.125, "1.125 GBP"), (0.0, "0.00 GBP"), ("20", ""), (None, "")],
)
def test_an_amount_has_two_decimals_or_as_many_as_it_needs(amount: object, shown: str) -> None:
    (_, line) = lines(record({"amount": amount, "currency": "GBP"}, {"type": "PAYMENT"}))

    assert shown == line[56:].strip()
