"""The composition root: what the world gives, the commands, and how a command's end becomes an exit code.

0 done · 1 it ran and found or hit something wrong · 2 usage or configuration.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from types import FrameType

import click

from topologies.operations import logs
from topologies.operations.commands import (
    audit,
    deadletters,
    demo,
    describe,
    explain,
    forget,
    load,
    options,
    rewind,
    sandbox,
    settings,
    tap,
    topics,
)
from topologies.operations.commands import run as running
from topologies.operations.commands.invocation import Invocation
from topologies.operations.errors import Failed
from topologies.operations.sandbox import SandboxError
from topologies.runtime.errors import Misconfigured as Unfit
from topologies.runtime.errors import StreamError
from topologies.runtime.task import Moment
from topologies.schemas import BadSchema, RegistryRefused, RegistryUnavailable
from topologies.settings import Misconfigured

COMMANDS: Sequence[click.Command] = (
    demo.demo,
    sandbox.sandbox,
    topics.topics,
    load.load,
    running.run,
    describe.describe,
    tap.tap,
    rewind.rewind,
    explain.explain,
    deadletters.deadletters,
    audit.audit,
    forget.forget,
    settings.settings,
)

EXPECTED: Sequence[tuple[type[BaseException], int]] = (
    (click.UsageError, 2),
    (Misconfigured, 2),
    (Unfit, 2),
    (BadSchema, 2),
    (click.ClickException, 1),
    (Failed, 1),
    (SandboxError, 1),
    (StreamError, 1),
    (RegistryUnavailable, 1),
    (RegistryRefused, 1),
)
"""Errors whose message says all that a person needs, and their exit codes; the first that fits."""


PRIVATE = 0o077
"""A mask that leaves nobody else any right: RocksDB, its log and the sandbox make files of their own."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=options.examples("croupier demo"))
@click.version_option(package_name="croupier", message="%(prog)s %(version)s")
def croupier() -> None:
    """Join a casino's bets, bonuses and payments by player, exactly once, into one CRM stream on Kafka."""


for command in COMMANDS:
    croupier.add_command(command)
options.add_everywhere(croupier)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line and exit. Whatever files it makes are its user's alone."""
    os.umask(PRIVATE)
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments), Invocation(os.environ, now)))


def now() -> Moment:
    """The clocks; nobody else reads the wall's."""
    return Moment(time.time_ns() // 1_000_000, time.monotonic())


def run(arguments: list[str], invocation: Invocation) -> int:
    """Run one command line and return its exit code; errors are one line on standard error."""
    try:
        _invoke(arguments, invocation)
    except click.exceptions.Exit as end:
        return end.exit_code
    except BrokenPipeError:
        return _closed_pipe()
    except (KeyboardInterrupt, click.Abort):
        click.echo("croupier: interrupted", err=True)
        return 1
    except Exception as error:  # noqa: BLE001  the last line of defence: a sentence instead of a traceback
        return _report(error, debug=invocation.debug)
    return 0


def _invoke(arguments: list[str], invocation: Invocation) -> None:
    color = False if invocation.environment.get("NO_COLOR") else None
    with croupier.make_context("croupier", arguments, obj=invocation, color=color) as context:
        logs.configure(debug=invocation.debug)
        croupier.invoke(context)
    sys.stdout.flush()


def _report(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    code = next((code for kind, code in EXPECTED if isinstance(error, kind)), None)
    message = error.format_message() if isinstance(error, click.ClickException) else str(error)
    if code is None:
        message = f"unexpected {type(error).__name__}: {message} (--debug shows the traceback)"
    if isinstance(error, click.UsageError) and error.ctx:
        message = f"{message.rstrip('.')}. Try '{error.ctx.command_path} --help'."
    click.echo(f"croupier: {' '.join(message.split())}", err=True)
    return code or 1


def _closed_pipe() -> int:
    """Whoever read our output has enough, as `head` does; Python must not complain about it at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Let SIGTERM end a command as Ctrl-C does."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
