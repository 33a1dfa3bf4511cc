"""Commands that have come to a task: each is taken up once, in a transaction that also says what became of it."""

from collections.abc import Mapping

from topologies.runtime.batch import Batch
from topologies.runtime.forgetting import row as forgetting
from topologies.runtime.forgetting.row import Forgetting
from topologies.runtime.overlay import Overlay
from topologies.runtime.rewinding import control, row
from topologies.runtime.rewinding.control import Answer, Command, Forget
from topologies.runtime.rewinding.row import Rewind

REMEMBERED_MS = 86_400_000
"""How long after its deadline, which clocks may see differently. One that comes later still has expired."""


def obey(said: object, running: Rewind | None, batch: Batch, overlay: Overlay, now_ms: int) -> bool:
    """Take one record of the control topic into a batch; whether the task has other things to do from there on."""
    if not isinstance(said, Command | Forget) or _is_known(said, overlay, now_ms):
        return False
    why = _refusal(said, running, now_ms)
    batch.answers.append(control.answer_row(why or Answer(said.id, "accepted", "", now_ms, {})))
    if why is not None:
        return False
    if isinstance(said, Forget):
        overlay.batch[forgetting.KEY] = (0, forgetting.as_row(Forgetting(said, {})))
    else:
        overlay.batch[row.KEY] = (0, row.as_row(row.asked(said)))
    return True


def _is_known(command: Command | Forget, overlay: Overlay, now_ms: int) -> bool:
    """Whether it was answered before: a tool that has not heard so sends it again. If not, now it is."""
    known = overlay.find(row.OBEYED)[1] or {}
    if command.id in known:
        return True
    overlay.batch[row.OBEYED] = (0, remembered(known, command, now_ms))
    return False


def remembered(known: Mapping[str, int], command: Command | Forget, now_ms: int) -> dict[str, int]:
    """Return which commands were answered, deadlines by id, with this one."""
    kept = {each: deadline_ms for each, deadline_ms in known.items() if deadline_ms + REMEMBERED_MS >= now_ms}
    return {**kept, command.id: command.deadline_ms}


def _refusal(command: Command | Forget, running: Rewind | None, now_ms: int) -> Answer | None:
    if now_ms > command.deadline_ms:
        return Answer(command.id, "expired", "no worker has taken it up before its deadline", now_ms, {})
    if running is not None:
        why = f"rewind {running.command.id} of this partition is still under way"
        return Answer(command.id, "refused", why, now_ms, {})
    return None
