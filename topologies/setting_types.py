"""The types of settings: how each is written, what it must be, and how it is shown."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from topologies import kafka_properties, units
from topologies.kafka_properties import HIDDEN


def _written(parse: Callable[[str], Any]) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _matching(pattern: str, expected: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"`{text}` is no {expected}")
        return text

    return AfterValidator(check)


def _start(text: str) -> str | int:
    try:
        return text if text in ("earliest", "latest") else units.instant(text)
    except ValueError as error:
        raise ValueError(f"{error}, nor earliest or latest") from None


def _shown_start(value: str | int) -> str:
    return units.instant_text(value) if isinstance(value, int) else value


def _shown_url(url: str | None) -> str | None:
    return url and re.sub(r"(?<=//)[^/@]*@", f"{HIDDEN}@", url)


Duration = Annotated[int, _written(units.duration), PlainSerializer(units.duration_text)]
PositiveDuration = Annotated[Duration, Field(gt=0)]
Size = Annotated[int, _written(units.size), PlainSerializer(units.size_text)]
Pairs = Annotated[Mapping[str, str], _written(units.mapping)]
Percents = Annotated[Mapping[str, Annotated[int, Field(ge=0)]], _written(units.mapping)]
Start = Annotated[Literal["earliest", "latest"] | int, _written(_start), PlainSerializer(_shown_start)]
Name = Annotated[
    str, _matching(r"[a-zA-Z0-9._-]{1,200}", "name of 1 to 200 letters, digits, dots, _ and -, such as croupier-1")
]
"""What Kafka allows in the name of a topic, with room for our endings."""
Currency = Annotated[str, _matching(r"[A-Z]{3}", "currency of three capital letters, such as EUR")]
Decimal = Annotated[str, _matching(r"[0-9]+(\.[0-9]+)?", "amount of 0 or more, such as 0.10")]
Url = Annotated[Annotated[str, AfterValidator(units.web_addresses)] | None, PlainSerializer(_shown_url)]
Secret = Annotated[str | None, PlainSerializer(lambda value: value and HIDDEN)]
Properties = Annotated[Mapping[str, str], PlainSerializer(kafka_properties.masked)]
BonusType = Literal[
    "NoDeposit", "WelcomeBonus", "CashbackBonus", "ReloadBonus", "WagerFree", "FreeSpins", "RiskFreeBet", "Undefined"
]
BonusTypes = Annotated[Mapping[str, BonusType], _written(units.mapping)]
TopicsByOrigin = Annotated[Mapping[str, Name], _written(units.mapping)]
Origins = Annotated[Mapping[Currency, str], _written(units.mapping)]
