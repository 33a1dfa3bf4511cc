"""The histories reach everything: no rule, no cell of a table and no wait is never seen in 1,000 of them."""

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random

import histories
import pytest
import sightings
from histories import RULES
from judging import RATES
from running import let_pass, run
from samples import DAY
from sightings import Seen

HISTORIES = 1000

EXPECTED: dict[str, Mapping[str, str]] = {
    "rules of the join": sightings.RULES,
    "waits": sightings.WAITS,
    "cells of the payments' tables": {cell: cell for cell in [*sightings.PAYMENT_CELLS, *sightings.AFTER]},
    "cells of the bonuses' table": {cell: cell for cell in sightings.BONUS_CELLS},
}


@pytest.fixture(scope="module")
def seen() -> Seen:
    """What was seen in all histories, told in time order."""
    noted: Seen = Counter()
    with pytest.MonkeyPatch.context() as patch:
        sightings.watch(patch, noted)
        for seed in range(HISTORIES):
            told = run(histories.in_time_order(histories.history(Random(seed))), RULES, RATES)
            let_pass(told, told.window.now + DAY, RULES, RATES)
            sightings.note(told, noted)
    return noted


@pytest.mark.parametrize("what", EXPECTED)
def test_everything_is_seen(what: str, seen: Seen, show: Callable[[str, str], None]) -> None:
    for name, sighting in EXPECTED[what].items():
        show(f"{what}, times seen in {HISTORIES} histories", f"{seen[sighting]:6} {name}")

    assert [] == [name for name, sighting in EXPECTED[what].items() if not seen[sighting]]
