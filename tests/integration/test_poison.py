"""Records that cannot be processed end as dead letters that say why, and the stream goes on."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.installation import Installation, Outgoing, Record, counts, errors
from tests.integration.sources import DAY_S, Document, at, avro, bet, change, order, rate, sent
from topologies.runtime.partitioning import java_default
from topologies.schemas import CALLS
from topologies.units import instant_text

pytestmark = pytest.mark.xdist_group("poison")

SETTINGS = {
    "CROUPIER_ORIGIN_BY_CASINO": "123=www.brand.com",
    "CROUPIER_ORIGIN_BY_CURRENCY": "EUR=www.brand.com,GBP=www.brand.com,JPY=www.brand.com,USD=www.brand.com",
}
PARTITIONS = 2
CASE_S = 60
"""From the beginning of a case to that of the next; each has a player of its own."""

NO_KEY = b"\0no key"
AHEAD_MS = 2 * 3600 * 1000


class Raw(NamedTuple):
    """The value of a record, in the place of a wallet call."""

    value: bytes | None


class Past(NamedTuple):
    """Good records, and what the CRM is told of them."""

    records: Sequence[Document] = ()
    told: Sequence[str] = ()


class Case(NamedTuple):
    """What befalls one player between two good bets.

    `dead` is the class and the reason of the dead letter; without one the record is dropped, and counted
    under `dropped`.
    """

    poison: Document | Raw
    dead: tuple[str, str] | None = None
    dropped: str = ""
    past: Past = Past()
    key: bytes | None = None
    """Instead of the player's; `NO_KEY` for none."""
    wrong_partition: bool = False
    ahead: bool = False
    """Whether its timestamp is two hours from now."""


PLAYER = "~"
"""Stands for the case's own player; second 0 is when the poison comes."""


def bets(**request: object) -> Document:
    return bet(PLAYER, "poison", 0, **request)


def orders(**fields: object) -> Document:
    return order(PLAYER, "o1", 0, **fields)


def changes(**fields: object) -> Document:
    return change(PLAYER, "b1", 0, **fields)


BET = Past([bet(PLAYER, "poison", -5)], ["casino/debit/poison"])
APPROVED = Past([order(PLAYER, "o1", -5)], ["payment/o1/Approved"])
CREATED = Past([change(PLAYER, "b1", -5)], ["bonus/b1/0/Created"])
COMPLETED = Past(
    [
        change(PLAYER, "b1", -5, type="WagerFree"),
        change(PLAYER, "b1", -4, type="WagerFree", status="Completed"),
    ],
    ["bonus/b1/0/Created", "bonus/b1/0/Completed"],
)

POISON = {
    "bytes without a framing": Case(
        Raw(b"\1\2"), ("undecodable", "the value does not begin with a schema id or a fingerprint")
    ),
    "a value that was cut off": Case(
        Raw(avro(bets())[:-3]), ("undecodable", "the value ends too early, or is of another schema")
    ),
    "bytes behind the value": Case(Raw(avro(bets()) + b"\0"), ("undecodable", "bytes are left over after the value")),
    "no value": Case(Raw(None), ("undecodable", "the record has no value")),
    "a bonus among the wallet calls": Case(
        Raw(avro(changes())), ("undecodable", "the writer's schema does not fit: answered_at is missing")
    ),
    "a fingerprint that nobody knows": Case(
        Raw(b"\xc3\1" + b"\1" * 8), ("unknown-schema", "no schema has the fingerprint 0101010101010101")
    ),
    "an id where no registry is set": Case(
        Raw(b"\0\0\0\0\7abc"), ("unknown-schema", "schema id 7, but no schema registry is set")
    ),
    "the key of somebody else": Case(bets(), ("wrong-key", "the record's key is not its player"), key=b"somebody"),
    "no key": Case(bets(), ("wrong-key", "the record's key is not its player"), key=NO_KEY),
    "Rebilly's own player id as key": Case(
        orders(), ("wrong-key", "the record's key is not its player"), key=f"123_{PLAYER}".encode()
    ),
    "the partition of somebody else": Case(
        bets(), ("wrong-key", "the record's partition is not its key's"), wrong_partition=True
    ),
    "half a cent of EUR": Case(
        orders(OrderAmount="10.005"),
        ("invalid", "OrderAmount: amount is not a whole number of minor units: `10.005` EUR"),
    ),
    "one and a half yen": Case(
        bets(amount=150, currency="JPY"),
        ("invalid", "amount: amount is not a whole number of minor units: 150 hundredths JPY"),
    ),
    "a negative amount": Case(changes(amount="-1.00"), ("invalid", "amount: amount is negative: `-1.00`")),
    "more bonus money than was bet": Case(
        bets(bonus_bet=200), ("invalid", "bonus_bet is larger than amount: 200 hundredths EUR")
    ),
    "U+0000 in an id": Case(bets(transaction_id="a\0b"), ("invalid", "an id holds U+0000")),
    "an empty id": Case(bets(transaction_id=""), ("invalid", "transaction_id is missing")),
    "an unknown action": Case(bets(action="tip"), ("invalid", "action is unknown: `tip`")),
    "an unknown kind of order": Case(orders(Kind="gift"), ("invalid", "Kind is unknown: `gift`")),
    "an unknown status of a bonus": Case(changes(status="Paused"), ("invalid", "status is unknown: `Paused`")),
    "a currency that changes": Case(
        orders(OrderCurrency="GBP"), ("invalid", "currency changed from EUR to GBP"), past=APPROVED
    ),
    "a casino without an origin": Case(
        orders(CasinoID="999", PlayerID=PLAYER), ("unmapped-origin", "casino has no origin: `999`")
    ),
    "a currency without an origin": Case(bets(currency="SEK"), ("unmapped-origin", "currency has no origin: `SEK`")),
    "no rate": Case(bets(currency="USD"), ("missing-rate", f"no rate of USD at {at(0)}")),
    "a rate that begins later": Case(orders(OrderCurrency="JPY"), ("missing-rate", f"no rate of JPY at {at(0)}")),
    "an unknown status of an order": Case(
        orders(Status="teleported"), ("unknown-combination", "unknown combination: deposit teleported/approved")
    ),
    "an unknown result of an order": Case(
        orders(Result="martian"), ("unknown-combination", "unknown combination: deposit completed/martian")
    ),
    "a deposit's status of a payout": Case(
        orders(Kind="payout", Status="waiting-capture", Result=None),
        ("unknown-combination", "unknown combination: withdrawal waiting-capture/unknown"),
    ),
    "a payment declined after it was approved": Case(
        orders(Status="pending", Result="declined"),
        ("illegal-transition", "pending/declined after Approved"),
        past=APPROVED,
    ),
    "a bonus lost before it was there": Case(changes(status="Lost"), ("illegal-transition", "Lost after nothing")),
    "a bonus forfeited after it was completed": Case(
        changes(status="Forfeited", type="WagerFree"),
        ("illegal-transition", "Forfeited after Completed"),
        past=COMPLETED,
    ),
    "a time that is yet to come": Case(bets(), ("invalid", "its timestamp is more than an hour ahead"), ahead=True),
}

PRECEDENCE = {
    "undecodable before wrong-key": Case(
        Raw(b"\1\2"), ("undecodable", "the value does not begin with a schema id or a fingerprint"), key=NO_KEY
    ),
    "undecodable before a time to come": Case(
        Raw(b"\1\2"), ("undecodable", "the value does not begin with a schema id or a fingerprint"), ahead=True
    ),
    "unknown-schema before wrong-key": Case(
        Raw(b"\xc3\1" + b"\1" * 8),
        ("unknown-schema", "no schema has the fingerprint 0101010101010101"),
        key=b"somebody",
    ),
    "wrong-key before a time to come": Case(
        bets(), ("wrong-key", "the record's key is not its player"), key=b"somebody", ahead=True
    ),
    "wrong-key before too old": Case(
        bet(PLAYER, "poison", -8 * DAY_S), ("wrong-key", "the record's key is not its player"), key=b"somebody"
    ),
    "wrong-key before invalid": Case(
        bets(action="tip"), ("wrong-key", "the record's key is not its player"), key=b"somebody"
    ),
    "too old before invalid: a bet": Case(bet(PLAYER, "poison", -8 * DAY_S, action="tip"), dropped="calls-too-old"),
    "too old before invalid: a bonus": Case(
        change(PLAYER, "b1", -8 * DAY_S, status="Paused"), dropped="bonuses-too-old"
    ),
    "too old before invalid: an order": Case(order(PLAYER, "o1", -181 * DAY_S, Kind="gift"), dropped="orders-too-old"),
    "too old before unmapped-origin": Case(bet(PLAYER, "poison", -8 * DAY_S, currency="SEK"), dropped="calls-too-old"),
    "too old before missing-rate": Case(change(PLAYER, "b1", -8 * DAY_S, currency="USD"), dropped="bonuses-too-old"),
    "invalid before unmapped-origin": Case(
        orders(CasinoID="999", PlayerID=PLAYER, Kind="gift"), ("invalid", "Kind is unknown: `gift`")
    ),
    "invalid before late": Case(
        order(PLAYER, "o1", -9, OrderCurrency="GBP", CreatedTime=at(-5)),
        ("invalid", "currency changed from EUR to GBP"),
        past=APPROVED,
    ),
    "invalid before missing-rate": Case(
        bets(currency="USD", bonus_bet=200), ("invalid", "bonus_bet is larger than amount: 200 hundredths USD")
    ),
    "invalid before unknown-combination": Case(
        orders(Kind="gift", Status="teleported"), ("invalid", "Kind is unknown: `gift`")
    ),
    "unmapped-origin before a repeat": Case(
        bets(currency="SEK"),
        ("unmapped-origin", "currency has no origin: `SEK`"),
        past=BET,
    ),
    "unmapped-origin before late": Case(
        order(PLAYER, "o1", -9, CasinoID="999", PlayerID=PLAYER, CreatedTime=at(-5)),
        ("unmapped-origin", "casino has no origin: `999`"),
        past=APPROVED,
    ),
    "unmapped-origin before missing-rate": Case(
        changes(currency="SEK"), ("unmapped-origin", "currency has no origin: `SEK`")
    ),
    "unmapped-origin before unknown-combination": Case(
        orders(CasinoID="999", PlayerID=PLAYER, Status="teleported"),
        ("unmapped-origin", "casino has no origin: `999`"),
    ),
    "a repeat before missing-rate": Case(
        bets(currency="USD"),
        dropped="calls-repeated",
        past=BET,
    ),
    "late before unknown-combination": Case(
        order(PLAYER, "o1", -9, Status="teleported", CreatedTime=at(-5)), dropped="orders-late", past=APPROVED
    ),
    "late before illegal-transition: a payment": Case(
        order(PLAYER, "o1", -9, Status="pending", Result="declined", CreatedTime=at(-5)),
        dropped="orders-late",
        past=APPROVED,
    ),
    "late before illegal-transition: a bonus": Case(
        change(PLAYER, "b1", -9, status="Reversed"), dropped="bonuses-late", past=CREATED
    ),
    "missing-rate before unknown-combination": Case(
        orders(OrderCurrency="USD", Status="teleported"), ("missing-rate", f"no rate of USD at {at(0)}")
    ),
    "missing-rate before illegal-transition": Case(
        changes(currency="USD", status="Lost"), ("missing-rate", f"no rate of USD at {at(0)}")
    ),
}
"""Records with two things wrong, each pair that can come together: which is named?"""

CASES = dict(sorted({**POISON, **PRECEDENCE}.items(), key=lambda item: item[1].ahead))
"""What is to come lies behind what was: an input is taken in its own order."""

PLAYERS = {name: f"p{number}" for number, name in enumerate(CASES)}

DEAD = [name for name, case in CASES.items() if case.dead]


class Aftermath(NamedTuple):
    """What one run over all cases has left: dead letters by case, event ids by player."""

    installation: Installation
    sent: Mapping[str, tuple[Outgoing, tuple[int, int]]]
    letters: Mapping[str, Record]
    told: Mapping[str, Sequence[str]]
    counts: Mapping[str, int]
    began_ms: int


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def records(name: str) -> Iterator[Outgoing]:
    """One case, from the bet before to the bet after; the poison is the last but one."""
    case, player, later_s = CASES[name], PLAYERS[name], CASE_S * list(CASES).index(name)

    def of_player(document: Document) -> Document:
        return json.loads(json.dumps(document).replace(PLAYER, player))  # type: ignore[no-any-return]

    for document in (bet(player, "before", -10), *map(of_player, case.past.records)):
        yield sent(document, later_s)
    if isinstance(case.poison, Raw):
        poison = sent(bet(player, "poison", 0), later_s)._replace(value=case.poison.value)
    else:
        poison = sent(of_player(case.poison), later_s)
    key = str(poison.key).encode() if case.key is None else case.key.replace(PLAYER.encode(), player.encode())
    yield Outgoing(
        poison.topic,
        None if key == NO_KEY else key,
        poison.value,
        now_ms() + AHEAD_MS if case.ahead else poison.timestamp,
        [("case", name.encode()), ("trace", b"\0\xff")],
        java_default(key, PARTITIONS) ^ case.wrong_partition,
    )
    yield sent(bet(player, "after", 10), later_s)


@pytest.fixture(scope="module")
def aftermath(bootstrap_servers: str, tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    app, directory = f"t{secrets.token_hex(5)}", tmp_path_factory.mktemp("poison")
    installation = Installation(bootstrap_servers, app, directory, SETTINGS)
    installation.create_topics(PARTITIONS)
    # As in a topic that somebody else has made: ours do not take such records at all.
    installation.configure([CALLS], {"message.timestamp.after.max.ms": str(2 * AHEAD_MS)})
    rates = [rate("GBP", "1.12", at(-DAY_S)), rate("JPY", "0.006", at(DAY_S)), rate("USD", "1.1", at(DAY_S))]
    installation.must("load", "-", stdin=json.dumps(rates))
    outgoing = [(name, record) for name in CASES for record in records(name)]
    placed = zip(outgoing, installation.send(record for _, record in outgoing), strict=True)
    began_ms = now_ms()
    counts = installation.drain()
    told: dict[str, list[str]] = {}
    for event in installation.events():
        told.setdefault(event["key"], []).append(event["headers"]["event-id"])
    letters = installation.read(installation.dead_letter_topic)
    return Aftermath(
        installation,
        {name: (record, place) for (name, record), place in placed if record.headers},
        {letter.headers["source.case"].decode(): letter for letter in letters},
        told,
        counts,
        began_ms,
    )


@pytest.mark.parametrize("name", DEAD)
def test_a_poisonous_record_becomes_a_dead_letter_that_says_why(aftermath: Aftermath, name: str) -> None:
    letter, (source, (partition, offset)) = aftermath.letters[name], aftermath.sent[name]
    reason = CASES[name].dead or ("", "")
    first_seen = int(letter.headers.pop("dead-letter.first-seen"))

    assert (partition, source.key, source.value) == (letter.partition, letter.key, letter.value)
    assert {
        "dead-letter.class": reason[0],
        "dead-letter.reason": reason[1].replace(at(0), instant_text(source.timestamp)),
        "dead-letter.topic": aftermath.installation.topic(source.topic),
        "dead-letter.partition": str(partition),
        "dead-letter.offset": str(offset),
        "dead-letter.timestamp": str(source.timestamp),
        "dead-letter.attempt": "1",
        "source.case": name,
        "source.trace": "\0\xff",
    } == {header: value.decode("latin-1") for header, value in letter.headers.items()}
    assert aftermath.began_ms <= first_seen <= now_ms()


@pytest.mark.parametrize("name", CASES)
def test_the_stream_goes_on_around_it(aftermath: Aftermath, name: str) -> None:
    assert ["casino/debit/before", *CASES[name].past.told, "casino/debit/after"] == aftermath.told[PLAYERS[name]]


def test_nothing_else_becomes_a_dead_letter(aftermath: Aftermath) -> None:
    assert set(DEAD) == set(aftermath.letters)


def test_the_end_of_the_run_prints_how_many_of_each_class_and_how_many_were_dropped(aftermath: Aftermath) -> None:
    expected = Counter(f"dead-letter-{case.dead[0]}" if case.dead else case.dropped for case in CASES.values())
    expected["records"] = sum(3 + len(case.past.records) for case in CASES.values())
    expected["events"] = sum(2 + len(case.past.told) for case in CASES.values())
    others = {"commits", "rows-collected"}

    assert expected == {name: count for name, count in aftermath.counts.items() if name not in others}


def test_a_dead_letter_of_a_missing_rate_can_be_sent_again_once_the_rate_is_there(
    bootstrap_servers: str, app: str, tmp_path: Path
) -> None:
    installation = Installation(bootstrap_servers, app, tmp_path, SETTINGS)
    installation.create_topics()
    first = sent(bet("player", "b1", 0, currency="USD"))
    again = first._replace(
        headers=[("dead-letter.first-seen", b"1566655200000"), ("dead-letter.attempt", b"2"), ("trace", b"x")]
    )

    installation.send([first, again])
    before = installation.drain()
    installation.must("load", "-", stdin=json.dumps(rate("USD", "0.9", at(-1))))
    installation.send([again])
    after = installation.drain()

    assert (2, 0) == (before["dead-letter-missing-rate"], after.get("dead-letter-missing-rate", 0))
    kept = {"dead-letter.first-seen": b"1566655200000", "dead-letter.attempt": b"2", "source.trace": b"x"}
    letter = installation.read(installation.dead_letter_topic)[1]
    assert kept == {name: letter.headers.get(name) for name in kept}
    assert [] == [name for name in letter.headers if name.startswith("source.dead-letter")]
    assert [("casino/debit/b1", 0.9)] == [
        (event["headers"]["event-id"], event["value"]["exchange_rate"]) for event in installation.events()
    ]


BUG = """
import dataclasses, sys

import cli
from topologies.operations import components

built = components.TOPOLOGIES["player"]

def with_a_bug(settings, codec):
    topology = built(settings, codec)
    def step(rows, fact, cause, time, tables):
        result = topology.step(rows, fact, cause, time, tables)
        if getattr(fact, "call_id", "") == "unlucky":
            raise KeyError(f"what the source has said: {fact.game_name}")
        return result
    return dataclasses.replace(topology, step=step)

components.TOPOLOGIES = {"player": with_a_bug}
cli.main(sys.argv[1:])
"""


def test_a_bug_leaves_the_players_state_as_it_was(bootstrap_servers: str, app: str, tmp_path: Path) -> None:
    installation = Installation(bootstrap_servers, app, tmp_path, SETTINGS)
    installation.create_topics()
    unlucky = sent(bet("player", "unlucky", 1, game_name="secret"))
    installation.send([sent(bet("player", "before", 0)), unlucky, sent(bet("player", "after", 2))])

    done = installation.python("-c", BUG, "run", "player", "--drain")

    assert (0, "") == (done.returncode, errors(done.stderr))
    assert {"records": 3, "events": 2, "dead-letter-bug": 1}.items() <= counts(done.stdout).items()
    assert ["casino/debit/before", "casino/debit/after"] == installation.event_ids("player")
    [letter] = installation.read(installation.dead_letter_topic)
    assert (unlucky.value, b"bug") == (letter.value, letter.headers["dead-letter.class"])
    # Not its text, which may quote what the source has sent.
    assert b"KeyError at <string>:14" == letter.headers["dead-letter.reason"]

    installation.send([unlucky])
    healthy = installation.drain()

    assert {"records": 1, "events": 1}.items() <= healthy.items()
    assert ["before", "after", "unlucky"] == [
        each.removeprefix("casino/debit/") for each in installation.event_ids("player")
    ]
