"""A player's story from values: which line comes where, what it stands below, and what became of rows."""

from collections.abc import Sequence
from typing import Any

import pytest

from topologies.operations.explain import showing
from topologies.operations.explain.found import Commit, Found, Input, Said
from topologies.operations.explain.story import Line, story
from topologies.row_words import named
from topologies.runtime.journal.marker import Heard, Slice
from topologies.runtime.overlay import TimerKey, timer_key
from topologies.runtime.rowcodec import RowCodec
from topologies.schemas import BONUSES, CALLS, ORDERS

NOON = 1_763_640_000_000
CODEC = RowCodec(1, lambda _kind, _version, row: row)
TOPICS = (ORDERS, BONUSES, CALLS)


def call(offset: int, seconds: float = 0, **fields: Any) -> Input:
    request = {"transaction_id": f"c{offset}", "amount": 150, "currency": "EUR", "round_id": "r", **fields}
    value = {"action": "debit", "request": request}
    return Input(CALLS, 0, offset, NOON + round(seconds * 1000), CALLS, value)


def order(offset: int, seconds: float = 0, **fields: Any) -> Input:
    value = {"OrderID": f"o{offset}", "OrderAmount": "45.00", "OrderCurrency": "EUR", "Status": "completed", **fields}
    return Input(ORDERS, 0, offset, NOON + round(seconds * 1000), ORDERS, value)


def said(cause: str, event_id: str, offset: int, replay: str | None = None, content: str = "h") -> Said:
    value = {"payment_id": event_id, "type": "Credit", "status": "Approved", "amount": 45.0, "currency": "EUR"}
    return Said(f"crm.events/0/{offset}", NOON, "event", event_id, content, cause, "PAYMENT", value, replay)


def commit(number: int, begins: Sequence[int], *slices: Sequence[int], **fields: Any) -> Commit:
    """Offsets in the order of the topics."""
    ends = slices[-1] if slices else begins
    made = [Slice(tuple(each), NOON, None, None) for each in slices]
    at_ms = NOON + number * 60_000
    inputs = dict(zip(TOPICS, ends, strict=True))
    return Commit(number, at_ms, dict(zip(TOPICS, begins, strict=True)), inputs, made, NOON, **fields)


def heard(*ids: str, content: str = "h") -> list[Heard]:
    return [Heard("anna", each, content) for each in ids]


def win(row_id: str, time: int | None) -> tuple[bytes, bytes | None]:
    return f"anna\0win\0{row_id}".encode(), None if time is None else CODEC.encode((0, time))


def there(row_id: str, time: int) -> dict[bytes, bytes]:
    """The state as it is now."""
    return {f"anna\0win\0{row_id}".encode(): CODEC.encode((0, time))}


def told(
    inputs: Sequence[Input] = (), all_said: Sequence[Said] = (), commits: Sequence[Commit] = (), **fields: Any
) -> list[Line]:
    given = {"now": {}, "ends": {}, **fields}
    return story(Found("anna", 0, inputs, all_said, commits, **given), CODEC.decode)


def outline(lines: Sequence[Line]) -> list[tuple[str, str | None, int | None]]:
    """What, where or below what, in which commit."""
    return [(each.what, each.where if not each.is_below else each.cause, each.commit) for each in lines]


def order_of(lines: Sequence[Line]) -> list[str | None]:
    return [each.where for each in lines if each.what in ("input", "due", "cause")]


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        pytest.param(
            [commit(1, (0, 0, 0), (1, 0, 2), heard=heard("x"))],
            [f"{CALLS}/0/0", f"{ORDERS}/0/0", f"{CALLS}/0/1"],
            id="one look at the inputs: by time",
        ),
        pytest.param(
            [commit(1, (0, 0, 0), (0, 0, 2), (1, 0, 2), heard=heard("x"))],
            [f"{CALLS}/0/0", f"{CALLS}/0/1", f"{ORDERS}/0/0"],
            id="two looks: what came late stands behind",
        ),
        pytest.param(
            [commit(1, (0, 0, 0), (1, 0, 0), heard=heard("x")), commit(2, (1, 0, 0), (1, 0, 2), heard=heard("y"))],
            [f"{ORDERS}/0/0", f"{CALLS}/0/0", f"{CALLS}/0/1"],
            id="two commits",
        ),
        pytest.param([], [f"{CALLS}/0/0", f"{ORDERS}/0/0", f"{CALLS}/0/1"], id="no journal: by time"),
    ],
)
def test_causes_stand_in_the_order_in_which_they_were_taken(commits: list[Commit], expected: list[str]) -> None:
    inputs = [call(0, 1), call(1, 3), order(0, 2)]

    assert expected == order_of(told(inputs, (), commits))


def test_what_follows_stands_below_its_cause_and_rows_behind_all_causes_of_their_commit() -> None:
    inputs = [order(0), order(1, 1)]
    all_said = [said(inputs[0].where, "a", 0), said(inputs[1].where, "b", 1)]
    one = commit(1, (0, 0, 0), (2, 0, 0), heard=heard("a", "b"), images=[win("w", None)])

    lines = told(inputs, all_said, [one], now=there("w", NOON))

    assert [
        ("input", f"{ORDERS}/0/0", 1),
        ("event", f"{ORDERS}/0/0", 1),
        ("input", f"{ORDERS}/0/1", 1),
        ("event", f"{ORDERS}/0/1", 1),
        ("state", None, 1),
    ] == outline(lines)


def test_a_commit_of_one_cause_names_it_for_its_rows() -> None:
    one = commit(1, (0, 0, 0), (1, 0, 0), images=[win("w", None)])

    assert f"{ORDERS}/0/0" == told([order(0)], (), [one], now=there("w", NOON))[-1].cause


def test_what_became_of_a_row_is_the_next_image_and_at_last_what_there_is_now() -> None:
    commits = [
        commit(1, (0, 0, 0), (0, 0, 0), images=[win("w", None)]),
        commit(2, (0, 0, 0), (0, 0, 0), images=[win("w", 1), win("gone", 5)]),
        commit(3, (0, 0, 0), (0, 0, 0), images=[win("w", 2)]),
    ]

    lines = told((), (), commits, now=there("w", 3))

    assert [(1, "w", None, 1), (2, "w", 1, 2), (2, "gone", 5, None), (3, "w", 2, 3)] == [
        (each.commit, each.details["id"], each.details["before"], each.details["after"])
        for each in lines
        if each.details is not None
    ]


def test_a_row_that_only_lives_longer_is_no_change() -> None:
    later = {b"anna\0win\0w": CODEC.encode((99, 7))}

    assert [] == told((), (), [commit(1, (0, 0, 0), (0, 0, 0), images=[win("w", 7)])], now=later)


def test_a_timer_is_a_cause_when_it_fires() -> None:
    due = timer_key(TimerKey(NOON - 5, "bonus-expiry", "anna", "b1")).encode()
    cause = f"timer/0/{NOON - 5}"
    one = commit(1, (0, 0, 0), (1, 0, 0), heard=heard("a"), images=[(due, CODEC.encode((0, 1)))])

    lines = told([order(0)], [said(cause, "a", 0)], [one])

    assert ("due", cause, 1) in outline(lines)
    assert ("event", cause, 1) in outline(lines)
    assert "it was time for bonus-expiry of b1" in [each.text for each in lines]
    assert "timer bonus-expiry of b1, due 2025-11-20T11:59:59.995Z: fired" in [each.text for each in lines]


@pytest.mark.parametrize(
    ("image", "rewound_to", "became"),
    [
        pytest.param(None, None, "set", id="set"),
        pytest.param(b"there", None, "taken back", id="gone before its time"),
        pytest.param(b"there", 0, "taken back", id="by a rewind"),
    ],
)
def test_a_timer_that_is_gone_before_its_time_was_taken_back(
    image: bytes | None, rewound_to: int | None, became: str
) -> None:
    key = timer_key(TimerKey(NOON + 5, "bonus-expiry", "anna", "b1")).encode()
    lines = told((), (), [commit(1, (0, 0, 0), (0, 0, 0), images=[(key, image)], rewound_to=rewound_to)])

    assert became == (lines[-1].details or {})["became"]


def test_a_rewind_stands_between_what_it_took_back_and_what_came_again() -> None:
    inputs = [order(0)]
    all_said = [said(inputs[0].where, "a", 0), said(inputs[0].where, "b", 1, replay="added")]
    commits = [
        commit(2, (0, 0, 0), (1, 0, 0), heard=heard("a"), images=[win("w", None)]),
        commit(3, (1, 0, 0), rewound_to=1, rewind="3f9a01bc", images=[win("w", 1)])._replace(
            inputs=dict.fromkeys(TOPICS, 0)
        ),
        commit(4, (0, 0, 0), (1, 0, 0), heard=heard("a", "b"), rewind="3f9a01bc", images=[win("w", None)]),
    ]

    lines = told(inputs, all_said, commits, now=there("w", 2), reasons={"3f9a01bc": "a wrong rule"})

    where = f"{ORDERS}/0/0"
    assert [
        ("input", where, 2),
        ("event", where, 2),
        ("state", where, 2),
        ("rewind", None, 3),
        ("state", None, 3),
        ("input", where, 4),
        ("event", where, 4),
        ("state", where, 4),
    ] == outline(lines)
    assert "rewind 3f9a01bc took back everything after commit 1: a wrong rule" == lines[3].text
    assert "again: deposit o0 completed: 45.00 EUR" == lines[5].text
    assert lines[6].text.endswith("sent by a replay (never sent before)")
    assert [1, None, 2] == [each.details["after"] for each in lines if each.what == "state" and each.details]


def test_the_steps_of_a_rewind_are_told_as_one() -> None:
    steps = [
        commit(8, (9, 0, 0), rewound_to=5, rewind="r", images=[win("w", 3)]),
        commit(9, (5, 0, 0), rewound_to=2, rewind="r", images=[win("w", 2), win("v", 1)]),
    ]

    lines = told((), (), steps, now=there("w", 1))

    assert "rewind r took back everything after commit 2" == lines[0].text
    assert {("w", 3, 1), ("v", 1, None)} == {
        (each.details["id"], each.details["before"], each.details["after"]) for each in lines[1:] if each.details
    }


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param(
            {"what": "changed", "new": '{"type":"Bet","status":"Approved","amount":4.0,"currency":"EUR"}'},
            "changed, not sent, the CRM has heard it otherwise: casino/debit/1: Bet Approved 4.00 EUR",
            id="changed",
        ),
        pytest.param(
            {"what": "vanished", "new": None},
            "vanished: the CRM has heard casino/debit/1, the replay did not come to it",
            id="vanished",
        ),
        pytest.param({"what": "added", "new": None}, "added, not sent, as was asked: casino/debit/1", id="not emitted"),
    ],
)
def test_what_a_replay_found_and_did_not_send_is_told(line: dict[str, Any], text: str) -> None:
    full = {"key": "anna", "id": "casino/debit/1", "old": "h", "sent": False, **line}
    lines = told((), (), [commit(4, (0, 0, 0), (0, 0, 0), rewind="r", differences=[full, {**full, "sent": True}])])

    assert [text] == [each.text for each in lines]


def test_a_record_that_waited_tells_later_what_came_of_it() -> None:
    """Its cause was read in an earlier commit, or before the story begins."""
    commits = [commit(1, (0, 0, 0), (0, 0, 1)), commit(2, (0, 0, 1), (1, 0, 1), heard=heard("a", "b"))]
    waited = call(0)

    lines = told([waited, order(0)], [said(order(0).where, "a", 0), said(waited.where, "b", 1)], commits)

    assert [
        ("input", f"{CALLS}/0/0", 1),
        ("input", f"{ORDERS}/0/0", 2),
        ("event", f"{ORDERS}/0/0", 2),
        ("cause", f"{CALLS}/0/0", 2),
        ("event", f"{CALLS}/0/0", 2),
    ] == outline(lines)
    assert "what had waited: bet c0: 1.50 EUR, round r" == lines[3].text


def test_of_a_commit_whose_beginning_is_unknown_what_it_said_tells_what_it_took() -> None:
    """The first that retention has left of the journal, or after a time in which it was off."""
    one = commit(7, (1, 0, 0), (1, 0, 0), heard=heard("a"))

    lines = told([order(0)], [said(order(0).where, "a", 0)], [one])

    assert [("input", f"{ORDERS}/0/0", 7), ("event", f"{ORDERS}/0/0", 7)] == outline(lines)


def test_what_is_behind_the_last_commit_is_not_processed_yet() -> None:
    one = commit(1, (0, 0, 0), (1, 0, 0), heard=heard("a"))

    lines = told([order(0), order(1, 1)], (), [one], ends={ORDERS: 1})

    assert ["deposit o0 completed: 45.00 EUR", "not processed yet: deposit o1 completed: 45.00 EUR"] == [
        each.text for each in lines
    ]


def test_the_text_says_a_time_once_and_steers_no_terminal() -> None:
    inputs = [order(0, OrderID="o\x1b[2J", Status="completed")]
    one = commit(1, (0, 0, 0), (1, 0, 0), heard=heard("a"), images=[win("w", None)])
    found = Found("anna", 3, inputs, [said(inputs[0].where, "a", 0)], [one], there("w", NOON), {})

    assert [
        "player anna, partition 3: 1 record, 1 event, 0 dead letters. times are UTC",
        "2025-11-20 12:00:00  deposit o [2J completed: 45.00 EUR",
        "                     (rebilly.orders/0/0, commit 1)",
        "                     → CRM: PAYMENT a Credit Approved 45.00 EUR",
        "2025-11-20 12:01:00  commit 1 wrote",
        "                     → win w: new",
    ] == "\n".join(showing.text(found, story(found, CODEC.decode))).splitlines()


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        pytest.param("payment-id", ["o1", 5], {"order_id": "o1", "created_at": 5}, id="a kind with fields"),
        pytest.param("win", 5, 5, id="a kind with one value"),
        pytest.param("payment-id", ["o1", 5, "more"], ["o1", 5, "more"], id="another shape"),
    ],
)
def test_rows_are_told_with_their_fields_by_name(kind: str, row: Any, expected: Any) -> None:
    assert expected == named(kind, row)
