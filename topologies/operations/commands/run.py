"""`croupier run`."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import click

from topologies.operations import components, logs, running, workers
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.errors import Failed
from topologies.operations.running import Run
from topologies.runtime.errors import Unavailable
from topologies.runtime.task import Moment
from topologies.runtime.worker import Report
from topologies.settings import Settings

NOTHING_DONE = Report(Counter(), [])
"""Of a worker that was told to stop before it had begun."""


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
        behind = instance.removeprefix(self.settings.instance)
        logs.configure(debug=self.debug, is_service=True, instance=instance if behind else "")
        static = self.settings.group_instance_id
        names = {"instance": instance, "group_instance_id": static and static + behind}
        settings = self.settings.model_copy(update=names)
        topology = components.topology(self.topology, settings)
        try:
            return running.run(topology, settings, self.how, self.clock, stop)
        except Unavailable:
            if stop.is_set():
                return NOTHING_DONE
            raise


@click.command(
    short_help="Run a topology.",
    epilog=options.examples("croupier run player --workers 2", "croupier run player --drain"),
)
@click.argument("topology", type=click.Choice(list(components.TOPOLOGIES)))
@click.option("--workers", "count", type=click.IntRange(min=1), default=1, help="Processes of this machine.")
@options.setting("instance", metavar="ID", help="The setting instance: unique, and kept over restarts.")
@click.option("--drain", is_flag=True, help="Process all there is now, commit, end.")
@click.option("--accept-offsets", is_flag=True, help="Go on at the group's offsets although someone moved them.")
@click.pass_obj
def run(invocation: Invocation, topology: str, *, count: int, drain: bool, accept_offsets: bool) -> None:
    """Run a topology until Ctrl-C or SIGTERM: then it finishes the batch, leaves the group, and prints its counts.

    With --drain records that became dead letters do not change the exit code,
    and no timer fires by the wall clock. A worker that dies stops the others.
    """
    stop = threading.Event()
    workers.stop_on_signals(stop)
    work = Work(topology, invocation.settings, Run(drain, accept_offsets), invocation.clock, invocation.debug)
    name = work.settings.instance
    report = workers.run(work, [f"{name}-{n}" for n in range(count)], stop) if count > 1 else work(name, stop)
    for what, times in sorted(report.counts.items()):
        click.echo(f"{what}: {times}")
    for why in report.halted:
        click.echo(why, err=True)
    if report.halted:
        raise Failed(f"{len(report.halted)} tasks are halted")
