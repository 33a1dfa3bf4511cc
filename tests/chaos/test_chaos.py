"""Two minutes of all that can go wrong, on three real brokers: nothing is lost, nothing comes twice, all goes on."""

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos import nemesis, report
from tests.chaos.cluster import Brokers
from tests.chaos.playing import Plan, ground, play
from tests.chaos.proxy import Api, Proxy, Rule
from topologies.runtime.errors import Unknown
from topologies.runtime.kafka.admin import Admin, TopicSpec
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.transactions import Transactions

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("chaos")]

MINUTES = 2.0
LONG_S = 60.0

Show = Callable[[str, object], None]
Ground = tuple[Brokers, Proxy, Path, float]


@pytest.fixture(scope="module")
def grounded() -> Iterator[Ground]:
    """A cluster behind a proxy, its directory, and when its start began."""
    began_s = time.monotonic()
    # A short path, which no other run has, and which goes away with this process however that ends.
    directory = Path(tempfile.gettempdir()) / f"croupier-chaos-{secrets.token_hex(4)}"
    with ground(directory) as (brokers, proxy):
        yield brokers, proxy, directory, began_s


def test_whatever_is_done_to_brokers_and_workers_the_outputs_are_what_the_processors_say(
    grounded: Ground, record_property: Show
) -> None:
    """Its time includes the start of the cluster. Another SEED, another run."""
    brokers, proxy, directory, began_s = grounded
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    told: list[str] = []
    plan = Plan(seed, MINUTES, nemesis.schedule(seed, is_short=True))
    run = play(plan, brokers, proxy, directory, told.append, began_s)

    record_property("shown: chaos", "\n".join([*told, *report.lines(run)]))
    assert ([], 0, 0) == tuple(run.verdict), f"SEED={seed} MINUTES={MINUTES:g} make chaos"


def test_a_commit_without_an_answer_is_given_up_before_the_client_asks_for_it_again(grounded: Ground, app: str) -> None:
    """The first request may come late: it must not find our next transaction under the same producer's epoch."""
    brokers, proxy, *_ = grounded
    Admin(Cluster(brokers.bootstrap_servers, {}, app)).create([TopicSpec(app, 1, 3, {})])
    cluster = Cluster(brokers.proxied_servers, {"socket.timeout.ms": "1000"}, app)
    with closing(Transactions(cluster, app, timeout_s=3, clock=time.monotonic)) as transactions:
        while not transactions.init(1):
            pass
        transactions.begin()
        transactions.send_to((app, 0), b"key", b"value", [], time.time_ns() // 1_000_000)
        touched = proxy.touched
        proxy.apply(Rule(Api.END_TXN, LONG_S, hold_s=LONG_S, of=app))
        with pytest.raises(Unknown):
            transactions.commit()
        proxy.lift()

    assert 1 == proxy.touched - touched
