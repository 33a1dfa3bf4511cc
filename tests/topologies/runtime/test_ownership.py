import pytest

from topologies.runtime.ownership import Ownership

INPUTS = ["bets", "orders"]


class Notes:
    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.ownership = Ownership(
            INPUTS,
            lambda number, _incarnation: self.told.append(("gained", number)),
            lambda number: self.told.append(("lost", number)),
        )


@pytest.fixture
def notes() -> Notes:
    return Notes()


def test_a_task_is_ours_when_all_its_inputs_are(notes: Notes) -> None:
    notes.ownership.assigned([("bets", 0), ("bets", 1)])
    assert ([], []) == (notes.told, notes.ownership.tasks)

    notes.ownership.assigned([("orders", 1)])

    assert ([("gained", 1)], [1]) == (notes.told, notes.ownership.tasks)


def test_a_task_is_lost_with_its_first_input_and_once(notes: Notes) -> None:
    notes.ownership.assigned([("bets", 0), ("orders", 0)])

    notes.ownership.revoked([("orders", 0)])
    notes.ownership.revoked([("bets", 0)])

    assert ([("gained", 0), ("lost", 0)], []) == (notes.told, notes.ownership.tasks)


def test_losing_what_was_never_whole_is_no_loss(notes: Notes) -> None:
    notes.ownership.assigned([("bets", 0)])
    notes.ownership.revoked([("bets", 0), ("orders", 7)])

    assert [] == notes.told


def test_a_task_that_comes_back_is_another_incarnation(notes: Notes) -> None:
    both = [("bets", 0), ("orders", 0)]
    notes.ownership.assigned(both)
    first = notes.ownership.incarnations()[0]
    notes.ownership.revoked(both)
    assert not notes.ownership.is_current(0, first)
    notes.ownership.assigned(both)
    second = notes.ownership.incarnations()[0]

    assert (False, True) == (notes.ownership.is_current(0, first), notes.ownership.is_current(0, second))


def test_a_task_that_begins_again_is_another_incarnation(notes: Notes) -> None:
    notes.ownership.assigned([("bets", 0), ("orders", 0)])
    first = notes.ownership.incarnations()[0]

    notes.ownership.renew(0)

    assert not notes.ownership.is_current(0, first)
    assert [("gained", 0), ("gained", 0)] == notes.told
