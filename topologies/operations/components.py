"""What operations work with, built from the settings."""

import time
from collections.abc import Callable, Mapping

from topologies import player, schemas
from topologies.codecs import Codec
from topologies.graph import Topology
from topologies.runtime.kafka.admin import Admin
from topologies.runtime.kafka.config import Cluster
from topologies.runtime.rights import Operation, Right
from topologies.settings import Misconfigured, Settings

MS = 1000

WORKER_PATIENCE_S = 240.0
"""How long a worker waits for the registry. It polls nothing meanwhile, so this stays below the time after which the
group believes it dead (`max.poll.interval.ms`, 5 minutes)."""


def cluster(settings: Settings, group: Operation = "Describe") -> Cluster:
    """The cluster, as one of its clients; `group` is what is done with the application's group."""
    return Cluster(settings.bootstrap_servers, settings.kafka, settings.app, Right(group, "group", settings.app))


def admin(settings: Settings, topics: Operation = "Describe", group: Operation = "Describe") -> Admin:
    """Questions to the cluster; `topics` and `group` are what is done with them."""
    return Admin(cluster(settings, group), settings.request_timeout / MS, purpose=topics)


def input_topics(settings: Settings) -> Mapping[str, str]:
    """Source → topic of every input."""
    return {
        schemas.ORDERS: settings.topic_orders,
        schemas.BONUSES: settings.topic_bonuses,
        schemas.CALLS: settings.topic_calls,
        schemas.RATES: settings.topic_rates,
    }


Wait = Callable[[float], bool | None]
"""Sleeps; a true answer ends the waiting."""


def codec(settings: Settings, *, with_registry: bool = True, wait: Wait | None = None) -> Codec:
    """The codec; it asks the schema registry if one is set.

    With `wait` it is a worker's, which has time; for people's tools a registry answers within `request_timeout`.

    Raises:
        BadSchema: the directory of writers' schemas cannot be used.
    """
    registry = None
    if with_registry and settings.schema_registry_url:
        # Imports a web stack, which takes as long as all the rest.
        from topologies.registry import Registry  # noqa: PLC0415

        registry = Registry(
            settings.schema_registry_url,
            credentials=_credentials(settings),
            timeout_s=settings.request_timeout / MS,
            patience_s=WORKER_PATIENCE_S if wait else settings.request_timeout / MS,
            wait=wait or time.sleep,
        )
    return Codec(schemas.ours(), schemas.writers(settings.schema_dir), registry, input_topics(settings))


def _credentials(settings: Settings) -> str | None:
    if settings.schema_registry_user is None:
        return None
    return f"{settings.schema_registry_user}:{settings.schema_registry_password or ''}"


def topology(name: str, settings: Settings, *, with_registry: bool = True, wait: Wait | None = None) -> Topology:
    """A topology by its name in `TOPOLOGIES`; without a registry it can be described, not run.

    Raises:
        Misconfigured: a topic would be used in two roles.
    """
    try:
        return TOPOLOGIES[name](settings, codec(settings, with_registry=with_registry, wait=wait))
    except ValueError as error:
        raise Misconfigured(str(error)) from None


def _player(settings: Settings, decoding: Codec) -> Topology:
    topics = player.Topics(
        orders=settings.topic_orders,
        bonuses=settings.topic_bonuses,
        calls=settings.topic_calls,
        rates=settings.topic_rates,
        events=settings.topic_events,
        events_by_origin=settings.topics_by_origin,
    )
    return player.player_topology(topics, settings.rules(), decoding.decode)


TOPOLOGIES: Mapping[str, Callable[[Settings, Codec], Topology]] = {player.NAME: _player}

COUNTED: Mapping[str, Mapping[str, str]] = {player.NAME: player.COUNTED}
"""Topology → what it counts, in words."""
