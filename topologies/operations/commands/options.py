"""The options that every command takes, before or after its name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from topologies.operations import logs

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

# `ctx.obj` is the Invocation that cli.py gives to every command.


def _config(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is not None:
        ctx.obj.config = path


def _set(ctx: click.Context, _: click.Parameter, pairs: tuple[str, ...]) -> None:
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"`{pair}` is not NAME=VALUE")
        ctx.obj.flags[name.strip()] = value.strip()


def _setting(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.obj.flags[option.name] = value


def setting(name: str, **shown: Any) -> Callable[[Decorated], Decorated]:  # noqa: ANN401  click's own arguments
    """An option of a command that is a setting by its own name."""
    return click.option(f"--{name.replace('_', '-')}", callback=_setting, expose_value=False, **shown)


def _debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001  click's own signature
    if value:
        ctx.obj.debug = True
        # Behind the command it is read only when the logs are configured already.
        logs.configure(debug=True)


def player(text: str) -> str:
    """Return a player's id as given.

    Raises:
        ValueError: no record has such a key.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it is not UTF-8, as all ids are") from None
    return text


def examples(*lines: str) -> str:
    """What stands below a command's help, lines kept."""
    return "\n".join(["\b", "Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])


def common() -> list[click.Parameter]:
    """New options, for one command."""
    return [
        click.Option(
            ["--bootstrap-servers"],
            metavar="HOST:PORT,…",
            callback=_setting,
            expose_value=False,
            help="The cluster; the setting bootstrap_servers.",
        ),
        click.Option(
            ["--set"],
            metavar="NAME=VALUE",
            multiple=True,
            callback=_set,
            expose_value=False,
            help="Any setting of `croupier settings`; repeatable.",
        ),
        click.Option(
            ["--config"],
            metavar="FILE",
            type=click.Path(path_type=Path),
            callback=_config,
            expose_value=False,
            help="Settings in TOML; croupier.toml, if there is one.",
        ),
        click.Option(
            ["--debug"], is_flag=True, callback=_debug, expose_value=False, help="Show tracebacks and the client's log."
        ),
    ]


def add_everywhere(command: click.Command) -> None:
    """Give the common options to a command and to all commands below it."""
    command.params.extend(common())
    if isinstance(command, click.Group):
        for each in command.commands.values():
            add_everywhere(each)
