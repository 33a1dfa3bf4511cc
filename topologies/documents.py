"""The forms of JSON documents, as vendors' systems give them.

A document has the vendor's own field names, or the bonus platform's. Fields
that are not listed here are dropped, and personal data with them. Only presence
and types are checked: whether a record makes sense is decided where it is
processed, so a nonsensical one can be loaded and seen to end as a dead letter.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from topologies.schemas import BONUSES, CALLS, ORDERS, RATES
from topologies.units import instant
from topologies.wire import dump_json

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


class Problem(NamedTuple):
    """One thing that is wrong; `field` is dotted, empty for the document as a whole."""

    field: str
    problem: str


class BadDocument(ValueError):
    """A document cannot become a record. The caller knows its file and line."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(": ".join(filter(None, problem)) for problem in problems))
        self.problems = problems


def _id(value: object) -> object:
    return str(value) if type(value) is int else value


def _time(value: object) -> object:
    if not (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        raise ValueError("should be an RFC 3339 time such as 2026-11-20T10:00:00Z")
    return instant(value.upper())


def _cents(value: object) -> object:
    """The vendor's page says Decimal: 10.0 is ten cents, half a cent is none."""
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is float:
        raise ValueError("should be a whole number of cents")
    return value


def _json_text(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("should be a JSON object")  # noqa: TRY004  pydantic collects ValueErrors
    return dump_json(value).decode()


def _unless_null(convert: Callable[[object], object]) -> BeforeValidator:
    return BeforeValidator(lambda value: None if value is None else convert(value))


Long = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Id = Annotated[str, BeforeValidator(_id)]
OptionalId = Annotated[str | None, BeforeValidator(_id)]
Time = Annotated[int, BeforeValidator(_time)]
OptionalTime = Annotated[int | None, _unless_null(_time)]
OptionalCents = Annotated[Long | None, BeforeValidator(_cents)]
OptionalObject = Annotated[str | None, _unless_null(_json_text)]


class Form(BaseModel):
    """Fields as in the Avro schema; absent and null optional fields are the same."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class AdditionalDetails(Form):
    """Of a wallet call's request."""

    bonus_id: OptionalId = None


class Request(Form):
    """The body of a wallet call."""

    player_id: Id
    amount: Long | None = None
    amount_type: str | None = None
    currency: str
    channel: str | None = None
    game_id: OptionalId = None
    round_id: OptionalId = None
    game_type: str | None = None
    game_name: str | None = None
    transaction_id: Id
    original_transaction_id: OptionalId = None
    game_ended: bool | None = None
    note: str | None = None
    additional_details: AdditionalDetails | None = None


class Response(Form):
    """The operator's answer to a wallet call."""

    status: Long
    player_id: OptionalId = None
    currency: str | None = None
    bonus_amount: Long | None = None
    balance: Long | None = None
    transaction_id: OptionalId = None
    bonus_bet: OptionalCents = None


class WalletCall(Form):
    """The envelope of a wallet call."""

    action: str = "debit"
    answered_at: Time
    request: Request
    response: Response


class BonusChange(Form):
    """A change of a bonus."""

    player_id: Id
    user_bonus_id: Id
    bonus_id: Id
    bonus_code: str | None = None
    type: str
    product: str | None = None
    status: str
    amount: str
    currency: str
    required_wagering_amount: str | None = None
    locked_amount: str | None = None
    bonus_turned_real: str | None = None
    order_id: OptionalId = None
    forfeited_by_order_id: OptionalId = None
    expires_at: OptionalTime = None
    free_spins: Long | None = None
    origin: str | None = None
    meta: OptionalObject = None
    fasttrack_references: OptionalObject = None
    updated_at: Time


class Order(Form):
    """A version of an order."""

    OrderID: Id
    TransactionID: OptionalId = None
    CasinoID: Id
    GSID: OptionalId = None
    PlayerID: Id
    PaymentMethod: str
    AlternativeMethod: str | None = None
    OrderCurrency: str
    OrderAmount: str
    PurchaseCurrency: str | None = None
    PurchaseAmount: str | None = None
    Status: str
    Result: str | None = None
    GatewayAccountID: OptionalId = None
    ResponseMessage: str | None = None
    CreatedTime: Time
    UpdatedTime: Time
    Kind: str | None = None
    RefundedAmount: str | None = None


class Rate(Form):
    """An exchange rate."""

    currency: str
    rate: str
    effective_from: Time


FORMS: Mapping[str, type[Form]] = {CALLS: WalletCall, BONUSES: BonusChange, ORDERS: Order, RATES: Rate}

BET_FIELDS = ("amount", "game_id", "round_id", "game_name", "game_ended")
"""What a bet or a win must have in its request; a refund is of a bet that has them."""
REFUND_FIELDS = ("original_transaction_id",)
MISSING = "is missing"


def checked(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The Avro value of a document of a kind, a source's name.

    Raises:
        BadDocument: names every field that is missing or of a wrong type.
    """
    try:
        value = FORMS[kind].model_validate(document).model_dump()
    except ValidationError as error:
        raise BadDocument(*_problems(error)) from None
    if kind == CALLS:
        _check_request(value["action"], value["request"])
    return value


def _check_request(action: str, request: Mapping[str, Any]) -> None:
    needed = REFUND_FIELDS if action == "refund" else BET_FIELDS
    missing = [Problem(f"request.{name}", MISSING) for name in needed if request[name] is None]
    if missing:
        raise BadDocument(*missing)


def _problems(error: ValidationError) -> Iterator[Problem]:
    """Without the values: they may be personal."""
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        said = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
        yield Problem(".".join(map(str, item["loc"])), MISSING if item["type"] == "missing" else said)
