"""When a player was forgotten: by the salted hash in the control topic, as long as the journal has its salt."""

from collections.abc import Mapping, Sequence

from topologies.operations.explain.found import Commit, Forgotten
from topologies.operations.rewind.site import Site
from topologies.runtime.forgetting.row import salted
from topologies.runtime.forgetting.steps import COMMIT
from topologies.runtime.journal.record import SALT
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import Answer, Forget


def forgotten(site: Site, partition: int, player: str) -> Forgotten | None:
    """Return the last time that a player was forgotten; None: never, or so long ago that nobody can tell."""
    where = (site.own.control, partition)
    said = [control.decode(each.message.value) for each in site.read({where: _bounds(site, where)})]
    done = {each.id: each for each in said if isinstance(each, Answer) and each.outcome == "done"}
    asked = [each for each in said if isinstance(each, Forget) and each.id in done]
    for command in reversed(asked):
        salt = _salt(site, partition, command.salt_offset)
        if salt is not None and salted(player.encode(), salt) == command.hash:
            answer = done[command.id]
            return Forgotten(command.id, answer.at_ms, answer.counts[COMMIT], command.reason)
    return None


def _bounds(site: Site, where: Partition) -> tuple[int, int]:
    return site.admin.beginnings([where])[where], site.admin.stable_ends([where])[where]


def _salt(site: Site, partition: int, offset: int) -> bytes | None:
    if offset < site.bounds(partition)[0]:
        return None
    found = next(site.read({(site.own.journal, partition): (offset, offset + 1)}), None)
    return found.message.value if found is not None and (found.message.key or b"").startswith(SALT) else None


def without(commits: Sequence[Commit], forgot: Forgotten) -> list[Commit]:
    """Return commits of which those before a forgetting do not say any more what they have changed."""
    return [each._replace(images=()) if each.number <= forgot.commit else each for each in commits]


def inputs(commits: Sequence[Commit], forgot: Forgotten) -> Mapping[str, int]:
    """Return where the inputs stood; empty: there was nothing to forget."""
    return next((each.inputs for each in commits if each.number == forgot.commit), {})
