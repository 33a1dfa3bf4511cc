import pytest

from topologies.operations.letters.selection import Selection, name
from topologies.runtime.letters.letter import Letter, Place

LETTER = Letter(2, 17, 5_000, b"anna", b"{}", "invalid", "why", Place("bets", 2, 40), 1_000, 5_000, 1, "", [])


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), True),
        (Selection(names=frozenset({(2, 17)})), True),
        (Selection(names=frozenset({(2, 18), (1, 17)})), False),
        (Selection(classes=frozenset({"invalid", "bug"})), True),
        (Selection(classes=frozenset({"bug"})), False),
        (Selection(topics=frozenset({"bets"})), True),
        (Selection(topics=frozenset({"orders"})), False),
        (Selection(player="anna"), True),
        (Selection(player="ann"), False),
        (Selection(since_ms=5_000), True),
        (Selection(since_ms=5_001), False),
        (Selection(until_ms=5_001), True),
        (Selection(until_ms=5_000), False),
        (Selection(classes=frozenset({"invalid"}), player="bert"), False),
    ],
)
def test_a_letter_must_pass_all_that_is_given(selection: Selection, expected: object) -> None:
    assert expected == selection.wants(LETTER)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), [0, 1, 2]),
        (Selection(partitions=frozenset({0, 2})), [0, 2]),
        (Selection(names=frozenset({(1, 5), (1, 6)})), [1]),
        (Selection(names=frozenset({(1, 5)}), partitions=frozenset({0})), []),
    ],
)
def test_only_partitions_that_may_have_some_are_read(selection: Selection, expected: list[int]) -> None:
    assert expected == [number for number in range(3) if selection.has(number)]


def test_a_named_letter_is_where_the_reading_begins() -> None:
    selection = Selection(names=frozenset({(1, 500), (1, 400), (2, 3)}))

    assert (400, 450, 7) == (selection.begin(1, 0), selection.begin(1, 450), Selection().begin(1, 7))


@pytest.mark.parametrize("text", ["2/17", "dead/2/17"])
def test_a_letter_is_named_by_its_place(text: str) -> None:
    assert (2, 17) == name(text, "dead")


@pytest.mark.parametrize("text", ["", "2", "2/", "/17", "2/x", "other/2/17", "-2/17", "2/17/3"])
def test_what_names_no_letter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no dead letter such as 2/17"):
        name(text, "dead")
