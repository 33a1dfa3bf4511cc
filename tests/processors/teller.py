"""Tells one story of a player: facts in the order in which they come, and what the CRM should hear.

The teller knows the vendors' habits and the rules of the house, but none of the
code: what it expects follows from the story alone, told in time order.
"""

from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from samples import SECOND, bonus_change, order, wallet_call

from processors.facts import BonusChange, Fact, Order, WalletCall

UNIT = {"EUR": 100, "GBP": 100, "JPY": 1, "KWD": 1000}
"""Minor units; the first is the base currency."""
RATE = {"EUR": "1", "GBP": "1.17", "JPY": "0.0061", "KWD": "3.01"}
CASINO = "123"

_BONUS_WORDS = "Pending Created Ongoing Completed AutoCompleted Forfeited Expired Lost Reversed"
_RESULTS = "unknown approved declined canceled abandoned maybe"
_ORDER_STATUSES = """
    pending sending waiting-approval waiting-gateway offsite suspended waiting-capture timeout conn-error never-sent
    completed waiting-refund disputed partially-refunded refunded voided
    requested approved paid canceled declined failed returned gone-fishing
"""

BONUS_WORDS = _BONUS_WORDS.split()
ENDS = BONUS_WORDS[3:8]
RESULTS = _RESULTS.split()
"""The last is nobody's word, as is the last of the next."""
ORDER_STATUSES = _ORDER_STATUSES.split()


class Told(NamedTuple):
    """A fact, and when it comes; `fact.at` is when it happened."""

    comes_at: int
    fact: Fact


class Story(NamedTuple):
    name: str
    told: list[Told]
    expected: list[str]
    """Event ids, in the order of their causes."""
    fields: dict[str, dict[str, Any]]
    """By event id: fields of the payload that matter to the story."""
    causes: dict[str, Fact]
    """By event id: whose word an event is, when it is not clear from when it is sent."""
    refused: list[Fact]
    """What had waited and is refused when it is released."""
    counted: dict[str, int]
    """How often what is counted; the rest does not matter to the story."""
    is_settled: bool
    """However the topics interleave, BONUS events but Ongoing are the same."""
    is_short: bool
    """It is over before any limit, and before the next one could begin."""


class Teller:
    """The story so far."""

    def __init__(self, random: Random, player: str, start: int, prefix: str, currency: str | None = None) -> None:
        self.random = random
        self.player = player
        self.now = start
        self.prefix = prefix
        self.currency = currency or random.choice(["EUR", "EUR", "GBP", "GBP", "JPY", "KWD"])
        self.told: list[Told] = []
        self.expected: list[str] = []
        self.fields: dict[str, dict[str, Any]] = {}
        self.causes: dict[str, Fact] = {}
        self.refused: list[Fact] = []
        self.counted: dict[str, int] = {}
        self._names = 0

    def story(self, name: str, *, is_settled: bool, is_short: bool = True) -> Story:
        return Story(
            name, self.told, self.expected, self.fields, self.causes, self.refused, self.counted, is_settled, is_short
        )

    def name(self, kind: str) -> str:
        """An id that this player has nowhere else."""
        self._names += 1
        return f"{self.prefix}{kind}{self._names}"

    def money(self, units: float) -> int:
        """Minor units of so much money, in every currency a whole number of its smallest coin."""
        return max(round(units * UNIT[self.currency]), 1 if units else 0)

    def number(self, minor: int) -> float:
        return minor / UNIT[self.currency]

    def later(self, *, least: int = SECOND, most: int = 20 * SECOND) -> None:
        self.now += self.random.randrange(least, most, SECOND)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def tell(self, fact: Fact) -> None:
        self.told.append(Told(self.now, fact))

    def again(self, fact: Fact, percent: int = 15) -> None:
        """Now and then a record comes twice."""
        if self.chance(percent):
            self.tell(fact)

    def hears(self, event_id: str, *, because: Fact | None = None, **fields: Any) -> None:
        self.expected.append(event_id)
        if fields:
            self.fields[event_id] = fields
        if because is not None:
            self.causes[event_id] = because

    # Orders

    def new_order(self, **said: Any) -> Order:
        """An order nobody has heard of yet."""
        amount = self.money(self.random.randrange(10, 100))
        fresh = {"order_id": self.name("o"), "created_at": self.now, "currency": self.currency, "amount": amount}
        return order(self.now, **{"player": self.player, "casino_id": CASINO, **fresh, **said})

    def version(self, of: Order, status: str, result: str = "unknown", **said: Any) -> Order:
        """The order's next version comes."""
        told = of._replace(at=self.now, status=status, result=result, **said)
        self.tell(told)
        return told

    def hears_payment(self, of: Order, status: str, *, rollback: int = 1, **fields: Any) -> None:
        number = f"/{rollback}" if rollback > 1 else ""
        self.hears(f"payment/{of.transaction_id or of.order_id}/{status}{number}", **fields)

    # Bonuses

    def new_bonus(self, **said: Any) -> BonusChange:
        """A bonus nobody has heard of yet, to be wagered a few times."""
        amount = self.money(20)
        fresh = {"user_bonus_id": self.name("b"), "bonus_id": self.name("c"), "currency": self.currency}
        sizes = {"amount": amount, "required": 4 * amount, "bonus_code": self.name("code")}
        return bonus_change(self.now, **{"player": self.player, **fresh, **sizes, **said})

    def platform(self, of: BonusChange, status: str, **said: Any) -> BonusChange:
        """The platform says something about the bonus."""
        told = of._replace(at=self.now, status=status, **said)
        self.tell(told)
        return told

    def hears_bonus(self, of: BonusChange, status: str, *, epoch: int = 0, k: int = 0, **fields: Any) -> None:
        number = f"/{k}" if status == "Ongoing" else ""
        self.hears(f"bonus/{of.user_bonus_id}/{epoch}/{status}{number}", **fields)

    # Wallet calls

    def call(self, **said: Any) -> WalletCall:
        """A wallet call that is not told yet."""
        fresh = {"call_id": self.name("t"), "currency": self.currency, "response_currency": self.currency}
        sizes = {"amount": self.money(1), "balance": self.money(50), "bonus_balance": self.money(5)}
        place = {"game_id": "1", "round_id": self.name("r")}
        call = wallet_call(**{"at": self.now, "player": self.player, **fresh, **sizes, **place, **said})
        if call.is_free_spin and call.succeeded:
            return call._replace(bonus_amount=call.amount)
        return call if call.succeeded else call._replace(bonus_amount=0, balance=None, bonus_balance=None)

    def bet(self, **said: Any) -> WalletCall:
        """A bet comes and is told to the CRM."""
        bet = self.call(**said)
        self.tell(bet)
        self.hears(f"casino/debit/{bet.call_id}")
        return bet

    def win(self, of: WalletCall, **said: Any) -> WalletCall:
        """A win of the bet's round comes and is told to the CRM."""
        fresh = {"call_id": self.name("t"), "action": "win", "at": self.now, "bonus_amount": 0}
        win = of._replace(**{**fresh, **said})
        self.tell(win)
        self.hears(f"casino/credit/{win.call_id}")
        return win

    def refund(self, of: WalletCall, **said: Any) -> WalletCall:
        """The refund of a bet comes; whether the CRM hears of it is the story's affair."""
        of_the_bet = {"game_id": None, "round_id": None, "game_name": None, "game_type": None, "is_round_end": None}
        fresh = {"call_id": self.name("t"), "action": "refund", "original_id": of.call_id, "at": self.now}
        refund = of._replace(**{**fresh, **of_the_bet, "amount": 0, "bonus_amount": 0, "bonus_ref": None, **said})
        self.tell(refund)
        return refund

    def hears_rollback(self, of: WalletCall) -> None:
        self.hears(f"casino/refund/{of.call_id}")


def instant(at: int) -> str:
    """RFC 3339 in whole seconds, as the stories have them."""
    return f"{datetime.fromtimestamp(at // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
