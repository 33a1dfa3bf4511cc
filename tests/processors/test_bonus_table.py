"""The life of a bonus by the platform's word, cell by cell."""

from typing import Any

import pytest
from saga import Saga
from samples import NOON, SECOND, bonus_change

from processors.bonus_table import NOTHING, STATUSES, TABLE

TABLE_OF_THE_CRM = """
                 Pending  Created  Ongoing  Completed  AutoCompleted  Forfeited  Expired  Lost  Reversed
(none)           yes      yes      yes*     yes†       no             yes        yes      no    no
Pending          dup      yes      yes*     yes†       no             yes        yes      no    no
Created          late     dup      yes      yes        yes            yes        yes      yes   no
Ongoing          late     late     progress yes        yes            yes        yes      yes   no
Completed        late     late     late     dup        no             no         no       no    no
AutoCompleted    late     late     late     no         dup            no         no       no    yes
Forfeited        late     late     late     no         no             dup        no       no    yes
Expired          late     late     late     no         no             no         dup      no    yes
Lost             late     late     late     no         no             no         no       dup   yes
Reversed         late     late     yes      yes        yes            yes        yes      yes   dup
"""

WAY_TO = {
    "(none)": [],
    "Pending": ["Pending"],
    "Created": ["Created"],
    "Ongoing": ["Created", "Ongoing"],
    "Completed": ["Created", "Completed"],
    "AutoCompleted": ["Created", "AutoCompleted"],
    "Forfeited": ["Created", "Forfeited"],
    "Expired": ["Created", "Expired"],
    "Lost": ["Created", "Lost"],
    "Reversed": ["Created", "Forfeited", "Reversed"],
}


def cells() -> list[Any]:
    head, *lines = TABLE_OF_THE_CRM.strip().splitlines()
    return [
        pytest.param(before, to, cell, id=f"{before} to {to}: {cell}")
        for before, *row in (line.split() for line in lines)
        for to, cell in zip(head.split(), row, strict=True)
    ]


def told(*statuses: str, **said: Any) -> Saga:
    """The platform says one status a second."""
    changes = [bonus_change(NOON + n * SECOND, status=status, **said) for n, status in enumerate(statuses)]
    return Saga(*changes)


def news(before: str, to: str, **said: Any) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Events, counts and refusals of the last word alone."""
    earlier, later = told(*WAY_TO[before], **said), told(*WAY_TO[before], to, **said)
    assert earlier.refusals == []
    sent = [one.split("/")[1] for one in later.bonus()[len(earlier.bonus()) :]]
    return sent, later.counts[len(earlier.counts) :], later.refused()


@pytest.mark.parametrize(("before", "to", "cell"), cells())
def test_what_the_crm_hears_of_a_status_goes_by_the_table(before: str, to: str, cell: str) -> None:
    refusal = ("illegal-transition", f"{to} after {'nothing' if before == '(none)' else before}")
    expected: dict[str, tuple[list[str], list[str], list[tuple[str, str]]]] = {
        "yes": ([to], [], []),
        "yes*": (["Created", to], [], []),
        "yes†": ([], [], [refusal]),
        "progress": ([to], [], []),
        "dup": ([], ["bonuses-dup"], []),
        "late": ([], ["bonuses-late"], []),
        "no": ([], [], [refusal]),
    }
    assert news(before, to) == expected[cell]


@pytest.mark.parametrize("before", ["(none)", "Pending"])
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"type": "WagerFree"}, ["Completed"], id="wager-free money is completed at once"),
        pytest.param({"required": None}, ["Completed"], id="nothing to wager"),
        pytest.param({"required": 0}, ["Completed"], id="a requirement of zero"),
    ],
)
def test_only_a_bonus_without_wagering_completes_unseen(before: str, said: dict[str, Any], expected: list[str]) -> None:
    assert news(before, "Completed", **said) == (expected, [], [])


@pytest.mark.parametrize("before", ["(none)", "Pending"])
def test_free_spins_that_complete_unseen_are_created_first(before: str) -> None:
    assert news(before, "Completed", type="FreeSpins") == (["Created", "Completed"], [], [])


def test_the_table_has_every_pair_of_statuses() -> None:
    assert set(TABLE) == {(before, to) for before in (NOTHING, *STATUSES) for to in STATUSES}


def test_ongoing_alone_repeats_and_is_numbered() -> None:
    assert told("Created", "Ongoing", "Ongoing", "Ongoing").bonus() == [
        "0/Created",
        "0/Ongoing/0",
        "0/Ongoing/1",
        "0/Ongoing/2",
    ]


def test_each_reversal_begins_an_epoch_that_its_own_event_carries() -> None:
    statuses = ("Created", "Lost", "Reversed", "Ongoing", "Forfeited", "Reversed", "Ongoing", "Completed")
    assert told(*statuses).bonus() == [
        "0/Created",
        "0/Lost",
        "1/Reversed",
        "1/Ongoing/0",
        "1/Forfeited",
        "2/Reversed",
        "2/Ongoing/0",
        "2/Completed",
    ]


@pytest.mark.parametrize("ended", ["Ongoing", "Completed"])
def test_a_reversal_told_again_in_its_epoch_is_a_dup_even_where_the_table_refuses_one(ended: str) -> None:
    saga = told("Created", "Forfeited", "Reversed", ended, "Reversed")
    assert (saga.bonus()[-1].split("/")[:2], saga.counts, saga.refusals) == (["1", ended], ["bonuses-dup"], [])


def test_a_refused_status_changes_nothing() -> None:
    saga = told("Created")
    before = saga.window.living()
    saga.take(bonus_change(NOON + SECOND, status="Reversed"))
    assert (saga.window.living(), saga.refused()) == (before, [("illegal-transition", "Reversed after Created")])
