"""`croupier run`."""

import gc
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import click

from topologies.operations import components, counts, logs, running, workers
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.errors import Failed
from topologies.operations.running import Run
from topologies.runtime.errors import Unavailable
from topologies.runtime.task import Moment
from topologies.runtime.worker import Report
from topologies.schemas import RegistryUnavailable
from topologies.settings import Settings

NOTHING_DONE = Report(Counter(), [])
"""Of a worker that was told to stop before it had begun."""

SWITCH_S = 0.0005
"""After so long a thread that computes lets another go on.

The loop waits in the client some ten times a round, and then for this, when
another thread restores a state or reads the journal: Python's 5 ms would be
half of its time.
"""


@dataclass(frozen=True, slots=True)
class Work:
    """All that a worker process needs."""

    topology: str
    settings: Settings
    how: Run
    clock: Callable[[], Moment]
    debug: bool

    def __call__(self, instance: str, stop: threading.Event) -> Report:
        """Run as this instance: its name is that of the settings, with what tells several workers apart behind it."""
        _tame_collector()
        sys.setswitchinterval(SWITCH_S)
        behind = instance.removeprefix(self.settings.instance)
        logs.configure(debug=self.debug, is_service=True, instance=instance if behind else "")
        static = self.settings.group_instance_id
        names = {"instance": instance, "group_instance_id": static and static + behind}
        settings = self.settings.model_copy(update=names)
        topology = components.topology(self.topology, settings, wait=stop.wait)
        try:
            return running.run(topology, settings, self.how, self.clock, stop)
        except (Unavailable, RegistryUnavailable):
            if stop.is_set():
                return NOTHING_DONE
            raise


def _tame_collector() -> None:
    """Let Python's cycle collector look rarely: a batch is many tuples that live a while, and hardly a cycle.

    At its default thresholds it walks them again and again, for a third of all CPU.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@click.command(
    short_help="Run a topology.",
    epilog=options.examples("croupier run player --workers 2", "croupier run player --drain"),
)
@click.argument("topology", type=click.Choice(list(components.TOPOLOGIES)))
@click.option(
    "--workers",
    "count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="So many processes on this machine.",
)
@options.setting(
    "instance", metavar="ID", help="The worker's name, the setting instance: unique, and kept over restarts."
)
@click.option("--drain", is_flag=True, help="End when all that is there now is processed.")
@click.option("--accept-offsets", is_flag=True, help="Go on at the group's offsets, although somebody has moved them.")
@click.pass_obj
def run(invocation: Invocation, topology: str, *, count: int, drain: bool, accept_offsets: bool) -> None:
    """Run a topology until Ctrl-C or SIGTERM; then finish the batch, leave the group, and print the counts.

    The counts are lines such as "records: 32". Words that explain a count
    follow its number, and what has not happened is left out.

    With --drain all that is there now is processed first, and then the run
    ends by itself. Dead letters do not change its exit code, and no timer
    fires by the wall clock.

    --workers 2 is two processes, HOST-0 and HOST-1, that share the
    partitions; if one dies, the other is stopped too.
    """
    stop = threading.Event()
    workers.stop_on_signals(stop)
    work = Work(topology, invocation.settings, Run(drain, accept_offsets), invocation.clock, invocation.debug)
    name = work.settings.instance
    report = workers.run(work, [f"{name}-{n}" for n in range(count)], stop) if count > 1 else work(name, stop)
    for line in counts.lines(report.counts, components.COUNTED[topology]):
        click.echo(line)
    # One that was halted by a worker, and then by the next that got it, is one.
    halted = list(dict.fromkeys(report.halted))
    for why in halted:
        click.echo(why, err=True)
    if halted:
        raise Failed("1 task is halted" if len(halted) == 1 else f"{len(halted)} tasks are halted")
