from collections.abc import Iterator
from pathlib import Path

import pytest

from topologies.runtime.store import Bounds, Store

BOUNDS = Bounds(block_cache_bytes=1 << 20, write_buffer_bytes=1 << 20)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A real RocksDB in a directory of its own."""
    made = Store(tmp_path / "store", BOUNDS)
    yield made
    made.close()
