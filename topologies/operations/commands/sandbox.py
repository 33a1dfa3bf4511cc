"""`croupier sandbox`: the local Kafka at the terminal. Data on standard output, everything else on standard error."""

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from topologies.operations import sandbox as kafka

CHECK_INTERVAL_S = 1

_name = click.option(
    "--name", default=kafka.DEFAULT_NAME, show_default=True, help="Several sandboxes run side by side by their names."
)


@click.group()
def sandbox() -> None:
    """A real, local Kafka: one broker, made of Python packages, or in Docker where an engine answers.

    With CROUPIER_BOOTSTRAP_SERVERS set, that cluster is used and nothing is started.
    """


@sandbox.command(epilog="Example: croupier sandbox start --registry")
@_name
@click.option("--registry", is_flag=True, help="Add a schema registry (Apicurio, in memory).")
@click.option("--foreground", is_flag=True, help="Stay, and end the sandbox at Ctrl-C or whenever this process dies.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where directories for the data are made; they are deleted at the end. Default: the temporary directory.",
)
@click.option("--way", type=click.Choice(["docker", "java"]), help="Do not choose: use this one.")
def start(*, name: str, registry: bool, foreground: bool, data_dir: Path | None, way: str | None) -> None:
    """Start the sandbox and print its addresses; it lives until `croupier sandbox stop`."""
    with _plain_errors(), _progress():
        if foreground:
            with kafka.owned(registry=registry, data_dir=data_dir, way=way) as running:
                # First: whoever has read the address may end us.
                asked = _asked_to_end()
                _print(running)
                _stay(running, asked)
            return
        before = kafka.status(name)
        running = kafka.start(name, registry=registry, data_dir=data_dir, way=way)
        if before and before.parts == running.parts:
            _tell(f"sandbox {name} runs already" if running.way != "given" else "nothing started: the cluster is given")
        _print(running)


@sandbox.command(epilog="Example: croupier sandbox stop")
@_name
def stop(name: str) -> None:
    """End the sandbox and delete its data."""
    with _plain_errors():
        stopped = kafka.stop(name)
    _tell(f"sandbox {name} stopped, its data are deleted" if stopped else f"sandbox {name} does not run")


@sandbox.command(epilog="Example: croupier sandbox status")
@_name
def status(name: str) -> None:
    """Print the sandbox's addresses, process and way; exit code 1 when it does not run."""
    with _plain_errors():
        running = kafka.status(name)
    if running is None:
        _tell(f"sandbox {name} does not run")
        sys.exit(1)
    _print(running)
    if running.pid:
        click.echo(f"pid={running.pid}")
    click.echo(f"way={running.way}")


def _print(running: kafka.Running) -> None:
    click.echo(f"bootstrap_servers={running.bootstrap_servers}")
    if running.schema_registry_url:
        click.echo(f"schema_registry_url={running.schema_registry_url}")


def _tell(message: str) -> None:
    click.echo(message, err=True)


def _asked_to_end() -> threading.Event:
    """Set by Ctrl-C or SIGTERM, which are a good end."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    return asked


def _stay(running: kafka.Running, asked: threading.Event) -> None:
    """Until we are asked to end, or the death of the sandbox, which is no good end."""
    while not asked.wait(CHECK_INTERVAL_S):
        if not running.lives():
            raise kafka.SandboxError("the sandbox ended by itself")


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except kafka.SandboxError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _progress() -> Iterator[None]:
    """What the sandbox logs at INFO goes to standard error for the time being."""
    log, handler = logging.getLogger(kafka.__name__), logging.StreamHandler(sys.stderr)
    level, propagate = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False  # the root's handlers would say it once more
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagate
