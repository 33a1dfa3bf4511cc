from collections.abc import Callable, Sequence

import pytest

from topologies.runtime.journal.assembly import Commit
from topologies.runtime.journal.marker import Heard, Marker, Slice

MakeCommit = Callable[..., Commit]


@pytest.fixture
def make_commit() -> MakeCommit:
    """A commit n that lies from offset 10 n to 10 n + 9, at position n of its inputs, with one row."""

    def make(
        number: int,
        rewound_to: int | None = None,
        bets: int | None = None,
        slices: Sequence[Slice] = (),
        heard: Sequence[Heard] = (),
        rows: int = 1,
        gap: str | None = None,
    ) -> Commit:
        inputs = {"bets": number if bets is None else bets, "orders": number}
        marker = Marker(number, inputs, 0, slices, heard, rewound_to=rewound_to, images=rows)
        return Commit(number, 10 * number, 10 * number + 9, rows, marker, gap)

    return make
