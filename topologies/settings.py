"""Every setting: its name, type, default and meaning. `topologies.configuration` finds the values.

In a `Settings` value durations are milliseconds, sizes bytes and times
milliseconds since 1970 UTC; people write `500ms`, `64MiB` and
`2026-11-20T10:00:00Z`.
"""

import socket
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from processors.rules import Rules
from topologies import settings_problems
from topologies.setting_types import (
    BonusTypes,
    Currency,
    Decimal,
    Duration,
    Name,
    Origins,
    Pairs,
    Percents,
    PositiveDuration,
    Properties,
    Secret,
    Size,
    Start,
    TopicsByOrigin,
    Url,
)
from topologies.settings_problems import DEFAULT

HOST_NAME = "the host name"

RULES = Rules()
"""The policies' defaults stand with the policies."""


class Misconfigured(Exception):
    """The settings do not allow a start. Nothing was done, and somebody has to change them."""


class Group(BaseModel):
    """Settings that belong together; the docstring is their heading."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Connections(Group):
    """Connections."""

    bootstrap_servers: str = "localhost:9092"
    """brokers to start from, host:port, with commas between"""
    kafka: Properties = Field(default={}, repr=False)
    """properties of librdkafka, passed through by name"""
    request_timeout: PositiveDuration = 30_000
    """how long one request to the cluster or the registry may take"""
    schema_registry_url: Url = Field(default=None, repr=False)
    """a Confluent-compatible schema registry; without one, Avro single-object encoding"""
    schema_registry_user: str | None = None
    """user name for the registry"""
    schema_registry_password: Secret = Field(default=None, repr=False)
    """password for the registry"""
    schema_dir: str | None = None
    """directory of writers' own Avro schemas (*.avsc), read besides ours"""


class Topics(Group):
    """Topics."""

    topic_calls: Name = "netgaming.debits"
    """wallet calls: bets, wins and refunds"""
    topic_bonuses: Name = "platform.bonuses"
    """changes of bonuses"""
    topic_orders: Name = "rebilly.orders"
    """payment orders"""
    topic_rates: Name = "fx.rates"
    """exchange rates, compacted"""
    topic_events: Name = "crm.events"
    """the CRM events"""
    topics_by_origin: TopicsByOrigin = {}
    """origin → a topic of its own for its CRM events; others go to topic_events"""


class Workers(Group):
    """Workers."""

    app: Name = "croupier"
    """name of the application: its consumer group, and the beginning of its own topics' names"""
    instance: Name = Field(default_factory=socket.gethostname)
    """name of this worker, unique in the application; keep it over restarts"""
    group_protocol: Literal["consumer", "classic"] = "consumer"
    """consumer (KIP-848, brokers from 4.0 on) or classic"""
    group_instance_id: Name | None = None
    """makes the worker a static member of the group, which keeps its partitions over a restart"""
    start: Start = "earliest"
    """where a new application begins to read: earliest, latest or a time"""
    partitioner: Literal["murmur2", "crc32", "none"] = "murmur2"
    """how producers chose the partitions of the inputs; none = any partition will do"""
    state_dir: str = "state"
    """directory of the local store; only a cache, so any disk will do"""
    batch_records_max: PositiveInt = 5_000
    """records in one transaction, at most"""
    commit_interval_max: Duration = 100
    """time between two commits under load, at most"""
    max_task_idle: Duration = 500
    """how long a task waits for a drained input before it takes later records of the others"""
    transaction_timeout: PositiveDuration = 10_000
    """after which the cluster ends the transaction of a worker that died"""
    rewind_window: Duration = RULES.state_retention
    """how far a rewind may go back, at most state_retention; 0 = no journal, no rewind"""
    rewind_step_rows: PositiveInt = 20_000
    """rows that one step of a rewind gives back: other tasks wait no longer than such a step"""
    dead_letter_retries: Annotated[int, Field(ge=0)] = 3
    """how often a dead letter is sent again by itself when what it lacked, a rate, has come; 0 = never"""
    expiry_grace: Duration = 600_000
    """how long after its due time a bonus expires by the wall clock, when no records come"""
    cache_bytes_max: Size = 64 << 20
    """memory for decoded rows"""
    block_cache_bytes_max: Size = 64 << 20
    """memory for blocks of the local store"""
    write_buffer_bytes_max: Size = 64 << 20
    """memory for what the local store has not written to disk yet"""
    fetch_bytes_max: Size = 64 << 20
    """memory for records fetched ahead"""


class Policies(Group):
    """Policies."""

    base_currency: Currency = RULES.base_currency
    """currency of exchange_rate: its own rate is 1"""
    origin: str | None = RULES.origin
    """origin of wallet calls and bonuses, where no mapping has one"""
    origin_by_casino: Pairs = {}
    """Rebilly CasinoID → origin of its payments"""
    origin_by_currency: Origins = {}
    """currency → origin of wallet calls and bonuses"""
    bonus_types: BonusTypes = {}
    """the platform's bonus types → Fast Track's"""
    casino_vendor_id: str = RULES.casino_vendor_id
    """vendor_id of CASINO events"""
    casino_vendor_name: str = RULES.casino_vendor_name
    """vendor_name of CASINO events"""
    casino_events: bool = RULES.casino_events
    """whether CASINO events are sent"""
    wagering_contribution: Percents = dict(RULES.wagering_contribution)
    """game type → percent of a bet that counts towards wagering; others 100"""
    wagering_counts: Literal["bonus_bet", "amount"] = RULES.wagering_counts
    """what of a bet counts: its bonus money or its whole amount"""
    progress_step: Annotated[int, Field(ge=1, le=100)] = RULES.progress_step
    """percent of the wagering requirement between two Ongoing events"""
    autocomplete_below: Decimal = RULES.autocomplete_below
    """a bonus balance below this, in the bonus's currency, ends the bonus; 0 = never"""
    capture_is_approval: bool = RULES.capture_is_approval
    """whether a deposit that waits for its capture is Approved"""
    dispute_rollback: Literal["none", "on_created"] = RULES.dispute_rollback
    """whether a dispute already rolls the deposit back"""
    late_approval: Literal["emit", "anomaly"] = RULES.late_approval
    """an approval after Rejected or Cancelled: sent, or a dead letter"""
    forfeit_on_deposit_rollback: bool = RULES.forfeit_on_deposit_rollback
    """whether the rollback of a deposit forfeits its active bonus"""
    wait_for_bonus: Duration = RULES.wait_for_bonus
    """how long a bet waits for its bonus"""
    wait_for_payment: Duration = RULES.wait_for_payment
    """how long a deposit bonus waits for its payment"""
    unresolved_after: Duration = RULES.unresolved_after
    """when a payment without an outcome counts as unresolved"""
    state_retention: PositiveDuration = RULES.state_retention
    """how long finished rounds, wallet calls and ended bonuses are remembered"""
    payment_retention: PositiveDuration = RULES.payment_retention
    """how long payments are remembered, for chargebacks"""


GROUPS: tuple[type[Group], ...] = (Connections, Topics, Workers, Policies)


class Settings(Policies, Workers, Topics, Connections):
    """All settings of one process, and where each has its value from."""

    _sources: Mapping[str, str] = PrivateAttr(default={})

    @classmethod
    def of(cls, values: Mapping[str, object], sources: Mapping[str, str]) -> Self:
        """Check values by name; `sources` says where each was found, `kafka.…` by property.

        Raises:
            Misconfigured: names every value that is wrong, and its source.
        """
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            raise Misconfigured(settings_problems.sentence(problems, sources, cls().model_dump())) from None
        settings._sources = sources  # noqa: SLF001  a constructor of its own
        return settings

    @field_validator("state_retention")
    @classmethod
    def _covers_rewinds(cls, state_retention: int, info: ValidationInfo) -> int:
        """A replay takes records as old as the window: none of them may be too old to be told from a repeat."""
        if state_retention < info.data.get("rewind_window", 0):
            raise ValueError("should be rewind_window or more")
        return state_retention

    def rules(self) -> Rules:
        """The policies as the processors know them."""
        return Rules(**{field.name: getattr(self, field.name) for field in fields(Rules)})

    def source(self, name: str) -> str:
        """Where the value of a setting, or of `kafka.<property>`, comes from."""
        return self._sources.get(name, HOST_NAME if name == "instance" else DEFAULT)
