"""How long a record takes from its producer to a read_committed reader of the events."""

import sys
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from tests.bench.stage import Stage, running
from tests.bench.traffic import SESSION, record
from topologies.operations import components
from topologies.runtime.kafka.polled import headers
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.sender import Sender
from topologies.schemas import CALLS

RECORDS_PER_S = 500
SECONDS = 10
PLAYERS = 200
SETTLE_S = 5.0


class Spread(NamedTuple):
    """Of the records that became CASINO events."""

    p50_ms: float
    p99_ms: float


def measure(stage: Stage, croupier: list[str]) -> Spread:
    """Send records of all three kinds at a steady rate while a worker runs, and watch its events appear.

    Raises:
        SystemExit: none appeared, or the worker has ended.
    """
    stage.create()
    sent: dict[str, float] = {}
    waits: list[float] = []
    done = threading.Event()
    reader = Reader(components.cluster(stage.settings))
    reader.add({(stage.settings.topic_events, number): 0 for number in range(stage.partitions)})
    watching = threading.Thread(target=_watch, args=(reader, sent, waits, done))
    with running([*croupier, "run", "player"], stage.environment):
        time.sleep(SETTLE_S)
        watching.start()
        try:
            _send(stage, sent)
            time.sleep(2)
        finally:
            done.set()
            watching.join()
    if not waits:
        sys.exit(f"latency: {len(sent):,} wallet calls were sent to {stage.app}, and no CASINO event came of them")
    waits.sort()
    return Spread(waits[len(waits) // 2] * 1000, waits[len(waits) * 99 // 100] * 1000)


def _send(stage: Stage, sent: dict[str, float]) -> None:
    settings = stage.settings
    codec = components.codec(settings)
    by_source = components.input_topics(settings)
    sender = Sender(components.cluster(settings))
    began = time.monotonic()
    for number in range(RECORDS_PER_S * SECONDS):
        time.sleep(max(0.0, began + number / RECORDS_PER_S - time.monotonic()))
        round_, player = divmod(number, PLAYERS)
        session, place = divmod(round_, len(SESSION))
        made = record(codec, f"{stage.app}-{player}", session, place, time.time_ns() // 1_000_000)
        if made.source == CALLS:
            sent[f"{stage.app}-{player}-{session}-{place}"] = time.monotonic()
        sender.send(by_source[made.source], made.key, made.value, made.time)
    sender.flush()


def _watch(reader: Reader, sent: Mapping[str, float], waits: list[float], done: threading.Event) -> None:
    while not done.is_set():
        polled = reader.poll(0.02)
        now = time.monotonic()
        for message in polled.messages:
            kind, _, call_id = dict(headers(message))["event-id"].decode().partition("/")
            began = sent.get(call_id.partition("/")[2]) if kind == "casino" else None
            if began is not None:
                waits.append(now - began)
    reader.close()
