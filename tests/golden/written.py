"""What this release writes: the bytes that every later one has to read."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import histories
from running import run
from window import Timer, Window

from processors import player
from processors.outcome import Arrival
from tests.fuzz.samples import ANSWER, COMMAND, FORGET, MARKER_ROWS, PLANNED
from topologies.intake.fact_json import dump_fact, load_fact
from topologies.runtime import head
from topologies.runtime.forgetting import row as forgetting
from topologies.runtime.forgetting.row import Forgetting, Forgotten
from topologies.runtime.head import Head
from topologies.runtime.journal import marker
from topologies.runtime.journal import plan as plans
from topologies.runtime.overlay import TimerKey, parse_timer, timer_key
from topologies.runtime.rewinding import row
from topologies.runtime.rewinding.control import Command, Forget
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Applied
from topologies.wire import dump_json

VERSIONS = f"{player.ROW_VERSION}-{marker.VERSION}-{plans.VERSION}"
"""Of rows, of the journal's markers, of plans: what is written differently gets a number of its own."""

SEEDS_MAX = 400

CODEC = RowCodec(player.ROW_VERSION, player.upgrade)

HEAD = Head(1_795_176_000_000, {"bets": 5, "orders": 3, "control": 1}, 8)
"""As it was written before a head named its state topic."""

NAMED = HEAD._replace(state_id="c9YXhSTvSPuPPVB3iaDyBA")
FORGOTTEN = Forgotten("c0ffee01", "ab" * 16, "cd" * 16, 5, 8, {"bets": 5}, is_complete=True)
TIMER = "\0timer\x00001795176000000\0bonus-expiry\0p\0b1"


class Told(NamedTuple):
    """A player in the middle of a story: what came, the rows that it left, and what comes then."""

    before: Sequence[Arrival]
    rows: Sequence[tuple[str, bytes]]
    then: Sequence[Arrival]


def golden() -> dict[str, Any]:
    """Everything, as a JSON value; bytes as hexadecimal digits, or as text where they are JSON."""
    return {
        "own": {key: value.hex() for key, value in own_rows().items()},
        "head": (head.encode(NAMED, CODEC)[1] or b"").hex(),
        "journal": [[key.decode(), (value or b"").decode()] for key, value in MARKER_ROWS],
        "control": [each.decode() for each in (COMMAND, FORGET, ANSWER)],
        "plan": PLANNED.decode(),
        "applied": dump_json(tuple(Applied("c9YXhSTvSPuPPVB3iaDyBA", 17, 1_795_176_000_000))).decode(),
        "players": [_as_json(each) for each in players()],
    }


def own_rows() -> dict[str, bytes]:
    """The task's own rows, one of each kind."""
    command = Command("c0ffee00", 7, 120, "delta", "a@b", "why", 1, 2)
    forget = Forget("c0ffee01", "ab" * 16, 130, "a@b", "", 1, 2)
    key, value = head.encode(HEAD, CODEC)
    values: dict[str, tuple[int, Any]] = {
        TIMER: (0, 1),
        row.KEY: (0, row.as_row(row.asked(command))),
        row.OBEYED: (0, {"c0ffee00": 2}),
        row.told_key("p", "e1"): (0, "0011223344556677"),
        forgetting.KEY: (0, forgetting.as_row(Forgetting(forget, {"bet": 3}))),
        forgetting.forgotten_key(FORGOTTEN.id): (9, FORGOTTEN._asdict()),
    }
    return {key.decode(): value or b"", **{name: CODEC.encode(entry) for name, entry in values.items()}}


def players() -> Iterator[Told]:
    """As many as it takes for each kind of row and timer to be there."""
    seen = set[str]()
    for seed in range(SEEDS_MAX):
        arrivals = histories.in_time_order(histories.history(Random(seed)))
        middle = len(arrivals) * 2 // 3
        window = run(arrivals[:middle], histories.RULES, histories.rates()).window
        kinds = {kind for kind, _ in window.rows} | {timer.timer for timer in window.timers}
        if not kinds <= seen:
            seen |= kinds
            yield Told(arrivals[:middle], list(_rows(window)), arrivals[middle:])


def _rows(window: Window) -> Iterator[tuple[str, bytes]]:
    for (kind, row_id), (_, expires_at, each) in window.rows.items():
        yield f"p\0{kind}\0{row_id}", CODEC.encode((expires_at, each))
    for timer in sorted(window.timers):
        yield timer_key(TimerKey(timer.due, timer.timer, "p", timer.row_id)), CODEC.encode((0, 1))


def window(rows: Sequence[tuple[str, bytes]], now: int) -> Window:
    """A player as a worker of this release finds it in state that another wrote."""
    found = Window(now)
    for key, value in rows:
        expires_at, each, _ = CODEC.decode(key.encode(), value)
        if key.startswith("\0"):
            timer = parse_timer(key)
            found.timers.add(Timer(timer.due, timer.name, timer.row_id))
        else:
            _, kind, row_id = key.split("\0", 2)
            found.put(kind, row_id, each, expires_at)
    return found


def _as_json(told: Told) -> dict[str, Any]:
    return {
        "before": [_fact(each) for each in told.before],
        "rows": [[key, value.hex()] for key, value in told.rows],
        "then": [_fact(each) for each in told.then],
    }


def of_json(value: dict[str, Any]) -> Told:
    """A player of a golden file."""
    rows = [(key, bytes.fromhex(text)) for key, text in value["rows"]]
    before, then = (
        [Arrival(load_fact(text.encode()), *where) for text, *where in value[name]] for name in ("before", "then")
    )
    return Told(before, rows, then)


def _fact(arrival: Arrival) -> list[Any]:
    return [dump_fact(arrival.fact).decode(), arrival.cause, arrival.time]
