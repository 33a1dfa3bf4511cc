"""Histories of players: stories told side by side, each topic in its own order.

Everything follows from a `random.Random`, so hypothesis can drive it and a
seed can repeat it; `players` never ends.
"""

from collections.abc import Callable, Iterator
from itertools import count
from random import Random
from typing import NamedTuple

import stories_at_random as at_random
import stories_bonuses as bonuses
import stories_linked as linked
import stories_payments as payments
import stories_play as play
import stories_wagering as wagering
from samples import HOUR, MINUTE, NOON, SECOND, bonus_change, order, wallet_call
from spoiling import SPOILS, kept
from teller import RATE, Story, Teller

from processors.facts import BonusChange, Fact, Invalid, Order, Rate, WalletCall
from processors.outcome import Arrival
from processors.rates import Rates
from processors.rules import Rules

STORIES: list[Callable[[Teller], Story]] = [
    payments.deposit,
    payments.deposit,
    payments.payout,
    payments.bumped_deposit,
    payments.transaction_changes,
    payments.too_old_order,
    payments.one_transaction_for_two,
    payments.order_id_used_again,
    payments.unresolved,
    bonuses.platform_bonus,
    bonuses.platform_bonus,
    bonuses.free_bonus,
    linked.deposit_bonus,
    linked.deposit_bonus,
    linked.refused_when_released,
    linked.approved_after_all,
    linked.deposit_rolled_back,
    linked.deposit_rolled_back_again,
    linked.forfeited_for_a_payout,
    linked.forfeited_twice_for_a_payout,
    linked.undecided_deposit,
    bonuses.expiring,
    bonuses.too_old_word,
    bonuses.expired_already,
    bonuses.reversed_expires_again,
    wagering.wagering,
    wagering.wagering,
    wagering.wagering,
    wagering.little_that_counts,
    wagering.refunded,
    wagering.overtaken,
    wagering.refunded_after_the_end,
    wagering.early_bets,
    wagering.bets_before_the_money,
    wagering.two_bonuses,
    wagering.given_back_and_lost,
    wagering.worked_off_between,
    play.real_money,
    play.real_money,
    play.never_matched,
    play.too_old_calls,
    play.call_id_used_again,
    play.spins_played,
    play.spins_ended,
    play.spins_expired,
    play.spins_of_nobody,
]
"""Some more often than others."""

AT_RANDOM = [at_random.anything, at_random.one_topic_ends_it, at_random.any_versions, at_random.any_words]
"""Without a plot."""

TOPICS: dict[type[Fact], str] = {
    Order: "rebilly.orders",
    BonusChange: "platform.bonuses",
    WalletCall: "netgaming.debits",
    Invalid: "netgaming.debits",
}
"""In the order in which records of equal times are taken."""

PLAYER = "p"

RULES = Rules(origin="brand.com", origin_by_casino={"123": "brand.com"})


def rates() -> Rates:
    """All that the stories need, since ever."""
    known = Rates("EUR")
    for currency, rate in RATE.items():
        known.add(Rate(currency, rate, 0))
    return known


class History(NamedTuple):
    """What happened to one player."""

    player: str
    stories: list[Story]
    topics: dict[str, list[Arrival]]
    """Each topic's records in their own order."""
    is_settled: bool
    """However the topics interleave, BONUS events but Ongoing are the same."""


def one_story(random: Random, tell: Callable[[Teller], Story], player: str = PLAYER) -> History:
    """A player to whom nothing else happens."""
    return of_story(tell(Teller(random, player, NOON, "")), player)


def of_story(story: Story, player: str = PLAYER) -> History:
    """The history that is this story."""
    return _history(player, [story])


def history(random: Random, player: str = PLAYER) -> History:
    """A few stories of one player side by side."""
    return _history(player, [_story(random, player, number) for number in range(random.randrange(1, 5))])


def settled(random: Random, player: str = PLAYER) -> History:
    """Only such stories as do not depend on how topics interleave, close together."""
    told = [_story(random, player, number) for number in range(random.randrange(1, 8))]
    return _history(player, [story for story in told if story.is_settled and story.is_short])


def spoiled(random: Random, player: str = PLAYER) -> History:
    """A history with things in it that cannot be: lost, twice, out of order, and not what was meant."""
    whole = history(random, player)
    told: list[Fact] = []
    for arrivals in whole.topics.values():
        for arrival in arrivals:
            spoil = random.choice(SPOILS) if random.randrange(4) == 0 else kept
            told.extend(spoil(random, arrival.fact))
    return _arranged(whole.player, whole.stories, told, is_settled=False)


def as_text(history: History) -> str:
    """What came, in time order, for people."""
    names = ", ".join(story.name for story in history.stories)
    return "\n".join([names, *(f"{arrival.cause} {_told(arrival.fact)}" for arrival in in_time_order(history))])


def players(seed: int) -> Iterator[History]:
    """One player's history after the other, without end; ids are each player's own."""
    random = Random(seed)
    for number in count():
        yield history(random, f"{PLAYER}{number}")


def smaller(history: History) -> Iterator[History]:
    """The history with one record left out, each in turn."""
    for topic, arrivals in history.topics.items():
        for number in range(len(arrivals)):
            yield history._replace(topics={**history.topics, topic: [*arrivals[:number], *arrivals[number + 1 :]]})


def in_time_order(history: History) -> list[Arrival]:
    """The records as a task takes them: of the topics' next ones the earliest, orders before bonuses before calls."""
    heads = {topic: list(reversed(arrivals)) for topic, arrivals in history.topics.items()}
    ordered = []
    while waiting := [arrivals for arrivals in heads.values() if arrivals]:
        ordered.append(min(waiting, key=lambda arrivals: arrivals[-1].time).pop())
    return ordered


def interleaved(random: Random, history: History) -> list[Arrival]:
    """The records in any order that keeps each topic's own; long runs of one topic are as likely as short ones."""
    heads = [list(reversed(arrivals)) for arrivals in history.topics.values()]
    eagerness = random.choice([2, 10, 1000])
    ordered: list[Arrival] = []
    while waiting := [arrivals for arrivals in heads if arrivals]:
        arrivals = random.choice(waiting)
        ordered.extend(arrivals.pop() for _ in range(min(random.randrange(1, eagerness), len(arrivals))))
    return ordered


def _told(fact: Fact) -> str:
    usual = {Order: order(), BonusChange: bonus_change(), WalletCall: wallet_call()}.get(type(fact), fact)
    said = {name: value for name, value in fact._asdict().items() if value != getattr(usual, name)}
    return ", ".join(f"{name}={value}" for name, value in said.items())


def _story(random: Random, player: str, number: int) -> Story:
    start = NOON + random.randrange(0, 10 * MINUTE, SECOND)
    return random.choice([*STORIES, *AT_RANDOM * 3])(Teller(random, player, start, f"{number}"))


def every_order(history: History) -> Iterator[list[Arrival]]:
    """All orders that keep each topic's own; for small histories."""
    yield from _merged([arrivals for arrivals in history.topics.values() if arrivals])


def _merged(topics: list[list[Arrival]]) -> Iterator[list[Arrival]]:
    if not topics:
        yield []
    for topic in topics:
        rest = [arrivals[1:] if arrivals is topic else arrivals for arrivals in topics]
        yield from ([topic[0], *order] for order in _merged([arrivals for arrivals in rest if arrivals]))


def _history(player: str, stories: list[Story]) -> History:
    told = sorted((told for story in stories for told in story.told), key=lambda told: told.comes_at)
    facts = [one.fact for one in told]
    is_settled = all(story.is_settled and story.is_short for story in stories)
    assert not is_settled or not told or told[-1].comes_at - told[0].comes_at < HOUR
    return _arranged(player, stories, facts, is_settled=is_settled)


def _arranged(player: str, stories: list[Story], facts: list[Fact], *, is_settled: bool) -> History:
    topics: dict[str, list[Arrival]] = {topic: [] for topic in dict.fromkeys(TOPICS.values())}
    for fact in facts:
        topic = TOPICS[type(fact)]
        topics[topic].append(Arrival(fact, f"{topic}/0/{len(topics[topic])}", fact.at))
    return History(player, stories, topics, is_settled)
