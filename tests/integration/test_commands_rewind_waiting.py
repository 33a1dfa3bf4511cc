"""`croupier rewind` when it is not clear whether anybody works: it waits, and says for what."""

from collections.abc import Mapping

import pytest

from tests.integration.processes import at_work, working

SESSION = ("group_protocol=classic", "kafka.session.timeout.ms=15000")
"""Of a group of the other kind the broker says that it is moving."""

TOLD = [
    "waiting: no worker answers. one that was a static member counts as there until its session ends",
    "no worker is running any more: it is done without",
    "no worker is running: the replay begins when one does",
]


@pytest.mark.usefixtures("processed")
def test_a_static_member_that_has_left_is_waited_for_until_its_session_ends(environment: Mapping[str, str]) -> None:
    """On a machine that is busy enough, the session is over before the plan is made: then it need not wait."""
    with working(environment, "group_instance_id=static", *SESSION):
        pass
    rewind = at_work(environment, "rewind", "--partition", "0", "--to-earliest", "--execute")
    _, told = rewind.communicate(timeout=60)

    assert 0 == rewind.returncode, told
    assert [line for line in told.splitlines() if "no worker" in line] in (TOLD, TOLD[1:], TOLD[2:])
