"""The platform's records: late, twice, invalid, and what of them the CRM is told."""

from typing import Any

import pytest
from saga import RULES, Saga
from samples import HOUR, NOON, SECOND, bonus_change

from processors.facts import Rate
from processors.rates import Rates
from processors.rules import Rules

RATE_NOW = Rate("GBP", "1.17", 0)


def created(**said: Any) -> Saga:
    return Saga(bonus_change(**said))


@pytest.mark.parametrize(
    ("at", "status", "sent", "counted"),
    [
        pytest.param(-1, "Forfeited", [], ["bonuses-late"], id="older than the newest is late"),
        pytest.param(0, "Created", [], ["bonuses-repeated"], id="same time and status is a repeat"),
        pytest.param(0, "Forfeited", ["0/Forfeited"], [], id="same time, other status: in order of arrival"),
        pytest.param(1, "Created", [], ["bonuses-dup"], id="newer, same status is a dup"),
        pytest.param(1, "Pending", [], ["bonuses-late"], id="newer, but of an earlier life"),
        pytest.param(1, "Forfeited", ["0/Forfeited"], [], id="newer, other status"),
    ],
)
def test_a_record_after_created(at: int, status: str, sent: list[str], counted: list[str]) -> None:
    saga = created().take(bonus_change(NOON + at, status=status))
    assert (saga.bonus(), saga.counts) == (["0/Created", *sent], counted)


def test_two_statuses_of_one_time_are_both_known_when_they_come_again() -> None:
    both = [bonus_change(), bonus_change(status="Ongoing")]
    saga = Saga(*both, *both)
    assert (saga.bonus(), saga.counts) == (["0/Created", "0/Ongoing/0"], ["bonuses-repeated", "bonuses-repeated"])


def test_the_time_of_a_dup_counts_and_its_fields_do_not() -> None:
    saga = created().take(bonus_change(NOON + 2, amount=9900))
    saga.take(bonus_change(NOON + 1, status="Forfeited"))
    assert (saga.bonus(), saga.counts) == (["0/Created"], ["bonuses-dup", "bonuses-late"])
    saga.take(bonus_change(NOON + 3, status="Ongoing", amount=2000))
    assert saga.fields("Ongoing/0", "amount") == [[20.0]]


def test_a_refused_record_was_not_seen() -> None:
    saga = created().take(bonus_change(NOON + 2, status="Reversed"), bonus_change(NOON + 1, status="Ongoing"))
    assert saga.bonus() == ["0/Created", "0/Ongoing/0"]


def test_the_platforms_last_word_is_sent() -> None:
    last: dict[str, Any] = {
        "bonus_id": "14th",
        "type": "ReloadBonus",
        "product": "Poker",
        "amount": 3000,
        "bonus_code": None,
        "required": 50000,
        "locked": 3000,
        "origin": "poker.com",
        "references": '{"id": 7}',
    }
    saga = created().take(bonus_change(NOON + 1, status="Forfeited", **last))
    names = ("bonus_id", "type", "product", "amount", "bonus_code", "required_wagering_amount", "locked_amount")
    more = ("origin", "fasttrack_references")
    assert saga.fields("Forfeited", *names, *more) == [
        ["14th", "ReloadBonus", "Poker", 30.0, None, 500.0, 30.0, "poker.com", {"id": 7}]
    ]


def test_references_are_echoed_on_every_event_of_the_grant() -> None:
    saga = Saga(bonus_change(status="Ongoing", references='{"id": 7}'), bonus_change(NOON + 1, status="Lost"))
    assert [event.payload["fasttrack_references"] for event in saga.events] == [{"id": 7}] * 3


def test_what_turned_real_is_told_on_completed_only() -> None:
    saga = created(turned_real=100).take(bonus_change(NOON + 1, status="Completed", turned_real=4210))
    assert [event.payload.get("bonus_turned_real") for event in saga.events] == [None, 42.1]


@pytest.mark.parametrize(
    ("source", "mapping", "expected"),
    [
        pytest.param("WelcomeBonus", {}, "WelcomeBonus", id="Fast Track's word"),
        pytest.param("Loyalty", {}, "Undefined", id="a type they do not have"),
        pytest.param("Loyalty", {"Loyalty": "CashbackBonus"}, "CashbackBonus", id="mapped by the operator"),
        pytest.param("welcomebonus", {}, "Undefined", id="case matters"),
    ],
)
def test_the_type_of_a_bonus(source: str, mapping: dict[str, str], expected: str) -> None:
    rules = Rules(origin="brand.com", bonus_types=mapping)
    assert Saga(bonus_change(type=source), rules=rules).fields("Created", "type") == [[expected]]


@pytest.mark.parametrize(
    ("said", "rules", "expected"),
    [
        pytest.param("own.com", Rules(origin="b.com"), "own.com", id="the record's own"),
        pytest.param(None, Rules(origin="b.com", origin_by_currency={"GBP": "b.uk"}), "b.uk", id="by currency"),
        pytest.param(None, Rules(origin="b.com"), "b.com", id="the general one"),
    ],
)
def test_the_origin_of_a_bonus(said: str | None, rules: Rules, expected: str) -> None:
    assert Saga(bonus_change(origin=said), rules=rules).fields("Created", "origin") == [[expected]]


def test_a_bonus_of_no_origin_is_refused() -> None:
    refusal = ("unmapped-origin", "currency has no origin: `GBP`")
    assert Saga(bonus_change(), rules=Rules()).refused() == [refusal]


def test_the_rate_is_frozen_by_the_first_record() -> None:
    rates = Rates("EUR")
    rates.add(RATE_NOW)
    rates.add(RATE_NOW._replace(rate="1.5", effective_from=NOON + SECOND))
    saga = Saga(bonus_change(), bonus_change(NOON + HOUR, status="Lost"), rates=rates)
    assert [event.payload["exchange_rate"] for event in saga.events] == [1.17, 1.17]


def test_a_missing_rate_refuses_the_first_record_alone() -> None:
    rates = Rates("EUR")
    rates.add(RATE_NOW._replace(effective_from=NOON + SECOND))
    saga = Saga(bonus_change(), bonus_change(NOON + SECOND, status="Ongoing"), rates=rates)
    assert (saga.bonus(), saga.refused()) == (
        ["0/Created", "0/Ongoing/0"],
        [("missing-rate", "no rate of GBP at 2026-11-20T12:00:00Z")],
    )


def test_the_currency_of_a_bonus_never_changes() -> None:
    saga = created().take(bonus_change(NOON + 1, status="Lost", currency="EUR"))
    assert (saga.bonus(), saga.refused()) == (["0/Created"], [("invalid", "currency changed from GBP to EUR")])


@pytest.mark.parametrize(
    ("said", "rules", "expected"),
    [
        pytest.param({"currency": "EUR"}, Rules(), "invalid", id="invalid before unmapped-origin"),
        pytest.param({"at": NOON - 1}, Rules(), "unmapped-origin", id="unmapped-origin before late"),
        pytest.param({"at": NOON - 1, "status": "Reversed"}, RULES, None, id="late before illegal-transition"),
        pytest.param(
            {"user_bonus_id": "2", "status": "Lost"}, RULES, "missing-rate", id="missing-rate before illegal-transition"
        ),
    ],
)
def test_when_several_classes_apply_the_first_is_told(said: dict[str, Any], rules: Rules, expected: str | None) -> None:
    saga = created()
    saga.rules, saga.rates = rules, Rates("EUR")
    saga.take(bonus_change(**{"status": "Lost", **said}))
    assert [kind for kind, _ in saga.refused()] == ([] if expected is None else [expected])


def test_an_event_is_never_dated_before_the_last_one_of_its_bonus() -> None:
    saga = created(at=NOON, expires_at=NOON - HOUR)
    assert saga.fields("", "status", "timestamp") == [
        ["Created", "2026-11-20T12:00:00Z"],
        ["Expired", "2026-11-20T12:00:00Z"],
    ]
