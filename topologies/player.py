"""The topology `player`: orders, bonuses and wallet calls of a player become the CRM's events."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from processors import counted, player
from processors.events import Event
from processors.outcome import Arrival, Due, Outcome, Refusal
from processors.rows import Rows
from processors.rules import Rules
from topologies import graph
from topologies.graph import DeadLetter, Decoded, Emit, Message, Result, Undecodable, Waited
from topologies.intake import ENTRIES
from topologies.intake.fact_json import dump_fact
from topologies.rate_table import RateTable
from topologies.schemas import BONUSES, CALLS, ORDERS, RATES
from topologies.wire import dump_json

NAME = "player"
COUNTED = counted.COUNTED
RATE_TABLE: Final = "rates"

Decode = Callable[[str, Sequence[Message]], Sequence[dict[str, Any] | Undecodable]]
"""(source, messages) → their values, same length and order: `codecs.Codec.decode`."""

_TYPE_HEADERS: Final = {name: ("type", name.encode()) for name in ("PAYMENT", "BONUS", "CASINO")}
"""The CRM's contract: it comes first."""


class Topics(NamedTuple):
    """What the topics of the topology are called; `events_by_origin` has those origins that have one of their own."""

    orders: str = ORDERS
    bonuses: str = BONUSES
    calls: str = CALLS
    rates: str = RATES
    events: str = "crm.events"
    events_by_origin: Mapping[str, str] = {}


def player_topology(topics: Topics, rules: Rules, decode: Decode) -> graph.Topology:
    """The topology as data; nothing is read before the runtime does it.

    Raises:
        ValueError: a topic would be used in two roles.
    """
    joined = _Join(topics, rules)
    facts = ((ORDERS, topics.orders), (BONUSES, topics.bonuses), (CALLS, topics.calls))
    return graph.Topology(
        name=NAME,
        sources=tuple(graph.Source(name, topic, _facts(name, decode)) for name, topic in facts),
        tables=(graph.Table(RATE_TABLE, topics.rates, _rates(rules, decode), RateTable.add),),
        outputs=_outputs(topics),
        step=joined.step,
        fire=joined.fire,
        row_kinds=player.ROW_KINDS,
        timers=player.TIMERS,
        wall_clock_timers=player.WALL_CLOCK_TIMERS,
        row_version=player.ROW_VERSION,
        upgrade=player.upgrade,
        retriable={"missing-rate": _has_rate},
    )


class _Join:
    """The processors' words to the runtime's."""

    def __init__(self, topics: Topics, rules: Rules) -> None:
        self._topics = topics
        self._rules = rules

    def step(self, rows: Rows, fact: graph.Fact, cause: str, time: int, tables: graph.Tables, /) -> Result:
        rates = tables[RATE_TABLE].rates
        return self._result(player.step(rows, Arrival(fact, cause, time), self._rules, rates))

    def fire(self, rows: Rows, timer: graph.Timer, cause: str, tables: graph.Tables, /) -> Result:
        due = Due(timer.key, timer.due, timer.name, timer.row_id, cause)
        return self._result(player.fire(rows, due, self._rules, tables[RATE_TABLE].rates))

    def _result(self, outcome: Outcome) -> Result:
        refusals = outcome.refusals
        letters = [_dead_letter(refusal) for refusal in refusals] if refusals else ()
        return Result([self._emit(event) for event in outcome.events], letters, outcome.counts)

    def _emit(self, event: Event) -> Emit:
        topics, payload = self._topics, event.payload
        by_origin = topics.events_by_origin
        topic = by_origin.get(payload["origin"], topics.events) if by_origin else topics.events
        headers = [
            _TYPE_HEADERS[event.type],
            ("event-id", event.event_id.encode()),
            ("cause", event.cause.encode()),
        ]
        return Emit(topic, event.user_id.encode(), dump_json(payload), headers, event.event_id)


def _facts(source: str, decode: Decode) -> Callable[[Sequence[Message]], list[Decoded]]:
    entry = ENTRIES[source]

    def facts(messages: Sequence[Message]) -> list[Decoded]:
        values = decode(source, messages)
        return [
            value if isinstance(value, Undecodable) else entry(value, message.timestamp)
            for message, value in zip(messages, values, strict=True)
        ]

    return facts


def _has_rate(fact: graph.Fact, tables: graph.Tables) -> bool:
    """Whether a record that died of a missing rate would find it now; it may still die of something else."""
    return tables[RATE_TABLE].rates.at(fact.currency, fact.at) is not None


def _rates(rules: Rules, decode: Decode) -> Callable[[], RateTable]:
    return lambda: RateTable(rules.base_currency, lambda messages: decode(RATES, messages))


def _outputs(topics: Topics) -> tuple[graph.Output, ...]:
    """One for each topic, named by the origins that share it."""
    origins: dict[str, list[str]] = {topics.events: []}
    for origin, topic in topics.events_by_origin.items():
        origins.setdefault(topic, []).append(origin)
    return tuple(
        graph.Output("events" if topic == topics.events else f"events of {', '.join(of)}", topic)
        for topic, of in origins.items()
    )


def _dead_letter(refusal: Refusal) -> DeadLetter:
    waited = refusal.waited
    if waited is None:
        return DeadLetter(refusal.kind, refusal.reason)
    topic, partition, offset = waited.cause.rsplit("/", 2)
    key, fact = waited.fact.player.encode(), dump_fact(waited.fact)
    return DeadLetter(refusal.kind, refusal.reason, Waited(topic, int(partition), int(offset), waited.time, key, fact))
