"""The proof as text of 80 columns."""

from collections.abc import Iterator, Mapping

from topologies.operations.forget.proof import Proof
from topologies.operations.tables import table
from topologies.runtime.forgetting.steps import COMMIT

WIDTH = 80
TOPICS = ("topic", "records", "until", "what it is")
NOTHING = "nothing"


def text(found: Proof) -> Iterator[str]:
    """What was deleted, what is there again, and what remains in the topics."""
    yield f"player {found.player}, partition {found.partition}"
    yield f"deleted: {_counts(found.deleted)}"
    yield f"in the state now: {_counts(found.rows)}"
    yield ""
    rows = [
        (each.topic, f"{each.records:,}" if each.records else NOTHING, each.until, each.what) for each in found.topics
    ]
    yield table(TOPICS, rows, WIDTH)


def _counts(counts: Mapping[str, int]) -> str:
    said = [f"{count:,} {name}" for name, count in counts.items() if name != COMMIT and count]
    return ", ".join(said) or NOTHING
