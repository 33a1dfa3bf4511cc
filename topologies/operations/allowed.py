"""Whether we are allowed what we are about to begin."""

from topologies.graph import Topology
from topologies.operations import acls, posting
from topologies.operations.acls import Role
from topologies.runtime import rights
from topologies.runtime.errors import Misconfigured
from topologies.runtime.kafka.admin import Admin
from topologies.settings import Settings


def check(admin: Admin, topology: Topology, settings: Settings, role: Role) -> None:
    """Ask for a role's rights to topics, all at once: nobody should have to find them out one after the other.

    Raises:
        Misconfigured: names every one that is lacking.
        Unavailable: the cluster does not answer.
    """
    needed = acls.rights(topology, settings.app, role, is_retrying=posting.is_retrying(topology, settings))
    if found := admin.lacking([each for each in needed if each.resource == "topic"]):
        raise Misconfigured(rights.sentence(found))
