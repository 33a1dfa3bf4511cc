"""How fast a task's state comes back when the disk is gone."""

import time
from typing import NamedTuple

from tests.bench.stage import Stage
from topologies.operations import components
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.names import own_topics
from topologies.runtime.recovery import Recovery
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Bounds, Store
from topologies.runtime.survey import Surveyor


class Restored(NamedTuple):
    """What came back, and in which time."""

    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds


def full(stage: Stage) -> Restored:
    """Recover every task of an application into an empty store."""
    settings = stage.settings
    topology = components.topology("player", settings)
    cluster = components.cluster(settings)
    surveyor = Surveyor(topology, settings.app, components.admin(settings), settings.start)
    bounds = Bounds(settings.block_cache_bytes_max, settings.write_buffer_bytes_max)
    store = Store(stage.directory / "restored", bounds)
    codec = RowCodec(topology.row_version, topology.upgrade)
    wall_ms = time.time_ns() // 1_000_000
    control = own_topics(settings.app).control
    recovery = Recovery(
        lambda: Reader(cluster), surveyor, store, codec, lambda: wall_ms, control=control, accept_offsets=False
    )
    began = time.monotonic()
    for partition in range(stage.partitions):
        recovery.begin(partition, 1)
    answers = 0
    while answers < stage.partitions:
        answers += len(recovery.recovered())
        time.sleep(0.005)
    seconds = time.monotonic() - began
    recovery.stop()
    store.close()
    return Restored(recovery.rows_read, seconds)
