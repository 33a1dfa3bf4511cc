"""`croupier demo`."""

import click

from topologies.operations import demo as operation
from topologies.operations.commands import options
from topologies.operations.commands.invocation import Invocation
from topologies.operations.demo import NEW_APP, ORIGIN, SAMPLES, STORIES, Shown
from topologies.operations.rendering import table

WIDTH = 80

NEXT = f"""
Try next, with a Kafka that stays until `croupier sandbox stop`:

  croupier sandbox start
  croupier topics create
  croupier load --times now {SAMPLES}/*.jsonl
  croupier run player --drain --set origin={ORIGIN["origin"]} --set origin_by_casino=123=brand.com
  croupier tap --from-start --drain --player 125917 --format table
  croupier deadletters list --format table
  croupier describe player
"""

LEFT = """
Its topics stay on this cluster: their names begin with {app}. Try next:

  croupier tap {events} --from-start --drain --player 125917 --format table
  croupier deadletters list --format table --set app={app}
  croupier describe player
"""
"""On somebody's own cluster, where the commands above would use the topics of their settings."""


@click.command(short_help="See it work, in a minute.", epilog=options.examples("croupier demo"))
@click.pass_obj
def demo(invocation: Invocation) -> None:
    """Start a real Kafka, load sample players' histories, run the player topology, and show the CRM's events.

    Everything ends with the demo. With CROUPIER_BOOTSTRAP_SERVERS set it runs on that cluster, in new topics, which
    stay.
    """
    _tell("a real Kafka starts; the first time ever it is downloaded, which takes a minute")
    with operation.cluster(invocation.settings) as settings:
        _tell(f"Kafka at {settings.bootstrap_servers}")
        shown = operation.play(settings, invocation.clock, _tell)
        is_left = settings.app.startswith(NEW_APP)
    _show(shown)
    click.echo(LEFT.format(app=settings.app, events=settings.topic_events) if is_left else NEXT)


def _tell(news: str) -> None:
    click.echo(f"demo: {news}", err=True)


def _show(shown: Shown) -> None:
    """One story after the other, each player's events in their order."""
    for story in STORIES:
        click.echo(f"\n{story.title}")
        render = table(WIDTH)
        for record in [*shown.events, *shown.dead_letters]:
            if record.key == story.player:
                click.echo(render(record))
