"""The demo: sample players' histories through the player topology, on a real Kafka that ends with it."""

import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from topologies import player
from topologies.operations import components, json_files, running, sandbox, topics
from topologies.operations.load import Good, Loading, documents, shift_to
from topologies.operations.readable import Readable, Reading
from topologies.operations.running import Run
from topologies.operations.tap import Scope, records
from topologies.operations.topics import Size
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.sender import Sender
from topologies.runtime.names import own_topics
from topologies.runtime.task import Moment
from topologies.settings import Settings

SAMPLES = Path(__file__).parent / "samples"
PARTITIONS = 2
TOPICS = ("topic_orders", "topic_bonuses", "topic_calls", "topic_rates", "topic_events")
NEW_APP = "croupier-demo-"
"""How the names of what is made on a given cluster begin."""
ORIGIN = {"origin": "brand.com", "origin_by_casino": {"123": "brand.com"}}
"""What the samples need of the settings."""

Tell = Callable[[str], None]


class Story(NamedTuple):
    """One player's history in a file of the samples."""

    player: str
    title: str


STORIES = (
    Story("125917", "A deposit earns a welcome bonus. Bets wager it, and it is completed."),
    Story("230011", "A deposit is charged back, which costs its bonus."),
    Story("318822", "A withdrawal costs a bonus, is cancelled, and the bonus comes back."),
    Story("407733", "A bet is refunded, and a deposit in part."),
    Story("512244", "Three free spins, and what they won."),
    Story("600666", "A deposit of 10.005 EUR, which does not exist: a dead letter."),
)


class Shown(NamedTuple):
    """What came out."""

    events: list[Readable]
    dead_letters: list[Readable]


@contextmanager
def cluster(given: Settings) -> Iterator[Settings]:
    """Settings for the demo, with a cluster that ends with the block.

    On a given cluster nothing of anybody's is touched: all names are new, and stay.
    """
    with ExitStack() as held:
        running_sandbox = held.enter_context(sandbox.owned())
        state_dir = held.enter_context(tempfile.TemporaryDirectory(prefix="croupier-demo-"))
        values = {"bootstrap_servers": running_sandbox.bootstrap_servers, "state_dir": state_dir, **ORIGIN}
        if running_sandbox.way == "given":
            values |= {"kafka": given.kafka, **_new_names(f"{NEW_APP}{secrets.token_hex(3)}")}
        yield Settings.of(values, {})


def _new_names(app: str) -> dict[str, str]:
    return {"app": app, **{name: f"{app}.{Settings.model_fields[name].default}" for name in TOPICS}}


def play(settings: Settings, clock: Callable[[], Moment], tell: Tell) -> Shown:
    """Topics, samples, topology; then what the CRM would hear."""
    topology = components.topology(player.NAME, settings)
    size = Size(PARTITIONS, journal_ms=settings.rewind_window)
    made = topics.create(components.admin(settings), topology, settings.app, size)
    tell(f"{len(made)} topics")
    counts = load(settings, clock().wall_ms)
    tell(f"{counts} sample documents loaded, as if the newest had happened now")
    report = running.run(topology, settings, Run(drain=True), clock, threading.Event())
    tell(f"topology {topology.name}: {report.counts['records']} records in, {report.counts['events']} events out")
    return Shown(read(settings, settings.topic_events), read(settings, own_topics(settings.app).dead_letters))


def load(settings: Settings, now_ms: int) -> int:
    """Send the samples, all times moved so that the newest fact is now; how many documents."""
    names = components.input_topics(settings)
    with ExitStack() as opened:
        files = [(path.name, opened.enter_context(json_files.opened(str(path)))) for path in SAMPLES.glob("*.jsonl")]
        shift_ms = shift_to(now_ms, documents(files, names))
        sender = Sender(components.cluster(settings))
        loading = Loading(components.codec(settings), names, sender, now_ms, shift_ms)
        for document in documents(files, names):
            if isinstance(document, Good):
                loading.take(document)
        loading.finish()
    return loading.counts.total()


def read(settings: Settings, topic: str) -> list[Readable]:
    """All there is in a topic, in the order of its partitions."""
    reading = Reading(components.codec(settings), components.input_topics(settings))
    with closing(Reader(components.cluster(settings))) as reader:
        batches = records(components.admin(settings), reader, Scope(topic, "beginning", drain=True))
        return [reading.readable(*each) for batch in batches for each in batch]
