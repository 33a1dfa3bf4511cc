"""What is counted, in words: the names that an outcome's `counts` may have."""

from collections.abc import Mapping
from types import MappingProxyType

COUNTED: Mapping[str, str] = MappingProxyType(
    {
        "bets-attributed": "bets that belong to a bonus",
        "bets-unattributed": "bets of bonus money, or that name a bonus, without a bonus they could belong to",
        "bets-waiting": "bets that began to wait for their bonus to become active",
        "bonuses-dup": "bonus records whose status the CRM had already been told",
        "bonuses-ended-by-round": "bonuses that the end of a round completed, autocompleted or lost",
        "bonuses-expired": "bonuses that expired by themselves",
        "bonuses-forfeited-with-deposit": "bonuses forfeited because their deposit failed or was rolled back",
        "bonuses-late": "bonus records that came after a newer one or after the bonus's end, dropped",
        "bonuses-repeated": "bonus records that came twice, dropped",
        "bonuses-reversed-with-withdrawal": "bonuses given back because the payout that cost them failed",
        "bonuses-too-old": "bonus records older than the state's retention, dropped",
        "bonuses-waiting": "bonus records that began to wait for their payment",
        "bonuses-without-payment": "bonuses whose payment was not decided in time: their records went on without it",
        "calls-failed": "wallet calls that did not succeed",
        "calls-repeated": "wallet calls that came twice, dropped",
        "calls-response-currency-differs": "wallet calls answered in another currency than asked; the request's goes",
        "calls-too-old": "wallet calls older than the state's retention, dropped",
        "ends-waiting": "round ends that began to wait with their bets",
        "orders-after-decision": "order versions that say nothing new after Rejected or Cancelled, dropped",
        "orders-after-rollback": "order versions after a complete Rollback, dropped",
        "orders-illegal-at-equal-time": "order versions of the same second that do not fit, dropped",
        "orders-late": "order versions older than the newest, dropped",
        "orders-repeated": "order versions that came twice, dropped",
        "orders-too-old": "orders created before the payments' retention, dropped",
        "payments-approved-late": "payments approved after they were Rejected or Cancelled",
        "payments-discrepancy": "payments rolled back because their order was declined or canceled after Approved",
        "payments-part-unknown": "partial refunds that do not say how much",
        "payments-unresolved": "payments that stayed unresolved for too long",
        "refunds-amount-differs": "refunds of another amount or currency than their bet; the bet's goes",
        "refunds-matched": "refunds that came before their bet and have met it",
        "refunds-repeated": "further refunds of a bet that was refunded, dropped",
        "refunds-unmatched": "refunds whose bet never came",
        "refunds-waiting": "refunds that began to wait for their bet, or with their bet for its bonus",
        "spins-rounds-ended": "rounds of free spins that have ended",
        "wins-attributed": "wins in rounds that belong to a bonus",
    }
)
