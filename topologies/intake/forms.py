"""The rules that every vendor's form has: required fields, ids, times and money."""

from typing import Any, Final

from processors.money import EXPONENTS, LARGEST, SCALES, MoneyError, from_decimal, from_hundredths

TIME_END: Final = 253_402_300_800_000
"""The year 10000, ms since 1970: from then on there is no RFC 3339 for a time."""

HUNDREDTHS: Final = frozenset(currency for currency, exponent in EXPONENTS.items() if exponent == 2)
"""Currencies whose minor unit is a hundredth: nearly every amount needs nothing but to be looked at."""

SHOWN_CHARACTERS: Final = 40
"""How much of a vendor's word a reason repeats."""


class Broken(ValueError):
    """A record does not keep to its form; the message says where."""


def shown(word: object) -> str:
    """A vendor's word as a reason repeats it."""
    return f"`{str(word)[:SHOWN_CHARACTERS]}`"


def check_required(record: dict[str, Any], *names: str) -> None:
    """Refuse a record in which one of the fields is absent, or is an empty text."""
    for name in names:
        if record[name] is None or record[name] == "":
            raise Broken(f"{name} is missing")


def check_currency(currency: str) -> None:
    """Refuse what is not in ISO 4217."""
    if currency not in EXPONENTS:
        raise Broken(f"currency is not in ISO 4217: {shown(currency)}")


def check_id_texts(joined: str) -> None:
    """Refuse ids that would break the keys of rows; `joined` has all of them, one after the other."""
    if "\0" in joined:
        raise Broken("an id holds U+0000")


def check_time(field: str, time: int) -> None:
    """Refuse times before 1970 and after 9999."""
    if not 0 <= time < TIME_END:
        raise Broken(f"{field} is not between the years 1970 and 9999")


def time_of(time: int | None, otherwise: int) -> int:
    """A time that an invalid record may go by: its own if that is one."""
    return time if time is not None and 0 <= time < TIME_END else otherwise


def hundredths(field: str, amount: object, currency: str) -> int:
    """Minor units of an amount in hundredths."""
    if type(amount) is not int:
        raise Broken(f"{field} is not a whole number of hundredths: {shown(amount)}")
    if currency in HUNDREDTHS and 0 <= amount <= LARGEST:
        return amount
    try:
        return from_hundredths(amount, currency)
    except MoneyError as error:
        raise Broken(f"{field}: {error}") from None


def decimal(field: str, amount: str, currency: str) -> int:
    """Minor units of a decimal amount."""
    try:
        return from_decimal(amount, currency)
    except MoneyError as error:
        raise Broken(f"{field}: {error}") from None


def optional_decimal(field: str, amount: str | None, currency: str) -> int | None:
    """Minor units of a decimal amount, if there is one."""
    return None if amount is None else decimal(field, amount, currency)


def to_hundredths(minor: int | None, currency: str | None) -> int | None:
    """What `hundredths` makes `minor` of."""
    return None if minor is None or currency is None else minor * 100 // SCALES[currency]


def to_decimal(minor: int | None, currency: str) -> str | None:
    """What `decimal` makes `minor` of."""
    if minor is None:
        return None
    digits = EXPONENTS[currency]
    whole, part = divmod(minor, SCALES[currency])
    return f"{whole}.{part:0{digits}}" if digits else str(whole)
