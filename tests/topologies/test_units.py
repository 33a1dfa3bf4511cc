from collections.abc import Callable
from typing import Any

import pytest

from topologies import units

HOUR = 3_600_000
NOON = 1_795_176_000_000
"""2026-11-20T12:00:00Z."""


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [
        ("500ms", 500),
        ("10s", 10_000),
        ("2h", 2 * HOUR),
        ("7d", 7 * 24 * HOUR),
        ("1h30m", 90 * 60_000),
        ("P1D", 24 * HOUR),
        ("PT2H30M", 150 * 60_000),
        ("P1W", 7 * 24 * HOUR),
        ("0", 0),
    ],
)
def test_a_duration_has_a_unit(text: str, duration_ms: int) -> None:
    assert duration_ms == units.duration(text)


@pytest.mark.parametrize(
    ("text", "size_bytes"), [("64MiB", 64 << 20), ("1GB", 10**9), ("512 KiB", 512 << 10), ("1048576", 1 << 20)]
)
def test_a_size_is_in_bytes_unless_it_has_a_unit(text: str, size_bytes: int) -> None:
    assert size_bytes == units.size(text)


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        pytest.param("2026-11-20T12:00:00Z", NOON, id="UTC"),
        pytest.param("2026-11-20T13:00:00.250+01:00", NOON + 250, id="offset and milliseconds"),
        pytest.param("2026-11-20", NOON - 12 * HOUR, id="a date is its midnight"),
        pytest.param("2h", NOON - 2 * HOUR, id="two hours back"),
        pytest.param("P1D", NOON - 24 * HOUR, id="a day back, ISO 8601"),
    ],
)
def test_a_time_is_absolute_or_a_duration_back_from_now(text: str, time_ms: int) -> None:
    assert time_ms == units.since(text, now_ms=NOON)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3", {3}), ("0-2,5", {0, 1, 2, 5}), ("7-7", {7}), ("all", None)],
)
def test_a_set_of_partitions(text: str, expected: set[int] | None) -> None:
    assert expected == units.partitions(text)


def test_a_mapping_has_pairs() -> None:
    assert {"123": "brand.com", "124": "x"} == units.mapping("123=brand.com, 124=x")


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        pytest.param(units.duration, "5", "`5` is no duration such as", id="5 what?"),
        pytest.param(units.duration, "1M", "`1M` is no duration such as", id="months vary"),
        pytest.param(units.duration, "P", "`P` is no duration such as", id="ISO without a part"),
        pytest.param(units.duration, "PT", "`PT` is no duration such as", id="ISO time without a part"),
        pytest.param(units.duration, "-5s", "`-5s` is no duration such as", id="negative duration"),
        pytest.param(units.size, "64 pages", "`64 pages` is no size such as", id="unknown unit"),
        pytest.param(units.instant, "2026-11-20T12:00:00", "does not say its offset", id="no offset"),
        pytest.param(units.instant, "yesterday", "`yesterday` is no time such as", id="no time"),
        pytest.param(units.mapping, "123", "`123` is no pair such as", id="no pair"),
        pytest.param(units.mapping, "a=1,a=2", "`a` comes twice", id="key twice"),
        pytest.param(units.partitions, "2-0", "`2-0` is no set of partitions", id="backwards"),
        pytest.param(units.partitions, "", "`` is no set of partitions", id="no partitions"),
    ],
)
def test_what_is_no_such_thing_is_named(parse: Callable[[str], Any], text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_since_offers_all_three_forms() -> None:
    with pytest.raises(ValueError, match=r"`x` is no time such as .* nor a duration back from now such as 2h or P1D"):
        units.since("x", now_ms=NOON)


@pytest.mark.parametrize("text", ["0", "1ms", "1500ms", "90s", "36h", "7d"])
def test_a_duration_reads_as_it_is_written(text: str) -> None:
    assert text == units.duration_text(units.duration(text))


@pytest.mark.parametrize("text", ["0", "1000B", "65KiB", "64MiB", "3GiB"])
def test_a_size_reads_as_it_is_written(text: str) -> None:
    assert text == units.size_text(units.size(text))


@pytest.mark.parametrize("text", ["2026-11-20T12:00:00Z", "2026-11-20T12:00:00.005Z", "1970-01-01T00:00:00Z"])
def test_a_time_reads_as_it_is_written(text: str) -> None:
    assert text == units.instant_text(units.instant(text))
