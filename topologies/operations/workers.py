"""Several workers on one machine: a process for each, and none is left when one of them dies."""

import multiprocessing
import signal
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from topologies.operations.errors import Failed
from topologies.runtime.worker import Report

LOOK_S = 0.2
JOIN_S = 30.0

Work = Callable[[str, threading.Event], Report]
"""Run as an instance until the event is set. Picklable, because a process of its own does it."""


class Worker(NamedTuple):
    """A process, and where its report comes from."""

    instance: str
    process: SpawnProcess
    reports: "Connection[Any, Any]"


def run(work: Work, instances: Sequence[str], stop: threading.Event) -> Report:
    """Run all instances until they have ended or `stop` is set; their reports as one.

    Raises:
        Failed: a worker died. Before, the others were stopped.
        Exception: what a worker raised; likewise.
    """
    workers = [_started(work, instance) for instance in instances]
    try:
        return _joined(list(workers), stop)
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join(JOIN_S)
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
    # Ours is then the only end: when the process dies, reading says so.
    theirs.close()
    return Worker(instance, process, ours)


def _joined(working: list[Worker], stop: threading.Event) -> Report:
    total = Report(Counter(), [])
    is_asked = False
    while working:
        if stop.is_set() and not is_asked:
            is_asked = True
            for worker in working:
                worker.process.terminate()
        ready = wait([worker.reports for worker in working], LOOK_S)
        for worker in [worker for worker in working if worker.reports in ready]:
            report = _report(worker)
            total = Report(total.counts + report.counts, total.halted + report.halted)
            working.remove(worker)
    return total


def _report(worker: Worker) -> Report:
    try:
        said = worker.reports.recv()
    except EOFError:
        worker.process.join(JOIN_S)
        raise Failed(f"worker {worker.instance} died, exit code {worker.process.exitcode}; all were stopped") from None
    if isinstance(said, Exception):
        raise said
    report: Report = said
    return report


def _work(work: Work, instance: str, reports: "Connection[Any, Any]") -> None:
    """What the process does."""
    stop = threading.Event()
    stop_on_signals(stop)
    threading.Thread(target=_stop_with_parent, args=[stop], daemon=True).start()
    try:
        reports.send(work(instance, stop))
    except Exception as error:  # noqa: BLE001  the parent says it, and knows the exit code
        reports.send(error)


def _stop_with_parent(stop: threading.Event) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        stop.set()
