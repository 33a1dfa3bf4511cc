"""A worker keeps to the memory that its settings say, and a player's thousandth record costs what the first did."""

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from samples import NOON

from tests.bench import traffic
from tests.bench.traffic import SESSION
from tests.integration.crowd import CODEC, EARLIER, Laid, Unfit
from tests.integration.crowd_stage import PARTITIONS, Sender, opened
from tests.integration.installation import Installation
from tests.integration.watched import Clock, watched
from topologies.operations.doors import Doors
from topologies.operations.running import Run
from topologies.runtime.cache import DECODED_FACTOR, ROW_OVERHEAD_BYTES
from topologies.runtime.partitioning import java_default
from topologies.runtime.store import Row, Store

MIB = 1 << 20
BOUND = 4
BOUNDS = ("CACHE_BYTES_MAX", "BLOCK_CACHE_BYTES_MAX", "WRITE_BUFFER_BYTES_MAX", "FETCH_BYTES_MAX")
SETTINGS = {f"CROUPIER_{name}": f"{BOUND}MiB" for name in BOUNDS}

PROGRAM_MIB = 150
"""Python, the libraries and a batch in hand."""

PLAYERS = 12_000
TIMES = 10
"""So often would the players' rows fill the cache."""

TAKING_PART = 6
"""Records of each: a deposit, a bonus, a bet and a win."""

Show = Callable[[str, object], None]


def test_ten_times_the_players_that_fit_into_the_cache_need_no_more_memory_than_the_settings_say(
    bootstrap_servers: str, app: str, tmp_path: Path, record_property: Show
) -> None:
    croupier = opened(bootstrap_servers, app, tmp_path, SETTINGS)
    Sender(croupier).send(laid((str(player), 0, place) for player in range(PLAYERS) for place in range(TAKING_PART)))

    working = peak_mib(croupier)
    shutil.rmtree(croupier.state_dir)
    restoring = peak_mib(croupier)

    rows = {record.key: len(record.value or b"") for record in croupier.read(croupier.state_topic)}
    decoded_bytes = sum(ROW_OVERHEAD_BYTES + DECODED_FACTOR * size for size in rows.values())
    assert decoded_bytes > TIMES * BOUND * MIB
    record_property("shown: memory of a worker", f"working {working} MiB, restoring {restoring} MiB")
    assert max(working, restoring) <= len(BOUNDS) * BOUND + PROGRAM_MIB


def peak_mib(croupier: Installation) -> int:
    """The largest resident memory of a worker that drains everything."""
    command = [sys.executable, "-m", "cli", "run", "player", "--drain"]
    with (croupier.directory / "worker.log").open("wb") as said:
        worker = subprocess.Popen(
            command, cwd=croupier.directory, env=croupier.environment, stdout=said, stderr=subprocess.STDOUT
        )
        status = Path(f"/proc/{worker.pid}/status")
        peak = 0
        while worker.poll() is None:
            # The kernel's own peak; a zombie has none.
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
            peak = max(peak, int(fields.get("VmHWM", "0 kB").split()[0]) // 1024)
            time.sleep(0.02)
    assert 0 == worker.returncode, Path(said.name).read_text()
    return peak


SESSIONS = 50
"""Of one player, one after the other; each leaves a payment, an ended bonus, and its rounds behind."""

COUNTED = ("rows got", "rows scanned", "bytes read", "rows written", "bytes written")


def test_the_thousandth_record_of_a_player_costs_what_the_first_did(
    bootstrap_servers: str, app: str, tmp_path: Path, record_property: Show
) -> None:
    """Without a cache and in small batches, so that the store is asked for nearly everything.

    The collector finds fewer rows to visit at the beginning, hence the factor 2; what grew with the history would be
    ten times as much.
    """
    settings = {"CROUPIER_CACHE_BYTES_MAX": "0", "CROUPIER_BATCH_RECORDS_MAX": "10"}
    croupier = opened(bootstrap_servers, app, tmp_path, settings)
    Sender(croupier).send(laid(("p", session, place) for session in range(SESSIONS) for place in range(len(SESSION))))
    counts: Counter[str] = Counter()
    by_record: list[Counter[str]] = []

    clock = Clock(time.time_ns() // 1_000_000)
    with watched(croupier, clock, doors=Doors(store=counting(counts)), how=Run(drain=True)) as worker:
        worker.on_taken = lambda: by_record.append(counts.copy())
        worker.wait_until(clock.until_ended(worker))

    assert SESSIONS * len(SESSION) == len(by_record)
    tenth = len(by_record) // 10
    first, last = by_record[tenth] - by_record[0], by_record[-1] - by_record[-1 - tenth]
    per_record = {what: (first[what] / tenth, last[what] / tenth) for what in COUNTED}
    record_property("shown: a player's first and last records, per record", str(per_record))
    assert {} == {what: cost for what, cost in per_record.items() if cost[1] > 2 * cost[0]}


def laid(told: Any) -> list[Laid]:
    """Records of (player, session, place in it), one second after the other."""
    ends: Counter[tuple[str, int]] = Counter()
    records = []
    for number, (player, session, place) in enumerate(told):
        sent = traffic.record(CODEC, player, session, place, NOON - EARLIER + number * 1000)
        here = (sent.source, java_default(sent.key, PARTITIONS))
        records.append(Laid(*here, ends[here], sent.time, sent.key, sent.value, Unfit("never asked")))
        ends[here] += 1
    return records


def counting(counts: Counter[str]) -> type[Store]:
    class Counting(Store):
        def get(self, partition: int, key: bytes) -> bytes | None:
            value = super().get(partition, key)
            counts.update({"rows got": 1, "bytes read": len(value or b"")})
            return value

        def scan(self, partition: int, start: bytes, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
            for key, value in super().scan(partition, start, prefix):
                counts.update({"rows scanned": 1, "bytes read": len(value)})
                yield key, value

        def write(self, partition: int, rows: Sequence[Row], applied: Any) -> None:
            counts.update({"rows written": len(rows), "bytes written": sum(len(value or b"") for _, value in rows)})
            super().write(partition, rows, applied)

    return Counting
