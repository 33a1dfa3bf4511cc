"""Bets and wins at a steady rate to all partitions of an application, until the process is ended.

Only those: with records of all three inputs tasks wait for `max_task_idle` every now and then, rewind or not.
"""

import itertools
import time

from tests.bench.traffic import SESSION, record
from topologies import configuration
from topologies.operations import components
from topologies.runtime.kafka.sender import Sender

RECORDS_PER_S = 400
PLAYERS = 800
FIRST_CALL = SESSION.index(("bet", "real"))
CALLS = len(SESSION) - 1 - FIRST_CALL
"""Of each session: those with real money, which are its end but for the bonus's."""
TICK_S = 0.02


def main(environment: dict[str, str], name: str) -> None:
    """Send, for ever; players are named after `name`, and lie in partitions as their names have it."""
    settings = configuration.read({}, environment, None, {})
    codec, by_source = components.codec(settings), components.input_topics(settings)
    sender, began = Sender(components.cluster(settings)), time.monotonic()
    for number in itertools.count():
        while (early_s := began + number / RECORDS_PER_S - time.monotonic()) > 0:
            time.sleep(min(early_s, TICK_S))
        round_, player = divmod(number, PLAYERS)
        session, place = divmod(round_, CALLS)
        made = record(codec, f"{name}-{player}", session, FIRST_CALL + place, time.time_ns() // 1_000_000)
        sender.send(by_source[made.source], made.key, made.value, made.time)


if __name__ == "__main__":
    import os
    import sys

    main(dict(os.environ), sys.argv[1])
