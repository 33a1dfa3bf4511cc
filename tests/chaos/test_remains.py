"""A store that a worker leaves behind is what was committed up to where it says, and whatever else it is, is said."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.chaos import remains
from tests.chaos.remains import Change, Remains
from topologies.runtime import head
from topologies.runtime.head import Head
from topologies.runtime.rowcodec import RowCodec
from topologies.runtime.store import Applied, Store

CODEC = RowCodec(1, lambda _, __, row: row)

NAME = "worker-0"


def headed(commit: int) -> bytes:
    return head.encode(Head(0, {}, commit), CODEC)[1] or b""


CHANGES = [
    Change(0, b"a", b"1"),
    Change(1, head.KEY, headed(1)),
    # At 2 is the end of a transaction.
    Change(3, b"a", b"2"),
    Change(4, b"b", b"1"),
    Change(5, head.KEY, headed(2)),
    Change(7, b"a", None),
    Change(8, head.KEY, headed(3)),
]


def left(path: Path, offset: int, rows: Mapping[bytes, bytes]) -> list[Remains]:
    """What a worker leaves that has got so far."""
    store = Store(path, remains.BOUNDS)
    store.write(1, list(rows.items()), Applied("topic", offset, 0))
    store.close()
    return remains.of(NAME, path, range(2))


@pytest.mark.parametrize(
    ("offset", "rows"),
    [
        pytest.param(0, {}, id="nothing yet"),
        pytest.param(4, {b"a": b"2", head.KEY: headed(1)}, id="within a restore"),
        pytest.param(6, {b"a": b"2", b"b": b"1", head.KEY: headed(2)}, id="behind the last commit"),
        pytest.param(9, {b"b": b"1", head.KEY: headed(3)}, id="all"),
    ],
)
def test_a_store_may_be_behind(tmp_path: Path, offset: int, rows: Mapping[bytes, bytes]) -> None:
    assert [] == list(remains.wrong(CHANGES, left(tmp_path, offset, rows)))


def test_a_store_with_a_commit_that_never_was_is_ahead(tmp_path: Path) -> None:
    found = list(remains.wrong(CHANGES, left(tmp_path, 12, {b"b": b"1", head.KEY: headed(4)})))

    assert ["worker-0 has died with commit 4 in its store, and the state has come to 3 up to there (12)"] == found


def test_a_store_that_lacks_a_row_is_no_copy_of_the_state(tmp_path: Path) -> None:
    found = list(remains.wrong(CHANGES, left(tmp_path, 6, {b"a": b"2", head.KEY: headed(2)})))

    assert ["worker-0 has died with other rows of commit 2 than the state has: 2, 3"] == found


def test_who_leaves_nothing_has_left_nothing(tmp_path: Path) -> None:
    assert [] == remains.of(NAME, tmp_path / "deleted", range(2))
