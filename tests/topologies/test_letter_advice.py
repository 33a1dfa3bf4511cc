from pathlib import Path
from typing import get_args

from processors.outcome import RefusalClass
from topologies.operations.letters.advice import ADVICE

README = (Path(__file__).parents[2] / "README.md").read_text()

OF_THE_RUNTIME = {"undecodable", "unknown-schema", "wrong-key", "bug"}


def test_every_class_has_its_advice() -> None:
    assert {*get_args(RefusalClass), *OF_THE_RUNTIME} == set(ADVICE)


def test_every_class_is_documented() -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `")]

    assert [] == [kind for kind in ADVICE if not any(f"`{kind}`" in row.split("|")[1] for row in rows)]
