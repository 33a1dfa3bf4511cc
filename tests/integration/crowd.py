"""A crowd of players: their histories side by side on three topics, and among them records that nobody can use."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

import histories
from samples import DAY, MINUTE, NOON

from processors.facts import BonusChange, Fact, Invalid, Order, WalletCall
from topologies import schemas
from topologies.codecs import Codec
from topologies.intake import ENTRIES, record_of
from topologies.runtime.partitioning import java_default
from topologies.schemas import BONUSES, CALLS, ORDERS

CODEC = Codec(schemas.ours())

PLACES = (ORDERS, BONUSES, CALLS)
"""The topics, in the order in which records of equal times are taken."""

EARLIER = 300 * DAY
"""How long ago all of it happened: the stories' own noon may lie ahead, and the broker takes nothing from there."""

SPREAD = 20 * DAY
"""So far apart do the players begin: more than any retention but that of payments."""

SPOILED_PERCENT = 30
CASINO_OF_NOBODY = "999"


class Unfit(NamedTuple):
    """A record that never becomes a fact: the class of its dead letter."""

    kind: str


class Laid(NamedTuple):
    """A record as it lies on its topic; `says` is what it means."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    says: Fact | Unfit


class _Told(NamedTuple):
    """A record that has no place yet."""

    comes_at: int
    topic: str
    fact: Fact


def crowd(seed: int, records: int, partitions: int, *, spread: int = SPREAD, poisoned_per_mille: int = 5) -> list[Laid]:
    """At least so many records, each topic's in the order in which they come; the same for the same seed."""
    random = Random(seed)
    told = heapq.merge(*_told(random, records, spread), key=lambda one: one.comes_at)
    return list(_laid(random, told, partitions, poisoned_per_mille))


def _told(random: Random, records: int, spread: int) -> list[list[_Told]]:
    """One list for each player and topic. What would come after all have begun has not happened yet."""
    lists: list[list[_Told]] = []
    count = number = 0
    while count < records:
        history = _history(random, f"{histories.PLAYER}{number}")
        later = random.randrange(0, spread, MINUTE) - EARLIER
        own = [_later(topic, [arrival.fact for arrival in history.topics[topic]], later) for topic in PLACES]
        own = [[one for one in told if one.comes_at < NOON - EARLIER + spread] for told in own]
        lists += own
        count += sum(map(len, own))
        number += 1
    return lists


def _history(random: Random, player: str) -> histories.History:
    is_spoiled = random.randrange(100) < SPOILED_PERCENT
    return (histories.spoiled if is_spoiled else histories.history)(random, player)


def _later(topic: str, facts: list[Fact], by: int) -> list[_Told]:
    """A player's records of a topic, all times moved. One that tells of earlier comes right behind its predecessor."""
    told = []
    comes_at = 0
    for fact in facts:
        moved = _moved(fact, by)
        comes_at = max(comes_at, moved.at)
        told.append(_Told(comes_at, topic, moved))
    return told


def _moved(fact: Fact, by: int) -> Fact:
    match fact:
        case Order():
            return fact._replace(at=fact.at + by, created_at=fact.created_at + by)
        case BonusChange(expires_at=int(expires_at)):
            return fact._replace(at=fact.at + by, expires_at=expires_at + by)
        case _:
            return fact._replace(at=fact.at + by)


def _laid(random: Random, told: Iterable[_Told], partitions: int, poisoned_per_mille: int) -> Iterator[Laid]:
    ends: Counter[tuple[str, int]] = Counter()
    for one in told:
        is_poisoned = random.randrange(1000) < poisoned_per_mille
        for record in _poisoned(random, _record(one), partitions) if is_poisoned else [_record(one)]:
            partition = java_default(record.key or b"", partitions) if record.partition < 0 else record.partition
            place = (one.topic, partition)
            yield record._replace(partition=partition, offset=ends[place])
            ends[place] += 1


def _record(one: _Told) -> Laid:
    fact = one.fact
    if isinstance(fact, Invalid):
        source, value = record_of(WalletCall(fact.player, fact.at, "bet", *_NOT_SAID))
        value["action"] = "spoiled"
    else:
        source, value = record_of(fact)
    says = ENTRIES[source](value, fact.at).fact
    key = fact.player.encode()
    return Laid(one.topic, -1, 0, fact.at, key, CODEC.encode(source, value), says)


_NOT_SAID = ("t", None, "EUR", 0, 0, None, None, None, "g", "r", "game", None, False, False, None, True)


def _poisoned(random: Random, record: Laid, partitions: int) -> list[Laid]:
    """The record, and with it one that cannot be used; or the record lies where it must not."""
    strange = b"nobody"
    other = (java_default(record.key or b"", partitions) + 1) % partitions
    choices = [
        [record, record._replace(value=b"not Avro", says=Unfit("undecodable"))],
        [record, record._replace(value=record.value[:-1], says=Unfit("undecodable"))],
        [record, record._replace(value=b"\xc3\x01 unknown", says=Unfit("unknown-schema"))],
        [record, record._replace(key=strange, says=Unfit("wrong-key"))],
        [record, record._replace(key=None, partition=0, says=Unfit("wrong-key"))],
        [record._replace(partition=other, says=Unfit("wrong-key"))],
    ]
    if isinstance(record.says, Order):
        elsewhere = _Told(0, ORDERS, record.says._replace(casino_id=CASINO_OF_NOBODY))
        choices.append([_record(elsewhere), record])
    return random.choice(choices)
