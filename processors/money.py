"""Money is a whole number of minor units and an ISO 4217 currency, until it leaves as a JSON number.

Exponents are those of ISO 4217 list one; the currencies that left the list
since 2020 are still here, because records of theirs are still read.
"""

from types import MappingProxyType
from typing import Final

LARGEST: Final = 10**15
"""Up to here every amount is a JSON number of its own, and sums of thousands fit 64 bits."""

_BY_EXPONENT: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
        CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
        GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR
        LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
        PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP
        SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
        ZWL
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

EXPONENTS: Final = MappingProxyType(
    {currency: exponent for exponent, listed in _BY_EXPONENT.items() for currency in listed.split()}
)
"""Digits after the decimal point, by currency. Metals, funds and test codes have none and are not money."""

SCALES: Final[dict[str, int]] = {currency: 10**exponent for currency, exponent in EXPONENTS.items()}
"""Minor units in one unit of the currency."""


class MoneyError(ValueError):
    """This is not an amount of money; the message says why."""


def from_decimal(text: str, currency: str) -> int:
    """Minor units of a decimal string, compared by value: `45.00` JPY is 45.

    Raises:
        MoneyError: not digits with at most one point, negative, a fraction of a minor unit, or an unknown currency.
    """
    exponent = _known(EXPONENTS.get(currency), currency)
    whole, point, fraction = text.partition(".")
    if not (text.isascii() and whole.isdigit() and (fraction.isdigit() or not point)):
        raise MoneyError(f"amount is {'negative' if text.startswith('-') else 'not a decimal number'}: `{text[:40]}`")
    fraction = fraction.rstrip("0")
    if len(fraction) > exponent:
        raise MoneyError(f"amount is not a whole number of minor units: `{text[:40]}` {currency}")
    digits = (whole + fraction.ljust(exponent, "0")).lstrip("0") or "0"
    if len(digits) > _DIGITS_MAX:
        raise MoneyError(f"amount is too large: `{text[:40]}` {currency}")
    return _bounded(int(digits), currency)


def from_hundredths(hundredths: int, currency: str) -> int:
    """Minor units of an amount in hundredths whatever the currency, as NetGaming says it: 15000 JPY is 150.

    Raises:
        MoneyError: negative, a fraction of a minor unit, or an unknown currency.
    """
    scale = _known(SCALES.get(currency), currency)
    if hundredths < 0:
        raise MoneyError(f"amount is negative: {hundredths} hundredths {currency}")
    minor, rest = (hundredths, 0) if scale == 100 else divmod(hundredths * scale, 100)
    if rest:
        raise MoneyError(f"amount is not a whole number of minor units: {hundredths} hundredths {currency}")
    return _bounded(minor, currency)


def number(minor: int, currency: str) -> float:
    """The JSON number: the float nearest to the exact amount. 1050 EUR is 10.5."""
    return minor / SCALES[currency]


def percent_number(minor_percents: int, currency: str) -> float:
    """The JSON number of an amount kept in hundredths of a minor unit, as wagering with contributions is."""
    return minor_percents / (SCALES[currency] * 100)


_DIGITS_MAX: Final = len(str(LARGEST))


def _known(of_currency: int | None, currency: str) -> int:
    if of_currency is None:
        raise MoneyError(f"currency is not in ISO 4217: `{currency[:40]}`")
    return of_currency


def _bounded(minor: int, currency: str) -> int:
    if minor > LARGEST:
        raise MoneyError(f"amount is too large: {minor} minor units {currency}")
    return minor
