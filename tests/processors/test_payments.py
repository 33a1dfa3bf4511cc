"""What the CRM is told of a payment: amounts, times, vendors, rates, and what is refused."""

from typing import Any

import pytest
from payment_steps import APPROVED, DECLINED, VOIDED, pound_rates, refunded, refused, sent, take
from samples import HOUR, MINUTE, NOON, order
from window import Window

from processors.facts import Rate
from processors.payments import PaymentChange


def test_amounts_of_a_bumped_purchase() -> None:
    outcome = take(
        Window(),
        order(purchase_amount=5500),
        order(NOON + 1, purchase_amount=5500, **APPROVED),
        order(NOON + 2, purchase_amount=9900, **VOIDED),
    )

    assert [("Requested", 45.0), ("Approved", 55.0), ("Rollback", 55.0)] == sent(outcome, "amount")


@pytest.mark.parametrize(
    ("version", "status"),
    [(DECLINED, "Rejected"), ({"status": "never-sent", "result": "canceled"}, "Cancelled")],
)
def test_what_did_not_happen_has_the_order_amount(version: dict[str, Any], status: str) -> None:
    assert [(status, 45.0)] == sent(take(Window(), order(purchase_amount=5500, **version)), "amount")


def test_parts_are_rolled_back_up_to_the_approved_amount_and_numbered() -> None:
    window = Window()
    outcome = take(
        window,
        order(**APPROVED),
        order(NOON + 1, **refunded(10)),
        order(NOON + 2, **refunded(10)),
        order(NOON + 3, **refunded(5)),
        order(NOON + 4, **refunded(30)),
        order(NOON + 5, **refunded(900)),
        order(NOON + 6, **VOIDED),
    )

    assert [("Approved", 45.0), ("Rollback", 10.0), ("Rollback", 20.0), ("Rollback", 15.0)] == sent(outcome, "amount")
    assert [
        "payment/123_4567899/Approved",
        "payment/123_4567899/Rollback",
        "payment/123_4567899/Rollback/2",
        "payment/123_4567899/Rollback/3",
    ] == [event.event_id for event in outcome.events]
    assert ["orders-after-rollback"] == outcome.counts


def test_the_rest_is_what_was_not_rolled_back_yet() -> None:
    outcome = take(Window(), order(**APPROVED), order(NOON + 1, **refunded(10)), order(NOON + 2, **VOIDED))

    assert [("Approved", 45.0), ("Rollback", 10.0), ("Rollback", 35.0)] == sent(outcome, "amount")


def test_a_part_that_nobody_names_is_counted_and_not_rolled_back() -> None:
    outcome = take(Window(), order(status="partially-refunded", result="approved"))

    assert ([("Approved",)], ["payments-part-unknown"]) == (sent(outcome), outcome.counts)


def test_times_are_created_on_requested_and_updated_afterwards() -> None:
    outcome = take(Window(), order(NOON + HOUR), order(NOON + 2 * HOUR, **APPROVED))

    assert [("Requested", "2026-11-20T12:00:00Z"), ("Approved", "2026-11-20T14:00:00Z")] == sent(outcome, "timestamp")


def test_no_event_is_before_the_last_one_of_its_payment() -> None:
    outcome = take(Window(), order(NOON - HOUR), order(NOON - MINUTE, **APPROVED))

    assert [("Requested", "2026-11-20T12:00:00Z"), ("Approved", "2026-11-20T12:00:00Z")] == sent(outcome, "timestamp")


@pytest.mark.parametrize(
    ("said", "vendor"),
    [
        pytest.param({}, ("payment-card", "payment-card"), id="the payment method"),
        pytest.param({"alternative_method": "Alipay"}, ("Alipay", "Alipay"), id="the alternative method"),
        pytest.param({"gateway_account": "101_W"}, ("101_W", "payment-card"), id="the gateway account"),
        pytest.param({"gateway_account": "101_W", "alternative_method": "Alipay"}, ("101_W", "Alipay"), id="both"),
    ],
)
def test_the_vendor(said: dict[str, Any], vendor: tuple[str, str]) -> None:
    assert [("Requested", *vendor)] == sent(take(Window(), order(**said)), "vendor_id", "vendor_name")


def test_the_note_says_why_it_was_rejected_and_nothing_else() -> None:
    said: dict[str, Any] = {"response_message": "insufficient_funds"}
    outcome = take(Window(), order(**said), order(NOON + 1, **said, **DECLINED), order(NOON + 2, **said, **APPROVED))

    assert [("Requested", None), ("Rejected", "insufficient_funds"), ("Approved", None)] == sent(outcome, "note")


@pytest.mark.parametrize(("kind", "code"), [("deposit", "WELCOME100"), ("withdrawal", None)])
def test_the_bonus_code_is_on_deposits(kind: str, code: str | None) -> None:
    assert [("Requested", code)] == sent(take(Window(), order(kind=kind), code="WELCOME100"), "bonus_code")


def test_the_whole_chain_has_the_rate_of_the_first_version() -> None:
    outcome = take(Window(), order(), order(NOON + 2 * HOUR, **APPROVED), order(NOON + 3 * HOUR, **VOIDED))

    assert [("Requested", 1.17), ("Approved", 1.17), ("Rollback", 1.17)] == sent(outcome, "exchange_rate")


def test_a_first_version_without_a_rate_is_refused_and_the_next_one_with_a_rate_accepted() -> None:
    window = Window()
    yen = order(currency="JPY")

    assert ("missing-rate", "no rate of JPY at 2026-11-20T12:00:00Z") == refused(window, yen)

    rates = pound_rates()
    rates.add(Rate("JPY", "0.006", NOON))
    assert [("Requested", 0.006)] == sent(take(window, yen, rates=rates), "exchange_rate")


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        pytest.param(
            {"currency": "USD", "casino_id": "9"}, ("invalid", "currency changed from GBP to USD"), id="currency"
        ),
        pytest.param({"kind": "withdrawal"}, ("invalid", "kind changed from deposit to withdrawal"), id="kind"),
        pytest.param({"casino_id": "9"}, ("unmapped-origin", "casino has no origin: `9`"), id="origin"),
        pytest.param(
            {"status": "gone-fishing"},
            ("unknown-combination", "unknown combination: deposit gone-fishing/unknown"),
            id="combination",
        ),
    ],
)
def test_a_later_version_is_refused_for(said: dict[str, Any], refusal: tuple[str, str]) -> None:
    window = Window()
    take(window, order())

    assert refusal == refused(window, order(NOON + 1, **said))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param({"currency": "USD"}, "invalid", id="another currency"),
        pytest.param({"casino_id": "9"}, "unmapped-origin", id="no origin"),
    ],
)
def test_being_late_is_no_excuse(said: dict[str, Any], kind: str) -> None:
    window = Window()
    take(window, order(NOON + HOUR))

    assert kind == refused(window, order(**said))[0]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param({"casino_id": "9", "currency": "SEK"}, "unmapped-origin", id="origin before rate"),
        pytest.param({"status": "gone-fishing", "currency": "SEK"}, "missing-rate", id="rate before combination"),
    ],
)
def test_a_first_version_is_refused_for_the_first_of_its_faults(said: dict[str, Any], kind: str) -> None:
    assert kind == refused(Window(), order(**said))[0]


def test_an_anomaly_names_the_state_that_refused_it() -> None:
    window = Window()
    take(window, order(**APPROVED))

    assert ("illegal-transition", "pending/declined after Approved") == refused(
        window, order(NOON + 1, status="pending", result="declined")
    )


def test_a_late_approval_is_told_and_counted() -> None:
    outcome = take(Window(), order(**DECLINED), order(NOON + 1, **APPROVED), order(NOON + 2, **VOIDED))

    assert [("Rejected",), ("Approved",), ("Rollback",)] == sent(outcome)
    assert ["payments-approved-late"] == outcome.counts


def test_changes_are_what_a_bonus_reacts_to() -> None:
    outcome = take(Window(), order(), order(NOON + 1, **refunded(5)), order(NOON + 2, **VOIDED))

    assert [
        PaymentChange("123_4567899", "123_4567899", "deposit", "Approved", NOON + 1),
        PaymentChange("123_4567899", "123_4567899", "deposit", "Rollback", NOON + 1),
        PaymentChange("123_4567899", "123_4567899", "deposit", "Rollback", NOON + 2),
    ] == outcome.changes
