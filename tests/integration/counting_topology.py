"""A small topology for attacks on the runtime, and records for it.

Each player has a row `count` with a chain over everything that was done for
it, so that a record that is lost, doubled or out of order shows in every later
row and event. A record may also refuse itself, or break something.
"""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from processors.rows import Rows
from topologies.graph import (
    DeadLetter,
    Decoded,
    Emit,
    Entry,
    Message,
    Output,
    Result,
    Source,
    Tables,
    Timer,
    Topology,
    Undecodable,
)
from topologies.runtime.partitioning import java_default

SOURCES = ("orders", "bonuses", "bets")
"""In the order in which records of equal times are taken."""

SEEN_MS = 400
"""How long a record's own row lives."""

TICK_MS = 150
LATER_MS = 60_000
LARGE = "x" * 1_200_000
"""More than a producer takes by default."""

HEAVY = "x" * 100_000
"""More than a topic takes whose limit was lowered."""

UNDECODABLE = {"undecodable": b"{", "large undecodable": b"{" + b" " * 999_900}
"""The second can just be written; with the headers of its dead letter it cannot."""

BEYOND_64_BITS = 1 << 70


class Sent(NamedTuple):
    """One record: `do` is what it does beside being counted. Its partition is its key's unless told otherwise."""

    source: str
    key: str
    n: int
    time: int
    do: str = ""
    partition: int | None = None

    def value(self) -> bytes:
        """Its bytes."""
        return UNDECODABLE.get(self.do) or json.dumps({"n": self.n, "do": self.do}).encode()

    def place(self, partitions: int) -> int:
        return java_default(self.key.encode(), partitions) if self.partition is None else self.partition


def topology(app: str, *, row_version: int = 1, wall_clock: bool = False) -> Topology:
    """The topology; its topics begin with the application's name."""
    return Topology(
        name="counting",
        sources=tuple(Source(name, f"{app}-{name}", decode) for name in SOURCES),
        tables=(),
        outputs=(Output("events", f"{app}-events"),),
        step=stepping(f"{app}-events"),
        fire=firing(f"{app}-events"),
        row_kinds=("count", "seen", "next"),
        timers=("tick",),
        wall_clock_timers=("tick",) if wall_clock else (),
        row_version=row_version,
        upgrade=lambda _kind, version, row: {**row, "upgraded_from": version} if isinstance(row, dict) else row,
    )


def decode(messages: Sequence[Message]) -> list[Decoded]:
    return [_decoded(each) for each in messages]


def _decoded(message: Message) -> Decoded:
    try:
        fact = json.loads(message.value or b"")
    except ValueError:
        return Undecodable("undecodable", "no json")
    if fact["do"] == "break the decoder":
        raise ZeroDivisionError("a decoder never raises, it says")
    return Entry((message.key or b"").decode(), fact)


def stepping(events: str) -> Callable[[Rows, Any, str, int, Tables], Result]:
    """The step, for events to this topic."""

    def step(rows: Rows, fact: Any, cause: str, time: int, _tables: Tables) -> Result:
        n, do = fact["n"], fact["do"]
        row = _counted(rows, cause)
        rows.put("seen", str(n), {"cause": cause}, time + SEEN_MS)
        _plan(rows, n, do, time)
        if do == "break":
            raise ZeroDivisionError("somebody@example.com")
        if do == "refuse":
            return Result(
                [_event(events, rows, "never", row)], [DeadLetter("illegal-transition", "refused")], ["never"]
            )
        if do == "huge number":
            rows.put("seen", str(n), {"amount": BEYOND_64_BITS}, 0)
        if do == "large row":
            rows.put("seen", str(n), {"text": LARGE}, 0)
        text = {"large event": LARGE, "heavy event": HEAVY}.get(do, "")
        return Result([_event(events, rows, str(n), {**row, "text": text})], counts=["counted"])

    return step


def firing(events: str) -> Callable[[Rows, Timer, str, Tables], Result]:
    """What a tick does, for events to this topic."""

    def fire(rows: Rows, timer: Timer, cause: str, _tables: Tables) -> Result:
        row = _counted(rows, f"{cause}/{timer.row_id}")
        do = timer.row_id.partition("/")[2]
        if do == "break later":
            raise ZeroDivisionError("somebody@example.com")
        text = LARGE if do == "large later" else ""
        return Result([_event(events, rows, f"tick/{timer.row_id}", {**row, "text": text})], counts=["ticked"])

    return fire


def _counted(rows: Rows, cause: str) -> dict[str, int]:
    """Chain what is done to all that was done for this key, and to the records of it that are remembered."""
    before = rows.get("count", "all") or {"n": 0, "chain": 0}
    remembered = ",".join(row_id for row_id, _ in rows.scan("seen"))
    row = {"n": before["n"] + 1, "chain": zlib.crc32(f"{cause} {remembered}".encode(), before["chain"])}
    rows.put("count", "all", row, 0)
    return row


def _plan(rows: Rows, n: int, do: str, time: int) -> None:
    """Every third record schedules a tick, every ninth takes the last one back."""
    if n % 3 and not do.endswith("later"):
        return
    planned = rows.get("next", "tick")
    if n % 9 == 0 and planned is not None:
        rows.cancel(planned["due"], "tick", planned["id"])
    due, row_id = time + (LATER_MS if do == "much later" else TICK_MS * (n % 4)), f"{n}/{do}"
    rows.schedule(due, "tick", row_id)
    rows.put("next", "tick", {"due": due, "id": row_id}, 0)


def _event(topic: str, rows: Rows, event_id: str, payload: Mapping[str, Any]) -> Emit:
    key: str = rows.key  # type: ignore[attr-defined] # of the window, and of `Book`
    value = json.dumps(payload).encode()
    return Emit(topic, key.encode(), value, [("type", b"COUNT"), ("event-id", event_id.encode())], event_id)


def traffic(
    seed: int, records: int, begin: int, *, keys: int = 40, doing: Mapping[str, int] | None = None
) -> list[Sent]:
    """Records of three sources, times roughly in order; `doing`: how many per thousand do what."""
    chance = Random(seed)
    deeds = [do for do, per_mille in (doing or {}).items() for _ in range(per_mille)]
    deeds += [""] * (1_000 - len(deeds))
    return [
        Sent(
            chance.choices(SOURCES, (1, 2, 7))[0],
            f"player-{chance.randrange(keys)}",
            n,
            begin + n + chance.choice((0, 0, 0, -20, -200)),
            chance.choice(deeds),
        )
        for n in range(records)
    ]
