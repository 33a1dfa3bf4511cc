"""`croupier deadletters` as an operator uses it: look, replay once, look again."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.conftest import now
from tests.integration.house import PARTITIONS, House
from tests.integration.records import Outgoing, configure, send
from tests.integration.sources import START, at, at_ms, bet, order, rate, sent
from topologies.graph import Message, Timer, Waited
from topologies.operations.commands import deadletters
from topologies.runtime import dead_letters
from topologies.runtime.dead_letters import Verdict
from topologies.runtime.partitioning import java_default
from topologies.schemas import CALLS, ORDERS
from topologies.units import instant

pytestmark = pytest.mark.xdist_group("commands-deadletters")

Told = Callable[..., tuple[int, str, str]]
Listed = dict[str, Any]

NOTE = "what only the source should know"


@pytest.fixture(scope="module")
def history(bootstrap_servers: str, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Some dead letters of each kind of trouble; only what is looked at."""
    house = House(bootstrap_servers, str(tmp_path_factory.mktemp("state")))
    house.send(
        sent(bet("anna", "in dollars", 0, currency="USD"))._replace(headers=[("trace", b"x\x1b[2J")]),
        sent(order("bert", "o1", 1, OrderAmount="10.005")),
        sent(bet("carl", "in crowns", 2, currency="SEK", note=NOTE)),
        Outgoing(CALLS, None, b"\xff", at_ms(3), partition=0),
    )
    house.drain()
    return house


@pytest.fixture
def house(bootstrap_servers: str, state_dir: str) -> House:
    return House(bootstrap_servers, str(state_dir))


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command of a house; exit code, output, what it says."""

    def run(house: House, *arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = house.croupier(*arguments)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def listed(told: Told) -> Callable[..., list[Listed]]:
    """The lines of a list."""

    def run(house: House, *arguments: object) -> list[Listed]:
        code, out, _ = told(house, "deadletters", "list", "--format", "jsonl", *arguments)
        assert 0 == code
        return [json.loads(line) for line in out.splitlines()]

    return run


def plain(house: House, text: str) -> str:
    return text.replace(f"{house.app}.", "")


def test_a_list_says_of_each_letter_what_it_is_and_whether_it_is_open(
    history: House, listed: Callable[..., list[Listed]]
) -> None:
    found = listed(history)

    assert sorted(["missing-rate", "invalid", "unmapped-origin", "undecodable"]) == sorted(
        each["class"] for each in found
    )
    [dollars] = [each for each in found if each["class"] == "missing-rate"]
    number = java_default(b"anna", PARTITIONS)
    assert {
        "letter": dollars["letter"],
        "state": "open",
        "class": "missing-rate",
        "reason": f"no rate of USD at {START}",
        "player": "anna",
        "written": dollars["written"],
        "first_seen": dollars["first_seen"],
        "attempt": 1,
        "source": f"{history.topic(CALLS)}/{number}/0",
        "timestamp": START,
        "form": "record",
        "replayed": None,
    } == dollars


def test_a_table_fits_into_80_columns(history: House, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, said = told(history, "deadletters", "list", "--format", "table", "--player", "bert")

    lines = plain(history, out).splitlines()
    assert 80 >= max(map(len, out.splitlines()))
    assert ["LETTER    PLAYER    WRITTEN        STATE    CLASS"] == lines[:1]
    assert ["bert", "open", "invalid"] == [lines[1].split()[at] for at in (1, 4, 5)]
    below = "rebilly.orders/1/0: OrderAmount: amount is not a whole number of minor units: `10.005` EUR"
    assert below == " ".join(" ".join(lines[2:]).split())
    assert "1 dead letter (1 invalid): 1 open, 0 replayed\n" == said


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["--class", "missing-rate,invalid"], ["invalid", "missing-rate"]),
        (["--player", "carl"], ["unmapped-origin"]),
        (["--player", "nobody"], []),
        (["--topic", "ORDERS"], ["invalid"]),
        (["--since", "1h"], ["invalid", "missing-rate", "undecodable", "unmapped-origin"]),
        (["--until", "1h"], []),
        (["--state", "replayed"], []),
        (["--partition", "0", "--class", "undecodable"], ["undecodable"]),
        (["--partition", "1", "--class", "undecodable"], []),
    ],
    ids=" ".join,
)
def test_filters_choose(
    history: House, listed: Callable[..., list[Listed]], filters: list[str], expected: list[str]
) -> None:
    given = [history.topic(ORDERS) if each == "ORDERS" else each for each in filters]

    assert expected == sorted(each["class"] for each in listed(history, *given))


def test_one_letter_is_shown_with_what_the_source_sent_and_what_to_do(
    history: House, told: Told, listed: Callable[..., list[Listed]]
) -> None:
    [dollars] = listed(history, "--class", "missing-rate")

    _, text, _ = told(history, "deadletters", "show", dollars["letter"])
    _, line, _ = told(history, "deadletters", "show", dollars["letter"], "--format", "json")

    assert ["advice      load the rate. workers then replay it by themselves, as often as"] == [
        each for each in text.splitlines() if each.startswith("advice")
    ]
    assert "header      trace: x [2J\n" in text
    shown = json.loads(line)
    assert (dollars, "in dollars") == (
        {name: shown[name] for name in dollars},
        shown["value"]["request"]["transaction_id"],
    )


def test_values_are_shown_one_by_one_only(history: House, told: Told, listed: Callable[..., list[Listed]]) -> None:
    [crowns] = listed(history, "--class", "unmapped-origin")

    assert [False, False, True] == [
        NOTE in told(history, "deadletters", *arguments)[1]
        for arguments in (["list"], ["replay", "--all", "--dry-run"], ["show", crowns["letter"]])
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["replay"], 2, "say which: letters, filters, or --all for all that are open"),
        (["replay", "0/0", "--all"], 2, "say which: letters, filters, or --all for all that are open"),
        (["replay", "first"], 2, "`first` is no dead letter such as 2/17, its partition and offset"),
        (["replay", "7/0"], 1, "has 2 partitions, and no 7"),
        (["list", "--class", "mising-rate"], 2, "there is no class mising-rate: undecodable, unknown-schema"),
        (["list", "--since", "yesterday"], 2, "--since: `yesterday` is no time"),
        (["show", "0/12345"], 1, "there is no dead letter 0/12345: croupier deadletters list shows all"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_done_is_said_in_a_line(
    history: House, told: Told, arguments: list[str], code: int, expected: str
) -> None:
    got, out, said = told(history, "deadletters", *arguments)

    assert (code, "", 1) == (got, out, said.count("\n"))
    assert expected in said


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(history: House, told: Told) -> None:
    before = [len(history.read(name)) for name in (CALLS, ORDERS)]

    code, out, said = told(history, "deadletters", "replay", "--class", "missing-rate,invalid", "--dry-run")

    assert (0, "2 dead letters (1 invalid, 1 missing-rate) would be sent again\n") == (code, said)
    assert {"open"} == {json.loads(line)["state"] for line in out.splitlines()}
    assert before == [len(history.read(name)) for name in (CALLS, ORDERS)]


def test_many_are_not_sent_unasked(history: House, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadletters, "UNASKED_MAX", 2)

    code, _, said = told(history, "deadletters", "replay", "--since", "1h")

    assert (2, True) == (code, "this sends more than 2 dead letters again: --yes is needed" in said)


def test_a_record_is_sent_again_as_it_was_and_once(
    house: House, told: Told, listed: Callable[..., list[Listed]]
) -> None:
    first = sent(bet("anna", "in dollars", 0, currency="USD"))._replace(headers=[("trace", b"x"), ("none", b"")])
    house.send(first)
    house.drain()
    house.load(rate("USD", "0.9", at(-1)))

    answers = [told(house, "deadletters", "replay", "--class", "missing-rate") for _ in range(2)]

    assert [(0, "1 dead letter (1 missing-rate) sent again\n"), (0, "nothing to send\n")] == [
        (code, said) for code, _, said in answers
    ]
    source, again = house.read(CALLS)
    assert source._replace(offset=1, headers={}) == again._replace(headers={})
    seen = again.headers.pop("dead-letter.first-seen")
    assert {"trace": b"x", "none": b"", "dead-letter.attempt": b"2"} == again.headers
    [letter] = listed(house)
    assert ("replayed", int(seen)) == (letter["state"], instant(letter["first_seen"]))
    # It is written with its commit, a little after its record was refused.
    assert int(seen) <= instant(letter["written"])
    assert "@" in letter["replayed"]["by"]
    house.drain()
    assert [b"casino/debit/in dollars"] == [each.headers["event-id"] for each in house.read("crm.events")]
    assert ["replayed"] == [each["state"] for each in listed(house)]


def test_one_that_dies_again_is_a_letter_of_its_own_with_the_next_attempt(
    house: House, told: Told, listed: Callable[..., list[Listed]]
) -> None:
    house.send(sent(bet("carl", "in crowns", 0, currency="SEK")))
    house.drain()
    for _ in range(2):
        told(house, "deadletters", "replay", "--all")
        house.drain()

    assert [(1, "replayed"), (2, "replayed"), (3, "open")] == [
        (each["attempt"], each["state"]) for each in listed(house)
    ]
    assert 1 == len({each["first_seen"] for each in listed(house)})
    assert 3 == len({each["source"] for each in listed(house)})


def test_a_misplaced_record_goes_where_its_key_belongs(house: House, told: Told) -> None:
    right = java_default(b"anna", PARTITIONS)
    house.send(sent(bet("anna", "astray", 0))._replace(partition=1 - right))
    house.drain()

    told(house, "deadletters", "replay", "--class", "wrong-key")
    house.drain()

    assert {1 - right: b"", right: b"2"} == {
        each.partition: each.headers.get("dead-letter.attempt", b"") for each in house.read(CALLS)
    }
    assert [b"casino/debit/astray"] == [each.headers["event-id"] for each in house.read("crm.events")]


def unsendable(house: House) -> Iterator[tuple[str, Outgoing]]:
    """What is no record of an input, as the runtime writes it; and why it cannot be sent."""
    verdict, key = Verdict("illegal-transition", "why"), b"p"
    waited = dead_letters.of_waited(Waited(house.topic(CALLS), 0, 5, 0, key, b"{}"), verdict, 0)
    foreign = dead_letters.of_message(Message("old", 0, 5, 0, key, b"{}"), verdict, [], 0)
    timer = dead_letters.of_timer(0, Timer(7, "expiry", "p", "b"), verdict, 0)
    letters = {
        "the record had waited": waited,
        "it was no record, but a timer": timer,
        "old is no input of this application": foreign,
    }
    for reason, each in letters.items():
        yield reason, Outgoing(house.letters, each.key, each.value, now().wall_ms, each.headers, each.partition)


def test_what_cannot_be_sent_is_named_and_stays_open_and_the_rest_is_sent(
    house: House, told: Told, listed: Callable[..., list[Listed]]
) -> None:
    large = bet("anna", "large", 0, currency="SEK", note="x" * 5_000)
    house.send(sent(large), sent(bet("anna", "small", 1, currency="SEK")))
    house.drain()
    send(house.servers, [each for _, each in unsendable(house)])
    configure(house.servers, [house.topic(CALLS)], {"max.message.bytes": "2000"})

    code, out, said = told(house, "deadletters", "replay", "--all")

    assert (1, 1) == (code, len(out.splitlines()))
    problems = said.splitlines()
    assert ["1 dead letter (1 unmapped-origin) sent again", "croupier: 4 cannot be sent"] == problems[-2:]
    for reason, _ in unsendable(house):
        assert 1 == sum(reason in each for each in problems[:-2])
    assert 1 == sum("cannot be sent: " in each and "large" in each.lower() for each in problems[:-2])
    assert (4, 1) == (len(listed(house, "--state", "open")), len(listed(house, "--state", "replayed")))
    assert b"small" in (house.read(CALLS)[-1].value or b"")
