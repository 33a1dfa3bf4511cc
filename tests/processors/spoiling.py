"""Ways in which a record can be not what it was: each turns one fact into those that come instead."""

from random import Random

from samples import HOUR, SECOND
from teller import BONUS_WORDS, ORDER_STATUSES, RATE, RESULTS

from processors.facts import BonusChange, Fact, Invalid, Order, WalletCall


def kept(_: Random, fact: Fact) -> list[Fact]:
    return [fact]


def _lost(_: Random, __: Fact) -> list[Fact]:
    return []


def _twice(_: Random, fact: Fact) -> list[Fact]:
    return [fact, fact]


def _earlier(random: Random, fact: Fact) -> list[Fact]:
    return [fact._replace(at=fact.at - random.randrange(0, 2 * HOUR, SECOND))]


def _invalid(_: Random, fact: Fact) -> list[Fact]:
    return [Invalid(fact.player, fact.at, "call", "spoiled")]


def _another_word(random: Random, fact: Fact) -> list[Fact]:
    match fact:
        case Order():
            status = random.choice(ORDER_STATUSES)
            return [fact, fact._replace(at=fact.at + SECOND, status=status, result=random.choice(RESULTS))]
        case BonusChange():
            return [fact, fact._replace(at=fact.at + SECOND, status=random.choice(BONUS_WORDS))]
        case WalletCall(action="refund"):
            return [fact]
        case WalletCall():
            return [fact._replace(bonus_balance=0, is_round_end=True), fact._replace(action="win")]
        case Invalid():
            return [fact]


def _another_currency(random: Random, fact: Fact) -> list[Fact]:
    return [fact] if isinstance(fact, Invalid) else [fact, fact._replace(currency=random.choice([*RATE, "SEK"]))]


SPOILS = [_lost, _twice, _earlier, _invalid, _another_word, _another_word, _another_currency]
