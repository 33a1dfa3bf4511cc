"""The control topic from a tool's side: what is asked, and what was ever asked."""

import getpass
import os
import secrets
import socket
from collections.abc import Sequence
from typing import NamedTuple

from topologies.operations import components
from topologies.operations.rewind import history
from topologies.operations.rewind.history import Rewind
from topologies.operations.rewind.planned import Planned
from topologies.operations.rewind.site import Site
from topologies.runtime.journal.plan import Plan
from topologies.runtime.kafka.sender import Sender
from topologies.runtime.rewinding.control import Command, Emit


class Wish(NamedTuple):
    """How a rewind is to be done, and why; it is not begun any more after `deadline_ms`, a duration."""

    emit: Emit
    reason: str
    deadline_ms: int


def asked(planned: Sequence[Planned], wish: Wish, now_ms: int) -> list[Rewind]:
    """Return what executes plans: one rewind of several partitions, under one id."""
    name, by, deadline_ms = secrets.token_hex(4), person(), now_ms + wish.deadline_ms

    def command(plan: Plan) -> Command:
        return Command(name, plan.commit, plan.journal_offset, wish.emit, by, wish.reason, now_ms, deadline_ms)

    return [Rewind(each.plan.partition, command(each.plan), each) for each in planned]


def person() -> str:
    """Who asks: `user@host`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # In a container a user need not have a name.
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def send(site: Site, rewinds: Sequence[Rewind]) -> None:
    """Give commands to the workers that have the partitions.

    Raises:
        Unknown: some may not have arrived.
    """
    sender = Sender(components.cluster(site.settings))
    for each in rewinds:
        sender.send(site.own.control, *history.row(each), each.command.at_ms, each.partition)
    sender.flush()


def ever_asked(site: Site) -> list[Rewind]:
    """Return all rewinds that were ever asked for, the oldest first."""
    here = [(site.own.control, number) for number in sorted(site.partitions)]
    begins, ends = site.admin.beginnings(here), site.admin.stable_ends(here)
    found = site.read({where: (begins[where], ends[where]) for where in here})
    return history.rewinds((message.partition, message.value) for message, _ in found)


def under_way(site: Site, now_ms: int) -> list[Rewind]:
    """Return the rewinds that are not over, or were not begun and still may be."""
    return [each for each in ever_asked(site) if not each.is_over and each.state(now_ms) != "expired"]
