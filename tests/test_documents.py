"""What the documents say of the tests is so."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", (ROOT / "docs/peers.md").read_text())


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_test_that_stands_for_a_fault_is_there(file: str, test: str) -> None:
    path = ROOT / file if file.startswith("tests/") else ROOT / "tests/integration" / file

    assert f"def {test}(" in path.read_text()


def test_faults_are_named() -> None:
    assert len(NAMED) > 20
