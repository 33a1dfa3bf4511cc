import pytest

from processors import money
from processors.money import MoneyError


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        pytest.param("20.00", "EUR", 2000, id="two digits"),
        pytest.param("20", "EUR", 2000, id="no point"),
        pytest.param("20.5", "EUR", 2050, id="one digit"),
        pytest.param("20.500", "EUR", 2050, id="compared by value, not by spelling"),
        pytest.param("0", "EUR", 0, id="nothing"),
        pytest.param("007.10", "EUR", 710, id="leading zeros"),
        pytest.param("45.00", "JPY", 45, id="whole yen spelled with decimals"),
        pytest.param("1.234", "KWD", 1234, id="three digits in Kuwait"),
        pytest.param("1.2345", "CLF", 12345, id="four digits for Chile's unit of account"),
        pytest.param("9999999999999.99", "EUR", 999999999999999, id="large"),
    ],
)
def test_a_decimal_string_is_whole_minor_units(text: str, currency: str, minor: int) -> None:
    assert minor == money.from_decimal(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        pytest.param("10.005", "EUR", "not a whole number of minor units", id="half a cent"),
        pytest.param("45.10", "JPY", "not a whole number of minor units", id="a tenth of a yen"),
        pytest.param("-1.00", "EUR", "negative", id="negative"),
        pytest.param("", "EUR", "not a decimal number", id="empty"),
        pytest.param("1,00", "EUR", "not a decimal number", id="comma"),
        pytest.param("1e2", "EUR", "not a decimal number", id="exponent"),
        pytest.param("+1", "EUR", "not a decimal number", id="plus"),
        pytest.param(" 1", "EUR", "not a decimal number", id="blank"),
        pytest.param("1_0", "EUR", "not a decimal number", id="underscore"),
        pytest.param(".5", "EUR", "not a decimal number", id="no digit before the point"),
        pytest.param("5.", "EUR", "not a decimal number", id="no digit after the point"),
        pytest.param("1.2.3", "EUR", "not a decimal number", id="two points"),
        pytest.param("١٢", "EUR", "not a decimal number", id="digits of another script"),
        pytest.param("NaN", "EUR", "not a decimal number", id="not a number"),
        pytest.param("10000000000000.01", "EUR", "too large", id="beyond exact JSON numbers"),
        pytest.param("9" * 5000, "EUR", "too large", id="absurd"),
        pytest.param("1.00", "XXX", "not in ISO 4217", id="no currency"),
        pytest.param("1.00", "XAU", "not in ISO 4217", id="gold has no minor unit"),
        pytest.param("1.00", "eur", "not in ISO 4217", id="lower case"),
    ],
)
def test_what_is_no_amount_is_refused_with_a_reason(text: str, currency: str, reason: str) -> None:
    with pytest.raises(MoneyError, match=reason):
        money.from_decimal(text, currency)


@pytest.mark.parametrize(
    ("hundredths", "currency", "minor"),
    [
        pytest.param(100, "GBP", 100, id="cents are cents"),
        pytest.param(15000, "JPY", 150, id="150 yen"),
        pytest.param(150, "KWD", 1500, id="1.5 dinar is 1500 fils"),
        pytest.param(0, "JPY", 0, id="nothing"),
    ],
)
def test_hundredths_are_the_same_money_in_every_currency(hundredths: int, currency: str, minor: int) -> None:
    assert minor == money.from_hundredths(hundredths, currency)


@pytest.mark.parametrize(
    ("hundredths", "currency", "reason"),
    [
        pytest.param(150, "JPY", "not a whole number of minor units", id="1.5 yen"),
        pytest.param(-1, "EUR", "negative", id="negative"),
        pytest.param(1, "ABC", "not in ISO 4217", id="no currency"),
        pytest.param(10**16, "EUR", "too large", id="beyond exact JSON numbers"),
    ],
)
def test_hundredths_that_are_no_amount_are_refused(hundredths: int, currency: str, reason: str) -> None:
    with pytest.raises(MoneyError, match=reason):
        money.from_hundredths(hundredths, currency)


@pytest.mark.parametrize(
    ("minor", "currency", "number"),
    [
        pytest.param(1050, "EUR", 10.5, id="euro"),
        pytest.param(10, "EUR", 0.1, id="the float nearest to a tenth"),
        pytest.param(150, "JPY", 150.0, id="yen"),
        pytest.param(1234, "KWD", 1.234, id="dinar"),
        pytest.param(money.LARGEST - 1, "EUR", 9999999999999.99, id="the largest still tells its cents"),
    ],
)
def test_the_json_number_is_the_nearest_float(minor: int, currency: str, number: float) -> None:
    assert number == money.number(minor, currency)


def test_wagering_in_hundredths_of_a_minor_unit_is_not_rounded_before_the_number() -> None:
    assert 0.105 == money.percent_number(1050, "EUR")


@pytest.mark.parametrize(
    ("exponent", "count"),
    [pytest.param(0, 17, id="none"), pytest.param(3, 7, id="three"), pytest.param(4, 2, id="four")],
)
def test_the_currencies_that_are_not_cents_are_as_many_as_iso_lists(exponent: int, count: int) -> None:
    assert count == list(money.EXPONENTS.values()).count(exponent)


def test_every_code_is_three_capitals() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in money.EXPONENTS)
