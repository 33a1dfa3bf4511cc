"""The counts of a run, for people and for programs."""

from collections.abc import Iterator, Mapping

GAP = "  "

WORDS: Mapping[str, str] = {
    "commits": "transactions",
    "dead-letters-sent-again": "by this worker, because what they lacked has come",
    "rows-collected": "rows of state that had expired, deleted",
}
"""What the runtime counts, where its name does not say it."""


def lines(counts: Mapping[str, int], words: Mapping[str, str]) -> Iterator[str]:
    """`name: number` for all that has happened, by name; what it means stands behind where `words` know it.

    The records are told even if there were none, so that a run never says nothing.
    """
    explained = {**WORDS, **words}
    happened = {name: count for name, count in counts.items() if count}
    told = {name: f"{name}: {count}" for name, count in sorted({"records": 0, **happened}.items())}
    width = max(map(len, told.values()))
    for name, text in told.items():
        yield f"{text.ljust(width)}{GAP}{explained[name]}" if name in explained else text
