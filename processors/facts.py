"""What the three systems and the rate table tell us, in our own words.

Facts are validated where they enter (`topologies/intake`): ids are
non-empty strings, money is whole minor units of a known currency and times are
milliseconds since 1970 UTC. `player` is the normalised id, the join key.
"""

from typing import Literal, NamedTuple

Action = Literal["bet", "win", "refund"]
Kind = Literal["deposit", "withdrawal"]


class WalletCall(NamedTuple):
    """One answered NetGaming wallet call: a bet, a win, or the refund of a bet."""

    player: str
    at: int
    """When it was answered."""
    action: Action
    call_id: str
    """The request's transaction id. With `action` it names the call."""
    original_id: str | None
    """Refunds only: the transaction id of the bet that is undone."""
    currency: str
    amount: int
    """Minor units; 0 on a refund that does not say (the rest is the bet's)."""
    bonus_amount: int
    """The part of `amount` that was bonus money, minor units, at most `amount`."""
    balance: int | None
    """Real-money balance after the call, minor units."""
    bonus_balance: int | None
    """Bonus balance after the call, minor units of `response_currency`."""
    response_currency: str | None
    game_id: str | None
    """Games and rounds may be absent on refunds only."""
    round_id: str | None
    game_name: str | None
    game_type: str | None
    is_free_spin: bool
    is_round_end: bool | None
    """None: a refund that does not say."""
    bonus_ref: str | None
    """An instance id (`user_bonus_id`) or a campaign id (`bonus_id`)."""
    succeeded: bool


class BonusChange(NamedTuple):
    """One change of one bonus instance, as the bonus platform reports it."""

    player: str
    at: int
    user_bonus_id: str
    bonus_id: str
    type: str
    status: str
    amount: int
    currency: str
    bonus_code: str | None
    product: str
    required: int | None
    """The wagering requirement, minor units; None and 0 mean the same."""
    locked: int | None
    turned_real: int | None
    order_id: str | None
    """The deposit that earned it."""
    forfeited_by: str | None
    """On Forfeited: the OrderID of the payout that cost it."""
    expires_at: int | None
    free_spins: int | None
    """Granted rounds, for type FreeSpins."""
    origin: str | None
    meta: str | None
    """A JSON object as text, passed through."""
    references: str | None
    """Fast Track's references, a JSON object as text, echoed."""


class Order(NamedTuple):
    """One version of a Rebilly order: a payment attempt by the player."""

    player: str
    at: int
    """UpdatedTime."""
    created_at: int
    order_id: str
    transaction_id: str | None
    casino_id: str
    kind: Kind
    status: str
    """The vendor's word, spellings unified (`conn-error`, `canceled`)."""
    result: str
    """The vendor's word, spellings unified; `unknown` when it said none."""
    currency: str
    amount: int
    """OrderAmount, minor units."""
    purchase_amount: int | None
    refunded_amount: int | None
    """Cumulative, with `partially-refunded`."""
    gateway_account: str | None
    alternative_method: str | None
    payment_method: str
    response_message: str | None


class Rate(NamedTuple):
    """Multiply by `rate` to get the base currency, from `effective_from` on."""

    currency: str
    rate: str
    """A decimal number greater than 0."""
    effective_from: int


class Invalid(NamedTuple):
    """A record that breaks the rules of its own form: a dead letter, unless it is too old to matter."""

    player: str
    at: int
    """The time its retention goes by: a payment's CreatedTime, else its own."""
    of: Literal["call", "bonus", "order"]
    reason: str


Fact = WalletCall | BonusChange | Order | Invalid
