"""Workers that come, die, sleep and come back while others work and records flow."""

import shutil
import signal
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import histories
import law
import pytest
from samples import DAY

from processors.events import Event
from tests.integration import outputs
from tests.integration.crashing import Plan
from tests.integration.crowd import PLACES, Laid, crowd
from tests.integration.crowd_stage import (
    CLASSIC,
    CONSUMER,
    PARTITIONS,
    PATIENT,
    QUICK_TIMEOUT,
    SAYING,
    SEED,
    Sender,
    opened,
    played,
    wanted,
)
from tests.integration.installation import Installation, wait_until
from tests.integration.living import Living, River, living
from tests.integration.outputs import Written

Show = Callable[[str, object], None]

MEANWHILE = 16_000
"""Records that are there to flow; only as many do as it takes."""

DEATHS = (Plan("offsets sent", 3), Plan("committed", 3), Plan("restoring", 1), Plan("queued", 3))


@pytest.mark.parametrize("group", [CONSUMER, CLASSIC], ids=["consumer protocol", "classic protocol"])
def test_a_worker_that_dies_and_rejoins_under_its_name_while_records_flow_changes_nothing(
    group: Mapping[str, str], bootstrap_servers: str, app: str, tmp_path: Path, record_property: Show
) -> None:
    croupier = opened(bootstrap_servers, app, tmp_path, group, PATIENT, QUICK_TIMEOUT)
    river = River(croupier, crowd(SEED, MEANWHILE, PARTITIONS))
    fell = []

    with living(croupier, "steady") as steady:
        for plan in DEATHS:
            if plan.point == "restoring":
                # Of the tasks that it is given, its store may lack nothing: not its last commit's, nobody else's.
                river.flow_until(partial(has_rows_of_all_tasks, croupier))
                shutil.rmtree(croupier.state_dir / croupier.app / "frail")
            with living(croupier, "frail", plan) as frail:
                river.flow_until(partial(has_died, frail))
                assert -signal.SIGKILL == frail.process.returncode, frail.said()
                fell += frail.struck
        with living(croupier, "frail", Plan("committed", 3, "sleep")) as frail:
            river.flow_until(lambda: bool(frail.struck))
            frail.process.send_signal(signal.SIGCONT)
            frail.finish()
        steady.finish()
    croupier.drain()

    record_property("shown: where workers were struck down", "\n".join(map(croupier.plain, fell)))
    got = outputs.written(croupier)
    assert [] == outputs.differences(wanted(river.flowed), got), SAYING


HURRIED = {"CROUPIER_MAX_TASK_IDLE": "0s", "CROUPIER_EXPIRY_GRACE": "3650d"}
"""No input that is at its end is waited for: much is taken in the order of its arrival."""


def test_hurried_workers_that_die_keep_to_what_the_law_says_of_any_order_of_arrival(
    bootstrap_servers: str, app: str, tmp_path: Path, record_property: Show
) -> None:
    croupier = opened(bootstrap_servers, app, tmp_path, HURRIED, QUICK_TIMEOUT)
    river = River(croupier, in_bursts(Random(SEED), crowd(SEED, MEANWHILE, PARTITIONS, spread=DAY)))
    fell = []

    with living(croupier, "steady") as steady:
        for plan in (Plan("ending", 4), Plan("queued", 4)):
            with living(croupier, "frail", plan) as frail:
                river.flow_until(partial(has_died, frail))
                fell += frail.struck
        steady.finish()
    croupier.drain()

    record_property("shown: where workers were struck down", "\n".join(map(croupier.plain, fell)))
    got, in_time = outputs.written(croupier), wanted(river.flowed)
    assert outputs.differences(in_time, got), "all came in the order of time: that proves nothing"
    assert [] == [breach for said in by_player(got).values() for breach in law.broken(A_DAY, said)], SAYING
    assert independent(in_time) == independent(got), SAYING


def has_died(living: Living) -> bool:
    return not living.is_alive


def has_rows_of_all_tasks(croupier: Installation) -> bool:
    """Whether there is something to restore, whichever they are."""
    return len({row.partition for row in croupier.read(croupier.state_topic)}) == PARTITIONS


A_DAY = histories.one_story(Random(0), histories.STORIES[0])
"""A history within every retention, as all of the crowd's are."""


def in_bursts(random: Random, laid: Sequence[Laid]) -> list[Laid]:
    """Each topic in its own order, some of one and then some of another."""
    topics = [deque(record for record in laid if record.topic == topic) for topic in PLACES]
    order: list[Laid] = []
    while left := [topic for topic in topics if topic]:
        # The one with the most left, mostly: so none gets far ahead of the others.
        topic = max(left, key=len) if random.randrange(3) else random.choice(left)
        order += [topic.popleft() for _ in range(min(len(topic), random.choice([1, 20, 100])))]
    return order


def by_player(got: Mapping[int, Written]) -> dict[str, list[Event]]:
    events = defaultdict(list)
    for of in got.values():
        for event in of.events:
            events[event.user_id].append(event)
    return events


def independent(got: Mapping[int, Written]) -> dict[str, Any]:
    """What is the same in whatever order the topics come: payments and casino events, and what nobody can decode."""
    clauses = [clause for clause in law.SAME_EVENTS if clause.type != "BONUS"]
    events = {player: [law.told(said, clause) for clause in clauses] for player, said in by_player(got).items()}
    letters = sorted(
        (letter.kind, letter.cause) for of in got.values() for letter in of.letters if letter.reason is None
    )
    return {"events": {player: said for player, said in events.items() if any(said)}, "letters": letters}


HELD = "wait for an open transaction"


@pytest.mark.parametrize(
    ("group", "timeout", "is_in_time"),
    [
        pytest.param(CONSUMER, "40s", True, id="consumer protocol, committed after all"),
        pytest.param(CLASSIC, "40s", True, id="classic protocol, committed after all"),
        pytest.param(CONSUMER, "4s", False, id="consumer protocol, timed out"),
        pytest.param(CLASSIC, "4s", False, id="classic protocol, timed out"),
    ],
)
def test_a_commit_that_is_held_open_while_another_worker_recovers_counts_once_or_not_at_all(
    group: Mapping[str, str],
    timeout: str,
    *,
    is_in_time: bool,
    bootstrap_servers: str,
    app: str,
    tmp_path: Path,
    record_property: Show,
) -> None:
    """In time: its worker wakes up while the other one waits for it; else when the other one has done everything."""
    laid, all_wanted = played(SEED, 4_000)
    pace = {"CROUPIER_BATCH_RECORDS_MAX": "200", "CROUPIER_TRANSACTION_TIMEOUT": timeout}
    croupier = opened(bootstrap_servers, app, tmp_path, group, pace)
    Sender(croupier).send(laid)

    with living(croupier, "first", Plan("offsets sent", 6, "sleep"), is_drain=True) as first:
        wait_until(lambda: bool(first.struck))
        with living(croupier, "other", is_drain=True) as other:
            wait_until(lambda: HELD in other.said() if is_in_time else not other.is_alive)
            first.process.send_signal(signal.SIGCONT)
            wait_until(lambda: not other.is_alive)
            assert 0 == other.process.returncode, other.said()
        wait_until(lambda: not first.is_alive)
        assert 0 == first.process.returncode, first.said()

    record_property("shown: where workers were struck down", "\n".join(map(croupier.plain, first.struck)))
    got = outputs.written(croupier)
    assert [] == outputs.differences(all_wanted, got), SAYING
