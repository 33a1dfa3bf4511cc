"""Several workers on one machine: a process for each, and none is left when one of them, or this one, dies."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from topologies.operations.errors import Failed
from topologies.runtime.worker import Report

LOOK_S = 0.2
STOP_WITHIN_S = 30.0
"""Longer than a commit takes to fail; who has not ended by then is ended."""

Work = Callable[[str, threading.Event], Report]
"""Run as an instance until the event is set. Picklable, because a process of its own does it."""


@dataclass(slots=True)
class Worker:
    """A process, and where its report comes from."""

    instance: str
    process: SpawnProcess
    reports: "Connection[Any, Any]"
    is_asked: bool = False

    def ask(self) -> None:
        """Tell it to stop, once: the second time would end it at once."""
        if not self.is_asked:
            self.is_asked = True
            self.process.terminate()

    def report(self) -> Report:
        """Take its report, which has come, or raise what it has raised."""
        try:
            said = self.reports.recv()
        except EOFError:
            self.process.join(STOP_WITHIN_S)
            code = self.process.exitcode
            raise Failed(f"worker {self.instance} died, exit code {code}; all were stopped") from None
        if isinstance(said, Exception):
            raise said
        report: Report = said
        return report


def run(work: Work, instances: Sequence[str], stop: threading.Event) -> Report:
    """Run all instances until they have ended or `stop` is set; their reports as one.

    Raises:
        Failed: a worker died. Before, the others were stopped.
        Exception: what a worker raised; likewise.
    """
    workers: list[Worker] = []
    try:
        for instance in instances:
            workers.append(_started(work, instance))  # noqa: PERF401  those that run are ended when the next fails
        return _joined(workers, stop)
    finally:
        for worker in workers:
            worker.ask()
        for worker in workers:
            worker.process.join(STOP_WITHIN_S)
            worker.process.kill()


def stop_on_signals(stop: threading.Event) -> None:
    """Let the first Ctrl-C or SIGTERM be a request; a second one ends the process at once."""

    def ask(number: int, _frame: Any) -> None:  # noqa: ANN401  a frame
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)


def _started(work: Work, instance: str) -> Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=[work, instance, theirs], name=instance)
    process.start()
    # Theirs is then the only end: when the process dies, reading says so.
    theirs.close()
    return Worker(instance, process, ours)


def _joined(workers: Sequence[Worker], stop: threading.Event) -> Report:
    total = Report(Counter(), [])
    working = list(workers)
    while working:
        if stop.is_set():
            for worker in working:
                worker.ask()
        ready = wait([worker.reports for worker in working], LOOK_S)
        for worker in [worker for worker in working if worker.reports in ready]:
            report = worker.report()
            total = Report(total.counts + report.counts, total.halted + report.halted)
            working.remove(worker)
    return total


def _work(work: Work, instance: str, reports: "Connection[Any, Any]") -> None:
    """What the process does."""
    stop = threading.Event()
    stop_on_signals(stop)
    threading.Thread(target=_stop_with_parent, args=[stop], daemon=True).start()
    said: Report | Exception
    try:
        said = work(instance, stop)
    except Exception as error:  # noqa: BLE001  the parent says it, and knows the exit code
        said = error
    # Nobody listens when the parent is dead.
    with contextlib.suppress(BrokenPipeError):
        reports.send(said)


def _stop_with_parent(stop: threading.Event) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        stop.set()
        threading.Event().wait(STOP_WITHIN_S)
        os._exit(1)
