"""Dead letters are sent again exactly once: by whom and how often it is tried, and whoever dies meanwhile."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from tests.integration.conftest import now
from tests.integration.house import PARTITIONS, House
from tests.integration.installation import wait_until
from tests.integration.records import Record, read
from tests.integration.sources import DAY_S, at, bet, rate, sent
from topologies import configuration
from topologies.operations import components, posting, running
from topologies.operations.running import Run
from topologies.runtime import taking_over
from topologies.runtime.errors import Fenced, Unknown
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.letters import letter, replaying, retrying
from topologies.runtime.letters.letter import Letter
from topologies.runtime.letters.replaying import Post, Replaying
from topologies.runtime.worker import Report
from topologies.schemas import CALLS
from topologies.settings import Settings

pytestmark = pytest.mark.xdist_group("dead-letters")

LETTERS = 30
NUMBER = 1
"""The partition of the one player."""

PLAYER = "anna"


@pytest.fixture
def house(bootstrap_servers: str, state_dir: str) -> House:
    """Some bets of one player are dead letters, because there is no rate."""
    house = House(bootstrap_servers, str(state_dir))
    house.send(*(sent(bet(PLAYER, f"b{number}", number, currency="USD")) for number in range(LETTERS)))
    house.drain()
    return house


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many transactions, and many looks."""
    monkeypatch.setattr(replaying, "LETTERS_MAX", 4)
    monkeypatch.setattr(retrying, "LOOK_MAX", 7)


def settings(house: House, **flags: str) -> Settings:
    return configuration.read(flags, house.environment, None, {})


def post(house: House, transactions: type[Transactions] = Transactions) -> Post:
    given = settings(house)
    cluster = components.cluster(given)
    made = posting.post(given, [house.topic(CALLS)], cluster, components.admin(given), now, lambda: False)
    return made._replace(
        transactions=lambda number: transactions(
            cluster, posting.transactional_id(house.app, number), timeout_s=10, clock=lambda: now().steady_s
        )
    )


def anything(_: Letter) -> bool:
    return True


def replay(post: Post) -> list[str]:
    """Replay all of the player's partition; the problems."""
    with closing(Replaying(post, NUMBER, "somebody", 0)) as each:
        return [outcome.problem for outcome in each.replay(anything) if outcome.problem]


def attempts(house: House) -> Mapping[bytes, int]:
    """How often each record was sent to its input, by its bytes."""
    return Counter(each.value or b"" for each in house.read(CALLS))


def each_once(house: House) -> bool:
    """Each record was sent once by its source, and once again."""
    return set(attempts(house).values()) == {2} and len(attempts(house)) == LETTERS


def letters(house: House) -> list[Record]:
    """What the runtime has written to the dead-letter topic."""
    return [each for each in read(house.servers, house.letters) if "dead-letter.class" in each.headers]


def told(house: House) -> list[str]:
    """The bets that the CRM was told of."""
    return [each.headers["event-id"].decode().rpartition("/")[2] for each in house.read("crm.events")]


BETS = [f"b{number}" for number in range(LETTERS)]


def test_the_second_of_two_who_replay_goes_on_where_the_first_one_stopped(house: House) -> None:
    one, other = (Replaying(post(house), NUMBER, by, 0) for by in ("one", "other"))
    with closing(one) as first, closing(other) as second:
        firsts, seconds = first.replay(anything), second.replay(anything)
        done = [next(firsts)]
        done += [next(seconds)]
        with pytest.raises(Fenced):
            list(firsts)
        done += seconds

    assert each_once(house)
    assert LETTERS - len(done) == replaying.LETTERS_MAX - 1


def test_two_who_replay_at_once_by_the_command_line(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    others: list[Transactions] = []

    class Slow(Transactions):
        """Another one begins the same while our transaction is open."""

        def commit(self) -> None:
            if not others:
                others.append(post(house).transactions(NUMBER))
                while not others[0].init(1):
                    pass
            super().commit()

    monkeypatch.setattr(posting, "Transactions", Slow)
    code = house.croupier("deadletters", "replay", "--all")
    err = capsys.readouterr().err
    others[0].close()

    assert (1, 1) == (code, err.count("\n")), err
    assert err.startswith(f"croupier: somebody else replays dead letters of partition {NUMBER} now: ")
    assert 0 == house.croupier("deadletters", "replay", "--all")
    assert each_once(house)


class Meets(Transactions):
    """Is fenced a few times while it asks for its id, as by another one that asks at the same time."""

    met = 0

    def init(self, timeout_s: float) -> bool:
        kind = type(self)
        kind.met -= 1
        if kind.met >= 0:
            raise Unknown("fenced")
        return super().init(timeout_s)


def test_who_is_fenced_while_it_takes_over_asks_again_but_not_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Meets, "met", taking_over.ATTEMPTS_MAX)
    with pytest.raises(Fenced, match="again and again"):
        replay(post(house, Meets))

    monkeypatch.setattr(Meets, "met", taking_over.ATTEMPTS_MAX - 1)
    assert [] == replay(post(house, Meets))
    assert each_once(house)


def test_what_a_killed_one_has_left_open_was_never_sent(house: House) -> None:
    office = post(house)
    killed = office.transactions(NUMBER)
    while not killed.init(1):
        pass
    killed.begin()
    for each in office.letters.read(NUMBER, *office.letters.bounds(NUMBER)):
        assert isinstance(each, Letter)
        killed.send_to(*letter.again(each, "murmur2", PARTITIONS))
        killed.send_to((house.letters, NUMBER), *letter.note(each, "killed")[1:], now().wall_ms)

    assert [] == replay(office)
    killed.close()
    assert each_once(house)


class LosesAnAnswer(Transactions):
    """Whose commits, but for the last ones, are not answered; every other one took place."""

    lost = 0

    def commit(self) -> None:
        kind = type(self)
        kind.lost += 1
        if kind.lost > 4:
            super().commit()
            return
        if kind.lost % 2:
            super().commit()
        raise Unknown("nobody answers")


def test_an_unknown_end_is_looked_up_before_anything_is_sent_again(house: House) -> None:
    assert [] == replay(post(house, LosesAnAnswer))

    assert LosesAnAnswer.lost > 4
    assert each_once(house)


def test_a_rewind_across_a_replay_tells_nobody_anything_twice(house: House) -> None:
    house.load(rate("USD", "0.9", at(-DAY_S)))
    assert 0 == house.croupier("deadletters", "replay", "--all")
    house.drain()
    before = house.read("crm.events")

    assert 0 == house.croupier("rewind", "--partition", NUMBER, "--to-earliest", "--execute", "--yes")
    house.drain()
    assert 0 == house.croupier("deadletters", "replay", "--all")
    house.drain()

    assert (BETS, before) == (told(house), house.read("crm.events"))
    assert each_once(house)


@contextmanager
def working(house: House, **flags: str) -> Iterator[None]:
    """A worker in a thread of its own."""
    given, stop = settings(house, **flags), threading.Event()
    topology = components.topology("player", given)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(running.run, topology, given, Run(), now, stop)
        try:
            yield
        finally:
            stop.set()
            report: Report = done.result()
    assert [] == report.halted


def test_a_worker_replays_what_lacked_a_rate_when_the_rate_has_come(house: House) -> None:
    with working(house):
        house.send(sent(bet(PLAYER, "in pounds", LETTERS, currency="GBP")))
        wait_until(lambda: len(letters(house)) > LETTERS)
        house.load(rate("GBP", "1.1", at(-DAY_S)))
        wait_until(lambda: told(house) != [])
        house.load(rate("USD", "0.9", at(-DAY_S)))
        wait_until(lambda: len(told(house)) > LETTERS)

    assert ["in pounds", *BETS] == told(house)
    assert [2] * (LETTERS + 1) == list(attempts(house).values())


def test_a_worker_replays_what_has_got_its_rate_while_none_was_there(house: House) -> None:
    house.load(rate("USD", "0.9", at(-DAY_S)))

    with working(house):
        wait_until(lambda: len(told(house)) >= LETTERS)

    assert BETS == told(house)
    assert each_once(house)


def test_a_worker_gives_up_after_so_many_attempts(house: House) -> None:
    assert 0 == house.croupier("deadletters", "replay", "--all")
    house.send(sent(bet(PLAYER, "in its first", LETTERS, currency="USD")))
    house.drain()
    house.load(rate("USD", "0.9", at(-DAY_S)))

    with working(house, dead_letter_retries="1"):
        wait_until(lambda: told(house) != [])
    house.drain()

    assert ["in its first"] == told(house)


def test_workers_and_people_at_the_same_time_send_each_once(house: House) -> None:
    def tool() -> None:
        while not each_once(house):
            house.croupier("deadletters", "replay", "--class", "missing-rate")

    with working(house), working(house, instance="other", state_dir=f"{house.environment['CROUPIER_STATE_DIR']}-2"):
        house.load(rate("USD", "0.9", at(-DAY_S)))
        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(tool) for _ in range(2)]
            for each in done:
                each.result(60)
        wait_until(lambda: len(told(house)) >= LETTERS)

    assert BETS == told(house)
    assert each_once(house)
