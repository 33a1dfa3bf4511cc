"""Records that cannot be processed end as dead letters that say why, and the stream goes on."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration import foreign
from tests.integration.installation import Installation, counts, errors
from tests.integration.poison_cases import CASES, NO_KEY, PLAYER, Raw
from tests.integration.records import Outgoing, Record
from tests.integration.sources import DAY_S, Document, at, bet, rate, sent
from topologies.runtime.partitioning import java_default
from topologies.schemas import CALLS
from topologies.units import instant_text

SETTINGS = {
    "CROUPIER_ORIGIN_BY_CASINO": "123=www.brand.com",
    "CROUPIER_ORIGIN_BY_CURRENCY": "EUR=www.brand.com,GBP=www.brand.com,JPY=www.brand.com,USD=www.brand.com",
}
PARTITIONS = 2
CASE_S = 60
"""From the beginning of a case to that of the next; each has a player of its own."""

AHEAD_MS = 2 * 3600 * 1000

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


def test_a_header_whose_name_is_no_text_costs_the_headers_and_nothing_else(
    bootstrap_servers: str, app: str, tmp_path: Path
) -> None:
    installation = Installation(bootstrap_servers, app, tmp_path, SETTINGS)
    installation.create_topics()
    before, good, after = (sent(bet("player", name, number)) for number, name in enumerate(("before", "good", "after")))
    installation.send([before])
    for value in (b"no Avro", good.value or b""):
        foreign.send(bootstrap_servers, installation.topic(CALLS), b"player", value, b"\xff\xfe")
    installation.send([after])

    ended = installation.drain()

    assert {"dead-letter-undecodable": 1, "records": 4}.items() <= ended.items()
    [letter] = installation.read(installation.dead_letter_topic)
    assert (b"no Avro", True) == (letter.value, "source.unreadable-headers" in letter.headers)
    assert 4 == len(installation.must("tap", installation.topic(CALLS), "--from-start", "--drain").splitlines())
    assert "1 dead letter" in installation.croupier("deadletters", "replay", "--all").stderr


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
