"""What sends dead letters to their inputs again, for a person or for a worker."""

from collections.abc import Callable, Collection

from topologies.graph import Topology
from topologies.runtime.errors import Misconfigured
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.letters.reading import Letters
from topologies.runtime.letters.replaying import Post
from topologies.runtime.letters.retrying import Retries, Retrying
from topologies.runtime.names import own_topics
from topologies.runtime.tables import TableFeed
from topologies.runtime.task import Moment
from topologies.settings import Settings

MS = 1000


def transactional_id(app: str, partition: int) -> str:
    """Return the transactional id of a partition's dead letters."""
    return f"{own_topics(app).dead_letters}-{partition}"


def post(  # noqa: PLR0913, PLR0917 - all that it is built from
    settings: Settings,
    topics: Collection[str],
    cluster: Cluster,
    admin: Admin,
    clock: Callable[[], Moment],
    is_stopping: Callable[[], bool],
) -> Post:
    """Return the means; `topics` are the inputs.

    Raises:
        Misconfigured: there is no dead-letter topic.
    """
    name = own_topics(settings.app).dead_letters
    found = admin.topics([name]).get(name)
    if found is None:
        raise Misconfigured(f"topics are missing: {name}. create them with: croupier topics create")

    def transactions(partition: int) -> Transactions:
        return Transactions(
            cluster,
            transactional_id(settings.app, partition),
            timeout_s=settings.transaction_timeout / MS,
            clock=lambda: clock().steady_s,
        )

    return Post(
        Letters(name, lambda: Reader(cluster), admin, is_stopping),
        transactions,
        topics,
        found.partitions,
        settings.partitioner,
        lambda: clock().wall_ms,
        is_stopping,
    )


def is_retrying(topology: Topology, settings: Settings) -> bool:
    """Return whether workers send dead letters again by themselves."""
    return bool(settings.dead_letter_retries and topology.retriable)


def retries(  # noqa: PLR0913, PLR0917 - all that it is built from
    topology: Topology,
    tables: TableFeed,
    settings: Settings,
    cluster: Cluster,
    admin: Admin,
    clock: Callable[[], Moment],
) -> Retries:
    """Return what sends dead letters again by itself."""

    def make(is_stopping: Callable[[], bool]) -> Retrying:
        topics = [source.topic for source in topology.sources]
        means = post(settings, topics, cluster, admin, clock, is_stopping)
        return Retrying(topology, tables, means, settings.dead_letter_retries, settings.instance)

    return Retries(make)
