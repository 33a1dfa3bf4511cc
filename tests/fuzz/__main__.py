"""Fuzz for some minutes: `python -m tests.fuzz MINUTES [DOOR]`. What is found is kept in `tests/fuzz/corpus`."""

import contextlib
import hashlib
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from tests.fuzz.doors import DOORS
from tests.fuzz.mutating import spoiled

CORPUS = Path(__file__).parent / "corpus"
EXAMPLES = 2_000


def fuzz(name: str) -> bytes | None:
    """Try some thousand cases; return the shortest that was found to break out."""
    door, broken = DOORS[name], list[bytes]()

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=spoiled(door.seeds))
    def attempt(data: bytes) -> None:
        with contextlib.suppress(*door.declared):
            try:
                door.read(data)
            except door.declared:
                raise
            except BaseException:
                broken.append(data)
                raise

    try:
        attempt()
    except BaseException as error:
        if not broken:
            raise
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
        return min(broken, key=len)
    return None


def main(minutes: float, names: list[str]) -> int:
    """Return how many doors were broken."""
    give_up_at, found, rounds = time.monotonic() + minutes * 60, set[str](), 0
    while time.monotonic() < give_up_at and (left := [name for name in names if name not in found]):
        for name in left:
            if (data := fuzz(name)) is not None:
                found.add(name)
                path = CORPUS / name / hashlib.sha256(data).hexdigest()[:12]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                print(f"{name}: kept as {path}")
        rounds += 1
    print(f"{rounds} rounds of {EXAMPLES:,} cases for each of {len(names)} doors, {len(found)} broken")
    return len(found)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:] or list(DOORS)) > 0)
