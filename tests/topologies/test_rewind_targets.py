"""What a person says of how far back to go."""

from collections.abc import Mapping
from typing import Any

import pytest

from topologies.operations.rewind.targets import OPTIONS, Asked, ToTime, asked, topic_offset
from topologies.runtime.journal.target import ShiftBy, ToCommit, ToEarliest, ToOffsets
from topologies.units import instant

NOON = instant("2026-11-20T12:00:00Z")
INPUTS = ("bets", "orders")
NOTHING: Mapping[str, Any] = {**dict.fromkeys(OPTIONS), "to_earliest": False}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"to_offset": ("bets", 0)}, ToOffsets({"bets": 0}), id="an offset of one input"),
        pytest.param({"to_datetime": "2026-11-20T12:00:00Z"}, ToTime(NOON), id="a time"),
        pytest.param({"to_datetime": "2026-11-20"}, ToTime(NOON - 12 * 3_600_000), id="a date"),
        pytest.param({"to_datetime": "2h"}, ToTime(NOON - 2 * 3_600_000), id="a time, back from now"),
        pytest.param({"by_duration": 90_000}, ToTime(NOON - 90_000), id="a duration"),
        pytest.param({"by_duration": 0}, ToTime(NOON), id="no time at all"),
        pytest.param({"shift_by": 3}, ShiftBy(3), id="some commits"),
        pytest.param({"to_earliest": True}, ToEarliest(), id="as far as it goes"),
        pytest.param({"to_commit": 17}, ToCommit(17), id="one commit"),
    ],
)
def test_each_option_is_a_target(given: Mapping[str, Any], expected: Asked) -> None:
    assert expected == asked({**NOTHING, **given}, NOON, INPUTS)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param({}, "exactly one target is needed, of --to-offset, --to-datetime, ", id="none"),
        pytest.param({"to_commit": 1, "to_earliest": True}, "exactly one target is needed", id="two"),
        pytest.param(
            {"to_offset": ("rates", 3)}, "--to-offset: rates is no input; those are bets, orders", id="a table"
        ),
        pytest.param({"to_datetime": "noon"}, "--to-datetime: `noon` is no time such as", id="a time that is none"),
    ],
)
def test_anything_else_is_refused(given: Mapping[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=r"target|--to") as refused:
        asked({**NOTHING, **given}, NOON, INPUTS)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"), [("rebilly.orders:1204", ("rebilly.orders", 1204)), ("a:b:0", ("a:b", 0))]
)
def test_an_offset_stands_behind_its_topic(text: str, expected: tuple[str, int]) -> None:
    assert expected == topic_offset(text)


@pytest.mark.parametrize("text", ["1204", "rebilly.orders", ":1204", "orders:", "orders:-1", "orders:x"])
def test_an_offset_without_topic_or_number_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no offset such as rebilly\.orders:1204"):
        topic_offset(text)
