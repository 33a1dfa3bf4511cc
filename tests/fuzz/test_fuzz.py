"""Whatever bytes come: never anything but the declared errors. What was found once is tried for ever."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.doors import CODEC, DOORS
from tests.fuzz.mutating import spoiled
from tests.fuzz.samples import TRAILING
from topologies.graph import Message, Undecodable
from topologies.schemas import RATES

CORPUS = Path(__file__).parent / "corpus"
FOUND = sorted(CORPUS.glob("*/*"))


@pytest.mark.parametrize("name", DOORS)
def test_the_seeds_are_read(name: str) -> None:
    for seed in DOORS[name].seeds:
        DOORS[name].read(seed)


@pytest.mark.parametrize("name", DOORS)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_but_the_declared_errors(name: str, data: st.DataObject) -> None:
    door = DOORS[name]
    with contextlib.suppress(*door.declared):
        door.read(data.draw(spoiled(door.seeds)))


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}: {path.name}")
def test_what_was_found_once(path: Path) -> None:
    door = DOORS[path.parent.name]
    with contextlib.suppress(*door.declared):
        door.read(path.read_bytes())


@pytest.mark.parametrize("kept", range(10, len(TRAILING.value)))
def test_a_value_that_is_cut_off_in_a_field_that_we_pass_over_is_undecodable(kept: int) -> None:
    (found,) = CODEC.decode(RATES, [Message(RATES, 0, 0, 0, b"", TRAILING.value[:kept])])

    assert isinstance(found, Undecodable)
    assert "undecodable" == found.kind
