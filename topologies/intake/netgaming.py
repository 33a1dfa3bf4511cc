"""NetGaming's wallet calls → `WalletCall`.

Field names are those of the vendor's debit page; credits and refunds have the
same body. Amounts are hundredths, whatever the currency. What an operator
answers to a call that failed is not looked at: nothing follows from it.
"""

from typing import Any, Final

from processors.facts import Action, Invalid, WalletCall
from processors.money import EXPONENTS, MoneyError, from_hundredths
from topologies.graph import Entry
from topologies.intake.forms import (
    Broken,
    check_currency,
    check_id_texts,
    check_required,
    check_time,
    hundredths,
    shown,
    time_of,
    to_hundredths,
)

ACTIONS: Final[dict[str, Action]] = {"debit": "bet", "credit": "win", "refund": "refund"}
FREE_SPIN: Final = "promo_freespin"
SUCCESS: Final = 1

_WORDS: Final = {action: word for word, action in ACTIONS.items()}


def entry(record: dict[str, Any], time: int) -> Entry:
    """The call under its player; `Invalid` when it breaks the rules of its form."""
    player = record["request"]["player_id"] or ""
    try:
        return Entry(player, _call(record, player))
    except Broken as broken:
        return Entry(player, Invalid(player, time_of(record["answered_at"], time), "call", str(broken)))


def record(call: WalletCall) -> dict[str, Any]:
    """A record that `entry` makes the same call of."""
    return {
        "action": _WORDS[call.action],
        "answered_at": call.at,
        "request": {
            "player_id": call.player,
            "amount": to_hundredths(call.amount, call.currency),
            "amount_type": FREE_SPIN if call.is_free_spin else None,
            "currency": call.currency,
            "game_id": call.game_id,
            "round_id": call.round_id,
            "game_type": call.game_type,
            "game_name": call.game_name,
            "transaction_id": call.call_id,
            "original_transaction_id": call.original_id,
            "game_ended": call.is_round_end,
            "additional_details": {"bonus_id": call.bonus_ref},
        },
        "response": {
            "status": SUCCESS if call.succeeded else 0,
            "currency": call.response_currency,
            "bonus_amount": to_hundredths(call.bonus_balance, call.response_currency or call.currency),
            "balance": to_hundredths(call.balance, call.currency),
            "bonus_bet": to_hundredths(call.bonus_amount, call.currency),
        },
    }


def _call(record: dict[str, Any], player: str) -> WalletCall:
    request, response = record["request"], record["response"]
    action = ACTIONS.get(record["action"])
    if action is None:
        raise Broken(f"action is unknown: {shown(record['action'])}")
    _check_form(record, request, action)
    currency = request["currency"]
    game_type = request["game_type"]
    details = request["additional_details"]
    is_free_spin = request["amount_type"] == FREE_SPIN or game_type == FREE_SPIN
    amount = 0 if request["amount"] is None else hundredths("amount", request["amount"], currency)
    bonus_amount, balance, bonus_balance = _answered(response, currency, amount, is_free_spin=is_free_spin)
    call = WalletCall(
        player,
        record["answered_at"],
        action,
        request["transaction_id"],
        request["original_transaction_id"] if action == "refund" else None,
        currency,
        amount,
        bonus_amount,
        balance,
        bonus_balance,
        response["currency"] or None,
        request["game_id"] or None,
        request["round_id"] or None,
        request["game_name"],
        game_type or None,
        is_free_spin,
        request["game_ended"],
        (details["bonus_id"] or None) if details else None,
        response["status"] == SUCCESS,
    )
    check_id_texts(f"{player}{call.call_id}{call.original_id}{call.game_id}{call.round_id}{call.bonus_ref}")
    return call


def _check_form(record: dict[str, Any], request: dict[str, Any], action: Action) -> None:
    if not (request["player_id"] and request["transaction_id"] and request["currency"]):
        check_required(request, "player_id", "transaction_id", "currency")
    if action == "refund":
        check_required(request, "original_transaction_id")
    elif not (request["game_id"] and request["round_id"]) or None in (
        request["amount"],
        request["game_name"],
        request["game_ended"],
    ):
        check_required(request, "amount", "game_id", "round_id")
        raise Broken(f"{'game_name' if request['game_name'] is None else 'game_ended'} is missing")
    if request["currency"] not in EXPONENTS:
        check_currency(request["currency"])
    if record["answered_at"] is None:
        raise Broken("answered_at is missing")
    check_time("answered_at", record["answered_at"])


def _answered(
    response: dict[str, Any], currency: str, amount: int, *, is_free_spin: bool
) -> tuple[int, int | None, int | None]:
    """Bonus part of the amount, real balance, bonus balance, all in minor units."""
    if response["status"] != SUCCESS:
        return 0, None, None
    bonus_bet, balance, bonus_balance = response["bonus_bet"], response["balance"], response["bonus_amount"]
    bonus_amount = amount if is_free_spin else bonus_bet and hundredths("bonus_bet", bonus_bet, currency)
    if bonus_amount and bonus_amount > amount:
        raise Broken(f"bonus_bet is larger than amount: {bonus_bet} hundredths {currency}")
    if balance is not None:
        balance = hundredths("balance", balance, currency)
    if bonus_balance is not None:
        of_currency = response["currency"] or currency
        bonus_balance = (
            hundredths("bonus_amount", bonus_balance, currency)
            if of_currency == currency
            else _in_another(bonus_balance, of_currency)
        )
    return bonus_amount or 0, balance, bonus_balance


def _in_another(amount: int, currency: str) -> int | None:
    """A bonus balance in a currency that is not the request's: ignored where it makes no sense."""
    try:
        return from_hundredths(amount, currency) if type(amount) is int else None
    except MoneyError:
        return None
