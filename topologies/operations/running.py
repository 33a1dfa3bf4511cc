"""One worker, put together and taken apart."""

import gc
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from topologies.graph import Topology
from topologies.runtime.cache import RowCache
from topologies.runtime.commits import Commits
from topologies.runtime.drain import Drain
from topologies.runtime.intake import Intake
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.inputs import Inputs, Membership
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.names import own_topics
from topologies.runtime.overlay import Overlay
from topologies.runtime.recovery import Recovery
from topologies.runtime.rejoining import Rejoining
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Bounds, Store
from topologies.runtime.survey import Surveyor
from topologies.runtime.tables import TableFeed
from topologies.runtime.task import Beginning, Moment, Task
from topologies.runtime.tasks import Tasks
from topologies.runtime.worker import Pace, Parts, Report, Worker
from topologies.settings import Settings

Clock = Callable[[], Moment]


@dataclass(frozen=True, slots=True)
class Run:
    """How to run: `drain` ends when all there is now is processed; `accept_offsets` trusts the group's offsets."""

    drain: bool = False
    accept_offsets: bool = False


@dataclass(frozen=True, slots=True)
class Doors:
    """The classes that touch the world, for tests that make them fail at a chosen moment."""

    transactions: type[Transactions] = Transactions
    store: type[Store] = Store
    reader: type[Reader] = Reader


def run(  # noqa: PLR0913, PLR0917 - the composition root's call
    topology: Topology,
    settings: Settings,
    how: Run,
    clock: Clock,
    stop: threading.Event,
    doors: Doors | None = None,
) -> Report:
    """Run a topology until `stop` is set or everything is drained.

    Raises:
        Misconfigured: topics, cluster or state directory are not as they must be.
        Fatal: the process may not continue.
    """
    _tame_collector()
    doors = doors or Doors()
    cluster = Cluster(settings.bootstrap_servers, settings.kafka, f"{settings.app}-{settings.instance}")
    admin = Admin(cluster, settings.request_timeout / 1000)
    surveyor = Surveyor(topology, settings.app, admin, settings.start)
    surveyor.partitions()
    with ExitStack() as closing:
        store = doors.store(Path(settings.state_dir) / settings.instance, _bounds(settings))
        closing.callback(store.close)
        tables = TableFeed(topology.tables, doors.reader(cluster))
        closing.callback(tables.close)
        tables.load(admin, stop.is_set)
        codec = RowCodec(topology.row_version, topology.upgrade)
        recovery = Recovery(
            lambda: doors.reader(cluster),
            surveyor,
            store,
            codec,
            lambda: clock().wall_ms,
            accept_offsets=how.accept_offsets,
        )
        intake = Intake(topology, settings.fetch_bytes_max // 2)
        tasks = Tasks(topology, recovery, intake, _task_maker(topology, settings, store, codec, tables, clock))
        commits = Commits(
            _transactions_maker(doors, cluster, settings, clock), tasks, store, own_topics(settings.app), stop
        )
        closing.callback(commits.close)
        drain = Drain(surveyor) if how.drain else None
        inputs = _inputs(cluster, settings, tasks)
        closing.callback(inputs.close)
        recovery.start()
        closing.callback(recovery.stop)
        inputs.subscribe([source.topic for source in topology.sources])
        rejoining = Rejoining(lambda: admin.session_timeout_s(settings.app), stop)
        parts = Parts(inputs, rejoining, tables, tasks, intake, commits, clock, drain)
        return Worker(parts, _pace(settings), stop).run()


def _tame_collector() -> None:
    """Let Python's cycle collector look rarely: a batch is many tuples that live a while, and hardly a cycle.

    At its default thresholds it walks them again and again, for a third of all CPU.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _bounds(settings: Settings) -> Bounds:
    return Bounds(settings.block_cache_bytes_max, settings.write_buffer_bytes_max)


def _pace(settings: Settings) -> Pace:
    return Pace(settings.batch_records_max, settings.commit_interval_max / 1000, settings.expiry_grace)


def _inputs(cluster: Cluster, settings: Settings, tasks: Tasks) -> Inputs:
    return Inputs(
        cluster,
        Membership(settings.app, settings.group_protocol, settings.group_instance_id),
        queued_bytes_max=settings.fetch_bytes_max // 2,
        on_assigned=tasks.ownership.assigned,
        on_revoked=tasks.ownership.revoked,
        on_lost=tasks.ownership.revoked,
    )


def _transactions_maker(doors: Doors, cluster: Cluster, settings: Settings, clock: Clock) -> Callable[[], Transactions]:
    def make() -> Transactions:
        return doors.transactions(
            cluster,
            f"{settings.app}-{settings.instance}",
            timeout_s=settings.transaction_timeout / 1000,
            clock=lambda: clock().steady_s,
        )

    return make


def _task_maker(  # noqa: PLR0913, PLR0917 - what every task of a worker shares
    topology: Topology, settings: Settings, store: Store, codec: RowCodec, tables: TableFeed, clock: Clock
) -> Callable[[int, Beginning], Task]:
    def make(number: int, beginning: Beginning) -> Task:
        cache = RowCache(settings.cache_bytes_max // beginning.partitions)
        return Task(
            topology,
            number,
            Overlay(store, number, cache, codec),
            codec,
            beginning,
            tables=tables.values,
            partitioner=settings.partitioner,
            idle_max_s=settings.max_task_idle / 1000,
            now=clock(),
        )

    return make
