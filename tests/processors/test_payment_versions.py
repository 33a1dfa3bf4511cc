"""What is remembered of a payment: its identity and id, its versions, how long, and that nobody knows its outcome."""

import pytest
from payment_steps import APPROVED, DECLINED, TIMEOUT, VOIDED, refunded, sent, take
from samples import DAY, HOUR, MINUTE, NOON, SECOND, order
from window import Timer, Window

from processors.facts import Order
from processors.outcome import Due
from processors.payments import UNRESOLVED, latest, unresolved_due


@pytest.mark.parametrize(
    ("created_at", "payment_id"),
    [
        pytest.param(NOON, "123_4567899", id="the same time"),
        pytest.param(NOON + DAY, "123_4567899", id="24 hours later, the end included"),
        pytest.param(NOON - DAY, "123_4567899", id="24 hours earlier, the end included"),
        pytest.param(NOON + DAY + 1, "123_4567899@2026-11-21T12:00:00.001Z", id="a moment beyond is another"),
        pytest.param(NOON - DAY - 1, "123_4567899@2026-11-19T11:59:59.999Z", id="a moment before is another"),
    ],
)
def test_an_order_id_means_one_payment_for_24_hours(created_at: int, payment_id: str) -> None:
    outcome = take(Window(), order(NOON), order(NOON + 2 * DAY, created_at=created_at, **APPROVED))

    assert [("Requested", "123_4567899"), ("Approved", payment_id)] == sent(outcome, "payment_id")


@pytest.mark.parametrize(
    ("created_at", "payment_id"),
    [
        pytest.param(NOON + 17 * HOUR, "123_4567899", id="the nearest is the older"),
        pytest.param(NOON + 19 * HOUR, "second", id="the nearest is the younger"),
        pytest.param(NOON + 18 * HOUR, "123_4567899", id="of two equally near the older"),
    ],
)
def test_the_nearest_payment_wins(created_at: int, payment_id: str) -> None:
    window = Window()
    second = order(NOON + 36 * HOUR, created_at=NOON + 36 * HOUR, transaction_id="second")
    take(window, order(), second)

    outcome = take(window, order(NOON + 40 * HOUR, created_at=created_at, **APPROVED))

    assert [("Approved", payment_id)] == sent(outcome, "payment_id")


def test_the_payment_id_is_the_transaction_of_the_first_event_for_the_whole_chain() -> None:
    outcome = take(
        Window(),
        order(transaction_id="t1"),
        order(NOON + MINUTE, transaction_id="t2", **APPROVED),
        order(NOON + HOUR, transaction_id=None, **VOIDED),
    )

    assert [("Requested", "t1"), ("Approved", "t1"), ("Rollback", "t1")] == sent(outcome, "payment_id")


def test_the_payment_id_is_chosen_when_something_is_sent() -> None:
    outcome = take(Window(), order(**VOIDED), order(NOON + 1, transaction_id="t2", **APPROVED))

    assert [("Approved", "t2")] == sent(outcome, "payment_id")


def test_three_payments_with_one_transaction_have_three_ids() -> None:
    first = order(order_id="a", transaction_id="t")
    second = order(order_id="b", transaction_id="t")
    third = order(order_id="c", transaction_id="t")

    outcome = take(Window(), first, second, third)

    assert [
        ("Requested", "t"),
        ("Requested", "t@2026-11-20T12:00:00Z"),
        ("Requested", "t@2026-11-20T12:00:00Z@2026-11-20T12:00:00Z"),
    ] == sent(outcome, "payment_id")


def test_the_latest_payment_is_what_a_bonus_means() -> None:
    window = Window()
    take(window, order(NOON, **APPROVED), order(NOON + 2 * DAY, created_at=NOON + 2 * DAY, **DECLINED))
    take(window, order(NOON + 3 * DAY, created_at=NOON, **VOIDED))

    found = latest(window, "123_4567899")

    assert found is not None
    assert (NOON + 2 * DAY, "Rejected", NOON + 2 * DAY) == (found.created_at, found.decided, found.decided_at)


def test_the_first_final_status_decides_whatever_follows() -> None:
    window = Window()
    take(window, order(), order(NOON + 1, **DECLINED), order(NOON + 2, **APPROVED), order(NOON + 3, **VOIDED))

    found = latest(window, "123_4567899")

    assert found is not None
    assert ("Rejected", NOON + 1, 1, NOON + 3) == (found.decided, found.decided_at, found.rollbacks, found.sent_at)


def test_nobody_knows_a_payment_that_never_came() -> None:
    assert latest(Window(), "123_4567899") is None


@pytest.mark.parametrize(
    ("version", "expected", "counts"),
    [
        pytest.param(order(NOON - 1, **APPROVED), [], ["orders-late"], id="an older one is late"),
        pytest.param(order(**TIMEOUT), [], ["orders-repeated"], id="the same again"),
        pytest.param(order(**TIMEOUT, amount=1), [], ["orders-repeated"], id="with another amount"),
        pytest.param(order(**APPROVED), [("Approved",)], [], id="another in the same second"),
    ],
)
def test_versions_come_twice_and_out_of_order(version: Order, expected: list[tuple[str]], counts: list[str]) -> None:
    window = Window()
    take(window, order(**TIMEOUT))

    outcome = take(window, version)

    assert (expected, counts) == (sent(outcome), outcome.counts)


def test_refunds_in_one_second_are_told_apart_by_their_amount() -> None:
    outcome = take(Window(), order(**APPROVED), order(**refunded(10)), order(**refunded(20)), order(**refunded(10)))

    assert [("Approved", 45.0), ("Rollback", 10.0), ("Rollback", 10.0)] == sent(outcome, "amount")
    assert ["orders-repeated"] == outcome.counts


def test_an_anomaly_in_the_same_second_is_only_dropped() -> None:
    outcome = take(Window(), order(**APPROVED), order(status="pending", result="declined"))

    assert ([("Approved",)], ["orders-illegal-at-equal-time"]) == (sent(outcome), outcome.counts)


def test_what_was_dropped_in_one_second_stays_dropped() -> None:
    """It would be legal after the approval that came in between."""
    cancelled = order(status="completed", result="canceled")
    window = Window()
    first = take(window, order(**DECLINED), cancelled, order(**APPROVED))

    again = take(window, order(**DECLINED), cancelled, order(**APPROVED))

    assert [("Rejected",), ("Approved",)] == sent(first)
    assert ([], ["orders-repeated"] * 3) == (sent(again), again.counts)


UNRESOLVED_AT_SIX = Timer(NOON + 6 * HOUR, UNRESOLVED, f"{NOON}@123_4567899")


@pytest.mark.parametrize(
    ("versions", "timers"),
    [
        pytest.param([order()], set(), id="under way"),
        pytest.param([order(**TIMEOUT)], {UNRESOLVED_AT_SIX}, id="timed out"),
        pytest.param([order(status="completed")], {UNRESOLVED_AT_SIX}, id="completed, nobody knows how"),
        pytest.param([order(**TIMEOUT), order(NOON + HOUR, **TIMEOUT)], {UNRESOLVED_AT_SIX}, id="since the first time"),
        pytest.param([order(**TIMEOUT), order(NOON + 1, **APPROVED)], set(), id="resolved"),
        pytest.param([order(**TIMEOUT), order(NOON + 1)], set(), id="under way again"),
        pytest.param([order(**APPROVED), order(NOON + 1, **TIMEOUT)], set(), id="approved all the same"),
        pytest.param([order(**DECLINED), order(NOON + 1, **TIMEOUT)], set(), id="declined all the same"),
        pytest.param([order(kind="withdrawal", **TIMEOUT)], set(), id="payouts take their time"),
    ],
)
def test_unresolved_payments_have_a_timer(versions: list[Order], timers: set[Timer]) -> None:
    window = Window()
    take(window, *versions)

    assert timers == window.timers


@pytest.mark.parametrize(
    ("versions", "counts"),
    [
        pytest.param([order(**TIMEOUT)], ["payments-unresolved"], id="still unresolved"),
        pytest.param([order(**TIMEOUT), order(NOON + 1, **APPROVED)], [], id="resolved meanwhile"),
        pytest.param([], [], id="forgotten meanwhile"),
    ],
)
def test_what_stays_unresolved_is_counted_and_never_guessed(versions: list[Order], counts: list[str]) -> None:
    window = Window(NOON + 6 * HOUR)
    take(window, *versions)

    outcome = unresolved_due(window, Due("111222333", *UNRESOLVED_AT_SIX, cause="timer/0/1"))

    assert ([], counts, []) == tuple(map(list, outcome))


@pytest.mark.parametrize(
    ("versions", "last_moment"),
    [
        pytest.param([order(NOON + DAY, **APPROVED)], NOON + 180 * DAY, id="finished: from its CreatedTime"),
        pytest.param([order(NOON + DAY)], NOON + 181 * DAY, id="unfinished: from its last change"),
        pytest.param(
            [order(NOON + DAY), order(NOON + 9 * DAY, **TIMEOUT)], NOON + 189 * DAY, id="unfinished: and moved on"
        ),
    ],
)
def test_how_long_a_payment_is_remembered(versions: list[Order], last_moment: int) -> None:
    window = Window()
    take(window, *versions)

    window.now = last_moment
    assert latest(window, "123_4567899") is not None

    window.now = last_moment + 1
    assert window.living() == {}
    assert latest(window, "123_4567899") is None


def test_a_chargeback_after_half_a_year_is_dropped_and_counted() -> None:
    window = Window()
    take(window, order(**APPROVED))

    assert [("Rollback",)] == sent(take(window.copy(), order(NOON + 180 * DAY, **VOIDED)))
    late = take(window, order(NOON + 180 * DAY + 1, **VOIDED))
    assert ([], ["orders-too-old"]) == (sent(late), late.counts)


def test_an_old_order_that_is_still_remembered_goes_on() -> None:
    outcome = take(Window(), order(NOON + 170 * DAY), order(NOON + 190 * DAY, **APPROVED))

    assert [("Requested",), ("Approved",)] == sent(outcome)


def test_everything_twice_changes_nothing() -> None:
    versions = [
        order(**TIMEOUT),
        order(NOON + SECOND, **APPROVED),
        order(NOON + SECOND, **refunded(10)),
        order(NOON + SECOND, **DECLINED),
        order(NOON + 2 * DAY, created_at=NOON + 2 * DAY),
    ]
    window = Window()
    take(window, *versions)
    before = window.copy()

    again = take(window, *versions)

    assert [] == again.events
    assert (before.living(), before.timers) == (window.living(), window.timers)
