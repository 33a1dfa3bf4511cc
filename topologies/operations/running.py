"""One worker, put together and taken apart."""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from topologies.graph import Topology
from topologies.operations import allowed, posting
from topologies.operations.doors import Doors
from topologies.runtime.beginning import Beginning
from topologies.runtime.cache import RowCache
from topologies.runtime.commits import Commits
from topologies.runtime.drain import Drain
from topologies.runtime.errors import Fatal, Misconfigured, Unavailable
from topologies.runtime.intake import Intake
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.inputs import Inputs, Membership
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.letters.retrying import Retries
from topologies.runtime.names import STATE_DELETE_RETENTION_MS, own_topics
from topologies.runtime.outage import bridged
from topologies.runtime.overlay import Overlay
from topologies.runtime.recovery import Recovery
from topologies.runtime.rejoining import Rejoining
from topologies.runtime.rewinding.journal_reader import JournalReader
from topologies.runtime.rewinding.preparation import Preparation
from topologies.runtime.rewinding.preparing import Preparing
from topologies.runtime.rewinding.replay import Replay
from topologies.runtime.rewinding.unfinished import Unfinished
from topologies.runtime.rights import Right
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Bounds, Store
from topologies.runtime.survey import Surveyor
from topologies.runtime.tables import TableFeed
from topologies.runtime.task import Moment, Task
from topologies.runtime.tasks import Tasks
from topologies.runtime.worker import Pace, Parts, Report, Worker
from topologies.settings import Settings

MS = 1000

Clock = Callable[[], Moment]


@dataclass(frozen=True, slots=True)
class Run:
    """`drain` ends when all there is now is processed; `accept_offsets` trusts the group; a rehearsal never commits."""

    drain: bool = False
    accept_offsets: bool = False
    is_rehearsal: bool = False


def run(  # noqa: PLR0913, PLR0917 - the composition root's call
    topology: Topology, settings: Settings, how: Run, clock: Clock, stop: threading.Event, doors: Doors | None = None
) -> Report:
    """Run a topology until `stop` is set or everything is drained.

    Raises:
        Misconfigured: topics, cluster or state directory are not as they must be.
        Fatal: the process may not continue.
    """
    with ExitStack() as closing:
        site = Site(topology, settings, how, clock, stop, doors or Doors(), closing)
        worker = site.worker()
        try:
            return worker.run()
        except (Fatal, Misconfigured):
            with suppress(Unavailable):  # a transaction is told that it may not write, and not where
                site.check_rights()
            raise


class Site:
    """Where one worker is built. Each method gives one part; `closing` takes what must be closed, in its order."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that a worker is built from
        self,
        topology: Topology,
        settings: Settings,
        how: Run,
        clock: Clock,
        stop: threading.Event,
        doors: Doors,
        closing: ExitStack,
    ) -> None:
        self._topology = topology
        self._settings = settings
        self._how = how
        self._clock = clock
        self._stop = stop
        self._doors = doors
        self._closing = closing
        self._codec = RowCodec(topology.row_version, topology.upgrade)
        right = Right("Describe" if how.is_rehearsal else "Read", "group", settings.app)
        name = f"{settings.app}-{settings.instance}"
        self._cluster = Cluster(settings.bootstrap_servers, settings.kafka, name, right)
        self._admin = Admin(self._cluster, settings.request_timeout / MS, stop, "Read")
        self.check_rights = partial(allowed.check, self._admin, topology, settings, "worker")

    def worker(self) -> Worker:
        """Return the worker, a member of the group already."""
        topology, settings = self._topology, self._settings
        surveyor = self.surveyor()
        bridged(self.check_rights, settings.request_timeout / MS, self._stop)
        bridged(surveyor.partitions, settings.request_timeout / MS, self._stop)
        store = self.store()
        tables = self.tables()
        recovery = self.recovery(surveyor, store)
        own = own_topics(settings.app)
        intake = Intake(len(topology.sources), settings.fetch_bytes_max // 2)
        preparing = self._preparing(store)
        tasks = Tasks(
            topology,
            own.control,
            recovery,
            preparing,
            intake,
            lambda number, beginning, replay: self.task(store, tables, number, beginning, replay),
        )
        commits = Commits(self.transactions, tasks, store, own, self._stop)
        self._closing.callback(commits.close)
        drain = self._drain(surveyor, own.control) if self._how.drain else None
        inputs = self._inputs(tasks)
        self._closing.callback(recovery.stop)
        self._closing.callback(preparing.stop)
        retries = self._retries(tables)
        # Who waits for the cluster's answer need not wait any longer.
        self._closing.callback(self._stop.set)
        inputs.subscribe([*(source.topic for source in topology.sources), own.control])
        rejoining = Rejoining(lambda: self._admin.session_timeout_s(settings.app), self._stop)
        return Worker(
            Parts(inputs, rejoining, tables, tasks, intake, commits, self._clock, drain, retries),
            _pace(settings),
            self._stop,
        )

    def _drain(self, surveyor: Surveyor, control: str) -> Drain:
        unfinished = Unfinished(control, lambda: self._ranges(control, self._stop.is_set), surveyor)
        self._closing.callback(unfinished.close)
        return Drain(surveyor, unfinished)

    def _ranges(self, topic: str, is_stopping: Callable[[], bool]) -> JournalReader:
        return JournalReader(topic, self._doors.reader(self._cluster), self._admin, is_stopping)

    def surveyor(self) -> Surveyor:
        """Return who asks where tasks stand; first whether the topics fit together."""
        return Surveyor(self._topology, self._settings.app, self._admin, self._settings.start)

    def store(self) -> Store:
        """Return the local store, opened."""
        settings = self._settings
        # With the application's name: two of them on one machine have nothing to share.
        path = Path(settings.state_dir) / settings.app / settings.instance
        store = self._doors.store(path, Bounds(settings.block_cache_bytes_max, settings.write_buffer_bytes_max))
        self._closing.callback(store.close)
        return store

    def tables(self) -> TableFeed:
        """Return the reference tables, loaded."""
        tables = TableFeed(self._topology.tables, self._doors.reader(self._cluster))
        self._closing.callback(tables.close)
        tables.load(self._admin, self._stop.is_set)
        return tables

    def recovery(self, surveyor: Surveyor, store: Store) -> Recovery:
        """Return what restores tasks, not yet started."""
        return Recovery(
            lambda: self._doors.reader(self._cluster),
            surveyor,
            store,
            self._codec,
            lambda: self._clock().wall_ms,
            control=own_topics(self._settings.app).control,
            accept_offsets=self._how.accept_offsets,
        )

    def _preparing(self, store: Store) -> Preparing:
        return Preparing(lambda is_stopping: self.preparation(store, is_stopping))

    def preparation(self, store: Store, is_stopping: Callable[[], bool]) -> Preparation:
        """Return what says how rewinds go on."""
        own = own_topics(self._settings.app)
        return Preparation(
            self._ranges(own.journal, is_stopping),
            self._admin,
            store,
            self._codec,
            own,
            [source.topic for source in self._topology.sources],
            self._settings.rewind_step_rows,
            lambda: self._clock().wall_ms,
            max(2 * self._settings.rewind_window, STATE_DELETE_RETENTION_MS),
        )

    def _retries(self, tables: TableFeed) -> Retries | None:
        """Return what sends dead letters again by itself; draining, nobody would process them."""
        topology, settings = self._topology, self._settings
        if self._how.drain or not posting.is_retrying(topology, settings):
            return None
        retries = posting.retries(topology, tables, settings, self._cluster, self._admin, self._clock)
        self._closing.callback(retries.stop)
        return retries

    def _inputs(self, tasks: Tasks) -> Inputs:
        settings = self._settings
        inputs = self._doors.inputs(
            self._cluster,
            Membership(settings.app, settings.group_protocol, settings.group_instance_id),
            queued_bytes_max=settings.fetch_bytes_max // 2,
            on_assigned=tasks.ownership.assigned,
            on_revoked=tasks.ownership.revoked,
            on_lost=tasks.ownership.revoked,
        )
        self._closing.callback(inputs.close)
        return inputs

    def transactions(self) -> Transactions:
        """Return a new producer with our transactional id, not yet initialised."""
        return self._doors.transactions(
            self._cluster,
            f"{self._settings.app}-{self._settings.instance}",
            timeout_s=self._settings.transaction_timeout / MS,
            clock=lambda: self._clock().steady_s,
        )

    def task(self, store: Store, tables: TableFeed, number: int, beginning: Beginning, replay: Replay | None) -> Task:
        """Return a task that goes on where it stands."""
        cache = RowCache(self._settings.cache_bytes_max // beginning.partitions)
        return Task(
            self._topology,
            number,
            Overlay(store, number, cache, self._codec),
            self._codec,
            beginning,
            tables=tables.values,
            partitioner=self._settings.partitioner,
            idle_max_s=self._settings.max_task_idle / MS,
            is_journalled=self._settings.rewind_window > 0,
            replay=replay,
            now=self._clock(),
        )


def _pace(settings: Settings) -> Pace:
    return Pace(settings.batch_records_max, settings.commit_interval_max / MS, settings.expiry_grace)
