"""`croupier rewind`."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from topologies import units
from topologies.operations.commands import options
from topologies.operations.commands import rewind_preview as previewing
from topologies.operations.commands.invocation import Invocation
from topologies.operations.commands.rewind_progress import fail, tell, watched
from topologies.operations.commands.rewind_reports import REPORTS
from topologies.operations.commands.tap import parsed
from topologies.operations.errors import Failed
from topologies.operations.rewind import asking, execution, planned, planning, showing, targets
from topologies.operations.rewind.asking import Wish
from topologies.operations.rewind.planned import Planned
from topologies.operations.rewind.site import Site
from topologies.operations.rewind.targets import Asked
from topologies.runtime.journal.errors import Refused
from topologies.runtime.rewinding.control import EMITS, TEXT_MAX

Made = TypeVar("Made")

DOING = ("plan", "apply", "execute", "preview")
NOT_POSSIBLE = "partitions cannot be taken back"
NOTHING_DONE = "nothing was done: --execute does it, --plan FILE keeps the plan for --apply FILE"


class Act(NamedTuple):
    """What the options say beside the target."""

    partitions: frozenset[int] | None
    plan: Path | None
    apply: Path | None
    execute: bool
    preview: bool
    yes: bool
    wish: Wish


@click.group(
    invoke_without_command=True,
    short_help="Take a partition back to an earlier commit.",
    subcommand_metavar="[status | history | report ID]",
    epilog=options.examples(
        "croupier rewind --partition 3 --to-datetime 2026-11-20T10:00:00Z",
        "croupier rewind --partition all --by-duration 2h --execute --reason 'wrong rate of GBP'",
        "croupier rewind --partition 0-2,5 --shift-by 10 --plan plans.jsonl",
        "croupier rewind --apply plans.jsonl --yes",
        "croupier rewind --partition 3 --by-duration 2h --preview",
        "croupier rewind report 3f9a01bc",
    ),
)
@click.option("--partition", metavar="SET", help="3, or 0-2,5, or all.")
@click.option(
    "--to-offset",
    metavar="TOPIC:OFFSET",
    callback=parsed(targets.topic_offset),
    help="To the newest commit that has taken nothing of this input from the offset on.",
)
@click.option("--to-datetime", metavar="T", help="To the newest commit that has taken nothing of this time or later.")
@click.option(
    "--by-duration", metavar="D", callback=parsed(units.duration), help="The same, so long ago: 90s, 2h, P1D."
)
@click.option("--shift-by", type=click.IntRange(min=1), metavar="COMMITS", help="So many commits back.")
@click.option("--to-earliest", is_flag=True, help="To the earliest commit that can be gone back to.")
@click.option("--to-commit", type=click.IntRange(min=1), metavar="N", help="To this commit.")
@click.option("--plan", type=click.Path(dir_okay=False, path_type=Path), help="Write the plans to this file.")
@click.option("--apply", type=click.Path(dir_okay=False, path_type=Path), help="Execute the plans of this file.")
@click.option("--execute", is_flag=True, help="Execute the plans.")
@click.option("--preview", is_flag=True, help="Replay here, with the rules of this installation; nothing is written.")
@click.option(
    "--emit",
    type=click.Choice(EMITS),
    default="delta",
    show_default=True,
    help="What the replay sends: what the CRM has never heard, everything again, or nothing.",
)
@click.option("--reason", default="", help="Why, for the history.")
@click.option(
    "--deadline",
    metavar="D",
    default="10m",
    show_default=True,
    callback=parsed(units.duration),
    help="When no worker has begun by then, none will.",
)
@click.option("--yes", is_flag=True, help="Do not ask, however much is taken back.")
@click.pass_context
def rewind(context: click.Context, /, **given: Any) -> None:  # noqa: ANN401  see Act
    """Take partitions back to an earlier commit: state, offsets and what the CRM was told, together.

    Prints what would be taken back. Only --execute and --apply do it: the state
    becomes that of the commit, the records behind it are processed again, and
    the CRM hears what it has not heard yet. Other partitions go on meanwhile.
    """
    if context.invoked_subcommand is not None:
        _refuse(given, context.invoked_subcommand)
        return
    invocation: Invocation = context.obj
    if not invocation.settings.rewind_window:
        raise Failed("there is no journal, so nothing can be taken back: rewind_window is 0")
    act = _act(given)
    site = Site(invocation.settings, is_meant=bool(act.execute or act.apply))
    now_ms = invocation.now_ms
    if act.apply:
        kept = {each.plan.partition: each for each in planned.read(act.apply)}
        plans = _kept(site, kept, _chosen(site, frozenset(kept), now_ms(), is_meant=True))
    else:
        target = _target(given, site, now_ms())
        numbers = _chosen(site, act.partitions, now_ms(), is_meant=act.execute)
        plans = _planned(site, target, numbers)
    if act.plan is not None:
        planned.write(act.plan, plans)
    elif plans and act.preview:
        previewing.preview(invocation, site, plans, act.wish)
    elif plans and (act.apply or act.execute):
        _execute(site, plans, act, now_ms)
    elif plans:
        tell(NOTHING_DONE)


for report in REPORTS:
    rewind.add_command(report)


def _refuse(given: dict[str, Any], command: str) -> None:
    """Somebody may believe that something is done beside a look at it."""
    if found := [name for name in (*DOING, "partition", *targets.OPTIONS) if given[name] not in (None, False)]:
        raise click.UsageError(f"rewind {command} and --{found[0].replace('_', '-')} exclude each other")


def _act(given: dict[str, Any]) -> Act:
    """The options, if they go together."""
    doing = [name for name in DOING if given[name]]
    if len(doing) > 1:
        raise click.UsageError(f"--{doing[0]} and --{doing[1]} exclude each other")
    chosen = [name for name in ("partition", *targets.OPTIONS) if given[name] not in (None, False)]
    if given["apply"] and chosen:
        raise click.UsageError(
            f"--apply and --{chosen[0].replace('_', '-')} exclude each other: a plan says that itself"
        )
    if not given["apply"] and given["partition"] is None:
        raise click.UsageError("--partition is missing: 3, or 0-2,5, or all")
    try:
        partitions = units.partitions(given["partition"] or "all")
    except ValueError as error:
        raise click.UsageError(f"--partition: {error}") from None
    if len(given["reason"]) > TEXT_MAX:
        raise click.UsageError(f"--reason: longer than {TEXT_MAX:,} characters")
    wish = Wish(given["emit"], given["reason"], given["deadline"])
    return Act(partitions, given["plan"], given["apply"], given["execute"], given["preview"], given["yes"], wish)


def _target(given: dict[str, Any], site: Site, now_ms: int) -> Asked:
    try:
        return targets.asked({name: given[name] for name in targets.OPTIONS}, now_ms, site.inputs)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _chosen(site: Site, wanted: frozenset[int] | None, now_ms: int, *, is_meant: bool) -> Sequence[int]:
    """The partitions; while one of them is taken back, another rewind of it can be looked at, but not meant."""
    numbers = site.chosen(wanted)
    busy = [
        f"partition {each.partition}: rewind {each.command.id} is still under way, another one would be refused"
        for each in asking.under_way(site, now_ms)
        if each.partition in numbers
    ]
    if is_meant:
        fail(busy, "partitions are being taken back: croupier rewind status shows how far")
    for each in busy:
        tell(each)
    return numbers


def _planned(site: Site, target: Asked, numbers: Sequence[int]) -> Sequence[Planned]:
    """Plans, shown, without the partitions of which there is nothing to take back."""
    made, refused = _each(numbers, lambda number: planning.planned(site, number, target))
    for each in made:
        if each.is_empty:
            tell(f"partition {each.plan.partition}: nothing to take back, commit {each.plan.newest} is the newest")
    return _shown([each for each in made if not each.is_empty], refused)


def _kept(site: Site, found: Mapping[int, Planned], numbers: Sequence[int]) -> Sequence[Planned]:
    """The plans of a file, shown, if they still say what would happen."""
    _, refused = _each(numbers, lambda number: planning.check(site, found[number]))
    fail(refused, NOT_POSSIBLE)
    return _shown(list(found.values()), [])


def _each(partitions: Iterable[int], make: Callable[[int], Made]) -> tuple[list[Made], list[str]]:
    made, refused = [], []
    for number in partitions:
        try:
            made.append(make(number))
        except Refused as why:
            refused.append(f"partition {number}: {why}")
    return made, refused


def _shown(plans: Sequence[Planned], refused: Sequence[str]) -> Sequence[Planned]:
    """Print plans; all or none of the partitions are taken back."""
    if plans:
        click.echo(showing.plans(plans))
    fail(refused, NOT_POSSIBLE)
    return plans


def _execute(site: Site, plans: Sequence[Planned], act: Act, now_ms: Callable[[], int]) -> None:
    _confirm(plans, is_sure=act.yes)
    looks = execution.execute(site, plans, act.wish, now_ms, tell)
    try:
        rewinds = watched(looks, sum(sum(each.plan.records.values()) for each in plans))
    except KeyboardInterrupt:
        raise Failed("nobody watches any more; the rewind goes on. croupier rewind status shows how far") from None
    fail([showing.heading(each, now_ms()) for each in rewinds if not each.is_back], "partitions were not taken back")
    if not all(each.is_done for each in rewinds):
        tell("no worker is running: the replay begins when one does")
    if any(each.is_done and each.has_differences for each in rewinds):
        tell(f"what differs: croupier rewind report {rewinds[0].command.id}")


def _confirm(plans: Sequence[Planned], *, is_sure: bool) -> None:
    much = planned.much(plans)
    if not much or is_sure:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"this takes back {much}: --yes is needed where nobody can be asked")
    if not click.confirm(f"this takes back {much}. go on?", err=True):
        raise Failed("nothing was done")
