"""Every protection that can be switched off is, and what shows that it is seen is what it is there for."""

from tests.chaos import blind, blinding
from tests.chaos.blinding import BLINDINGS
from tests.chaos.oracle import Verdict
from tests.chaos.report import Run


def run(*wrong: str) -> Run:
    return Run(1, 2, [], [], [], 0, 0, 0, 0, 0, Verdict(wrong, 0, 0))


def test_every_switch_is_used() -> None:
    assert set(blind.SWITCHES) == {each.switch for each in BLINDINGS}


def test_that_a_run_came_to_an_end_does_not_show_that_it_was_seen() -> None:
    ended = run("no recovery from 'Produce cut'", "worker-1 ended with exit code 1 when it was told to stop")

    assert [None] * len(BLINDINGS) == [blinding.said(each, ended) for each in BLINDINGS]


def test_what_a_reader_notices_is_said_rather_than_what_lies_on_a_disk() -> None:
    recovery = next(each for each in BLINDINGS if each.switch == "recovery")
    lost = "partition 3: events lost: 1, p245 casino/refund/t6"

    assert lost == blinding.said(recovery, run("partition 0: worker-1 has died with other rows of commit 156", lost))
