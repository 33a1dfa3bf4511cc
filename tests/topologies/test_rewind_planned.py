"""Plans in files, and what has to be asked before they are executed."""

import json
from pathlib import Path

import pytest

from tests.topologies import plans
from topologies.operations.rewind import planned
from topologies.operations.rewind.planned import DAY_MS, Planned, much
from topologies.runtime.errors import Misconfigured

PLAN = plans.PLAN._replace(players=6_000)
NOON = 1_763_640_000_000
PLANNED = Planned(PLAN, NOON, NOON + 1000)
OTHER = PLANNED._replace(plan=PLAN._replace(partition=5))


def test_plans_come_out_of_a_file_as_they_went_in(tmp_path: Path) -> None:
    planned.write(tmp_path / "plans.jsonl", [PLANNED, OTHER])

    assert [PLANNED, OTHER] == planned.read(tmp_path / "plans.jsonl")


def test_a_line_of_a_file_is_a_json_object_that_programs_can_read(tmp_path: Path) -> None:
    planned.write(tmp_path / "plans.jsonl", [PLANNED])

    found = json.loads((tmp_path / "plans.jsonl").read_text())
    assert (3, 17, {"bets": 80, "orders": 0}, NOON) == tuple(
        found[name] for name in ("partition", "commit", "records", "at_ms")
    )
    assert found["estimate_s"] > 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "has no plan", id="empty"),
        pytest.param("nonsense\n", "line 1: this is no plan of a rewind: it is not JSON", id="not JSON"),
        pytest.param("\n[1]\n", "line 2: this is no plan of a rewind: it has no version", id="not an object"),
        pytest.param('{"v": 9}\n', "line 1: this plan has version 9", id="of another release"),
    ],
)
def test_a_file_that_has_no_plans_is_named_with_the_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "plans.jsonl").write_text(text)

    with pytest.raises(Misconfigured) as refused:
        planned.read(tmp_path / "plans.jsonl")
    assert f"{tmp_path}/plans.jsonl" in str(refused.value)
    assert why in str(refused.value)


def test_a_file_has_one_plan_for_a_partition(tmp_path: Path) -> None:
    planned.write(tmp_path / "plans.jsonl", [PLANNED, PLANNED])

    with pytest.raises(Misconfigured, match="has two plans for one partition"):
        planned.read(tmp_path / "plans.jsonl")


def test_a_plan_without_its_times_is_none(tmp_path: Path) -> None:
    planned.write(tmp_path / "plans.jsonl", [PLANNED])
    found = json.loads((tmp_path / "plans.jsonl").read_text())
    (tmp_path / "plans.jsonl").write_text(json.dumps({**found, "at_ms": "noon"}))

    with pytest.raises(Misconfigured, match="line 1: this is no plan of a rewind: it has no times"):
        planned.read(tmp_path / "plans.jsonl")


@pytest.mark.parametrize("act", [planned.read, lambda path: planned.write(path, [PLANNED])])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, act: object) -> None:
    assert callable(act)
    with pytest.raises(Misconfigured, match=f"{tmp_path}/nowhere/plans cannot be"):
        act(tmp_path / "nowhere" / "plans")


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        pytest.param([PLANNED], "", id="little"),
        pytest.param([PLANNED, OTHER], "what 12,000 players have done", id="many players, over all partitions"),
        pytest.param(
            [PLANNED, PLANNED._replace(newest_at_ms=NOON + 2 * DAY_MS + 1)],
            "what 12,000 players have done and 2.0 days",
            id="many players, and days",
        ),
        pytest.param([PLANNED._replace(newest_at_ms=NOON + DAY_MS)], "", id="a day, just"),
        pytest.param([PLANNED._replace(newest_at_ms=NOON + DAY_MS * 3 // 2)], "1.5 days", id="more than a day"),
    ],
)
def test_much_is_many_players_or_more_than_a_day(plans: list[Planned], expected: str) -> None:
    assert expected == much(plans)


def test_a_plan_that_ends_where_we_are_takes_nothing_back() -> None:
    assert PLANNED._replace(plan=PLAN._replace(commit=20)).is_empty
    assert not PLANNED.is_empty
