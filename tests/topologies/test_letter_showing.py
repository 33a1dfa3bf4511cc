import json

import pytest

from topologies.operations.letters.selection import Listed
from topologies.operations.letters.showing import FORMATS
from topologies.runtime.letters.letter import Letter, Note, Place
from topologies.units import instant

AT_MS = instant("2026-11-20T10:00:00Z")
LETTER = Letter(2, 17, AT_MS, b"anna", b"{}", "invalid", "why", Place("bets", 2, 40), AT_MS, AT_MS, 3, "", [])
NOTE = Note(LETTER.source, 4, "bert@laptop", AT_MS)


def shown(form: str, *listed: Listed, width: int = 80) -> list[str]:
    return [line for lines in FORMATS[form](width)(listed) for line in lines.splitlines()]


def test_a_line_says_what_it_is_and_the_one_below_why() -> None:
    assert [
        "LETTER    PLAYER    WRITTEN        STATE    CLASS",
        "2/17      anna      11-20 10:00:00 open     invalid",
        "  bets/2/40, attempt 3: why",
        "2/17      anna      11-20 10:00:00 replayed invalid",
        "  bets/2/40, attempt 3: why",
    ] == shown("table", Listed(LETTER, None), Listed(LETTER, NOTE))


def test_no_line_is_wider_than_the_terminal_and_nothing_steers_it() -> None:
    worst = LETTER._replace(key=b"x\x1b" * 99, reason="too long\n " * 99, kind="y" * 99)

    lines = shown("table", Listed(worst, None), width=60)

    assert 60 >= max(map(len, lines))
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("timestamp", [-1, 10**18])
def test_a_time_that_has_no_form_is_a_number_or_before_1970(timestamp: int) -> None:
    (line,) = shown("jsonl", Listed(LETTER._replace(timestamp=timestamp), None))

    assert json.loads(line)["timestamp"] in {"1969-12-31T23:59:59.999Z", str(10**18)}


def test_who_has_replayed_it_is_told() -> None:
    (line,) = shown("jsonl", Listed(LETTER, NOTE))

    assert {"at": "2026-11-20T10:00:00Z", "by": "bert@laptop"} == json.loads(line)["replayed"]
