import tracemalloc

import pytest

from topologies.wire import dump_json

TEXTS = 1_000
OVERHEAD = 100
"""Of a bytes object, and its place in a list."""


@pytest.mark.parametrize("length", [10, 1_000, 5_000])
def test_a_text_takes_no_more_memory_than_its_length(length: int) -> None:
    """The events of a batch are kept until its commit: 5,000 small texts in buffers of 4 KB would be 20 MB."""
    value = {"text": "x" * length}
    tracemalloc.start()

    texts = [dump_json(value) for _ in range(TEXTS)]

    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < sum(len(text) + OVERHEAD for text in texts)
