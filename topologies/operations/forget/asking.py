"""A player's forgetting as a command to the workers, or, when there are none, done by ourselves."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple

from topologies.operations import allowed, components
from topologies.operations.errors import Failed
from topologies.operations.rewind import execution, offline
from topologies.operations.rewind.asking import person
from topologies.operations.rewind.following import GRACE_MS, LOOK_S
from topologies.operations.rewind.site import Site
from topologies.runtime.forgetting.row import salted
from topologies.runtime.journal.record import SALT
from topologies.runtime.kafka import polled
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.sender import Sender
from topologies.runtime.partitioning import PARTITIONERS
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import ENDS, Answer, Forget
from topologies.runtime.task import Moment

SALT_BYTES = 16

Tell = Callable[[str], None]


class Wish(NamedTuple):
    """Why a player is to be forgotten; it is not begun any more after `deadline_ms`, a duration."""

    reason: str
    deadline_ms: int


def partitions(site: Site, player: str) -> Sequence[int]:
    """Return the tasks that may know a player; all when only the inputs' producer knows."""
    choose = PARTITIONERS[site.settings.partitioner]
    return sorted(site.partitions) if choose is None else [choose(player.encode(), len(site.partitions))]


def forget(site: Site, player: str, wish: Wish, now_ms: Callable[[], int], tell: Tell) -> Mapping[int, Answer]:
    """Have a player forgotten, and return the last answer of each partition.

    Raises:
        Failed: nobody can do it.
        Unknown: the command may not have arrived.
        StreamError: the cluster does not answer.
    """
    allowed.check(site.admin, site.topology, site.settings, "eraser")
    phase = execution.settled(site, wish.deadline_ms / 1000, tell)
    numbers = partitions(site, player)

    def ask() -> Mapping[int, Forget]:
        commands = _asked(site, player, wish, now_ms(), numbers)
        tell(f"forget {next(iter(commands.values())).id}")
        return commands

    if phase == "empty":
        return _offline(site, numbers, ask, now_ms)
    with closing(site.reader()) as reader:
        # Before anything is sent: an answer that came earlier than we listen would be missed.
        reader.add(site.admin.ends([(site.own.control, number) for number in numbers]))
        commands = ask()
        return _followed(_answers(reader, commands), commands, now_ms, tell)


def _asked(site: Site, player: str, wish: Wish, now_ms: int, numbers: Sequence[int]) -> Mapping[int, Forget]:
    name, salt, by = secrets.token_hex(4), secrets.token_bytes(SALT_BYTES), person()
    sender = Sender(components.cluster(site.settings))
    commands = {}
    for number in numbers:
        offset = sender.placed(site.own.journal, SALT + name.encode(), salt, now_ms, number)
        whose, deadline_ms = salted(player.encode(), salt), now_ms + wish.deadline_ms
        commands[number] = Forget(name, whose, offset, by, wish.reason, now_ms, deadline_ms)
        sender.send(site.own.control, *control.command_row(commands[number]), now_ms, number)
    sender.flush()
    return commands


def _offline(
    site: Site, numbers: Sequence[int], ask: Callable[[], Mapping[int, Forget]], now_ms: Callable[[], int]
) -> Mapping[int, Answer]:
    """Nothing is sent before it can be done: a worker that comes later would do what we have said is refused.

    One that finds commands which were done passes over them.
    """
    with offline.outside(site.settings, lambda: Moment(now_ms(), time.monotonic())) as worker:
        for number in numbers:
            worker.may_forget(number)
        return {number: worker.forget(number, command)[-1] for number, command in ask().items()}


def _answers(reader: Reader, commands: Mapping[int, Forget]) -> Iterator[Mapping[int, Answer]]:
    """Yield the news by partition, nothing when there is none for a while."""
    while True:
        got = reader.poll(LOOK_S)
        if got.traps:
            raise got.traps[0].error
        said = [(each.partition, control.decode(each.value)) for each in map(polled.message, got.messages)]
        yield {number: each for number, each in said if isinstance(each, Answer) and each.id == commands[number].id}


def _followed(
    news: Iterator[Mapping[int, Answer]], commands: Mapping[int, Forget], now_ms: Callable[[], int], tell: Tell
) -> Mapping[int, Answer]:
    found: dict[int, Answer] = {}
    while any(number not in found or found[number].outcome not in ENDS for number in commands):
        if len(found) < len(commands) and any(now_ms() > each.deadline_ms + GRACE_MS for each in commands.values()):
            raise Failed("no worker has taken it up before its deadline: nothing was deleted")
        fresh = next(news)
        found |= fresh
        for number in (number for number, each in fresh.items() if each.outcome == "accepted"):
            tell(f"partition {number}: a worker has taken it up")
    return found
