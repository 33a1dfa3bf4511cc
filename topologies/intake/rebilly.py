"""Rebilly's orders → `Order`. Field names and words are those of the vendor's orders API."""

from typing import Any, Final

from processors.facts import Invalid, Kind, Order
from topologies.graph import Entry
from topologies.intake.forms import (
    Broken,
    check_currency,
    check_id_texts,
    check_required,
    check_time,
    decimal,
    optional_decimal,
    shown,
    time_of,
    to_decimal,
)

KINDS: Final[dict[str, Kind]] = {"sale": "deposit", "payout": "withdrawal"}
DEFAULT_KIND: Final = "sale"
UNKNOWN: Final = "unknown"

SPELLINGS: Final = {"cancelled": "canceled", "conn-err": "conn-error", "connection-error": "conn-error"}
"""The vendor's pages spell some words in several ways."""

_WORDS: Final = {kind: word for word, kind in KINDS.items()}


def player_of(casino_id: str, player_id: str) -> str:
    """The join key: NetGaming's `111222333` is Rebilly's `123_111222333` in casino 123."""
    return player_id.removeprefix(f"{casino_id}_") if casino_id else player_id


def entry(record: dict[str, Any], time: int) -> Entry:
    """The order under its player; `Invalid` when it breaks the rules of its form."""
    player = player_of(record["CasinoID"] or "", record["PlayerID"] or "")
    try:
        return Entry(player, _order(record, player))
    except Broken as broken:
        at = time_of(record["CreatedTime"], time_of(record["UpdatedTime"], time))
        return Entry(player, Invalid(player, at, "order", str(broken)))


def record(order: Order) -> dict[str, Any]:
    """A record that `entry` makes the same order of."""
    return {
        "OrderID": order.order_id,
        "TransactionID": order.transaction_id,
        "CasinoID": order.casino_id,
        "PlayerID": f"{order.casino_id}_{order.player}",
        "PaymentMethod": order.payment_method,
        "AlternativeMethod": order.alternative_method,
        "OrderCurrency": order.currency,
        "OrderAmount": to_decimal(order.amount, order.currency),
        "PurchaseCurrency": None if order.purchase_amount is None else order.currency,
        "PurchaseAmount": to_decimal(order.purchase_amount, order.currency),
        "Status": order.status,
        "Result": order.result,
        "GatewayAccountID": order.gateway_account,
        "ResponseMessage": order.response_message,
        "CreatedTime": order.created_at,
        "UpdatedTime": order.at,
        "Kind": _WORDS[order.kind],
        "RefundedAmount": to_decimal(order.refunded_amount, order.currency),
    }


def _order(record: dict[str, Any], player: str) -> Order:
    _check_form(record, player)
    currency = record["OrderCurrency"]
    status, result = record["Status"], record["Result"] or UNKNOWN
    return Order(
        player=player,
        at=record["UpdatedTime"],
        created_at=record["CreatedTime"],
        order_id=record["OrderID"],
        transaction_id=record["TransactionID"] or None,
        casino_id=record["CasinoID"],
        kind=_kind(record["Kind"]),
        status=SPELLINGS.get(status, status),
        result=SPELLINGS.get(result, result),
        currency=currency,
        amount=decimal("OrderAmount", record["OrderAmount"], currency),
        purchase_amount=optional_decimal("PurchaseAmount", record["PurchaseAmount"], currency),
        refunded_amount=optional_decimal("RefundedAmount", record["RefundedAmount"], currency),
        gateway_account=record["GatewayAccountID"] or None,
        alternative_method=record["AlternativeMethod"] or None,
        payment_method=record["PaymentMethod"],
        response_message=record["ResponseMessage"] or None,
    )


def _check_form(record: dict[str, Any], player: str) -> None:
    check_required(record, "OrderID", "CasinoID", "PlayerID", "PaymentMethod", "OrderCurrency", "OrderAmount")
    check_required(record, "CreatedTime", "UpdatedTime")
    if not player:
        raise Broken("PlayerID is missing behind its CasinoID")
    if record["Status"] is None:
        raise Broken("Status is missing")
    check_currency(record["OrderCurrency"])
    if record["PurchaseCurrency"] and record["PurchaseCurrency"] != record["OrderCurrency"]:
        raise Broken(f"PurchaseCurrency is not OrderCurrency: {shown(record['PurchaseCurrency'])}")
    check_time("CreatedTime", record["CreatedTime"])
    check_time("UpdatedTime", record["UpdatedTime"])
    check_id_texts(
        f"{player}{record['OrderID']}{record['TransactionID']}{record['CasinoID']}"
        f"{record['GatewayAccountID']}{record['AlternativeMethod']}{record['PaymentMethod']}"
    )


def _kind(word: str | None) -> Kind:
    kind = KINDS.get(word or DEFAULT_KIND)
    if kind is None:
        raise Broken(f"Kind is unknown: {shown(word)}")
    return kind
