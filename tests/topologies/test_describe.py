import pytest

import cli
from topologies.graph import Output, Result, Source, Table, Topology
from topologies.operations import drawing
from topologies.operations.commands.invocation import Invocation
from topologies.runtime.task import Moment

OWN = {"state": "app-state", "dead letters": "app-dead-letters"}

TOPOLOGY = Topology(
    name="join",
    sources=(Source("orders", "rebilly", lambda _: []), Source("calls", "netgaming", lambda _: [])),
    tables=(Table("rates", "fx", dict, lambda *_: None),),
    outputs=(Output("events", "crm"),),
    step=lambda *_: Result(),
    fire=lambda *_: Result(),
    row_kinds=("bonus", "payment"),
    timers=("expiry", "wait"),
    wall_clock_timers=("expiry",),
    row_version=1,
    upgrade=lambda _kind, _version, row: row,
)


def test_text_is_for_reading() -> None:
    assert """\
topology join

reads, merged by time
  orders        rebilly
  calls         netgaming

reads whole, before any of these
  rates         fx

keeps, by key
  rows          bonus, payment
  timers        expiry (wall clock too), wait

writes, in one transaction
  events        crm
  state         app-state
  dead letters  app-dead-letters""" == drawing.text(TOPOLOGY, OWN)


def test_mermaid_has_an_arrow_for_each_topic() -> None:
    assert """\
flowchart LR
  topology["join"]
  t0[("rebilly")] -->|"orders"| topology
  t1[("netgaming")] -->|"calls"| topology
  t2[("fx")] -.->|"rates"| topology
  topology -->|"events"| t3[("crm")]
  topology -->|"state"| t4[("app-state")]
  topology -->|"dead letters"| t5[("app-dead-letters")]""" == drawing.mermaid(TOPOLOGY, OWN)


def test_dot_has_an_edge_for_each_topic() -> None:
    assert """\
digraph {
  rankdir=LR
  "join" [shape=box]
  "rebilly" -> "join" [label="orders"]
  "netgaming" -> "join" [label="calls"]
  "fx" -> "join" [label="rates", style=dashed]
  "join" -> "crm" [label="events"]
  "join" -> "app-state" [label="state"]
  "join" -> "app-dead-letters" [label="dead letters"]
}""" == drawing.dot(TOPOLOGY, OWN)


@pytest.mark.parametrize("form", ["text", "mermaid", "dot"])
def test_the_player_topology_is_described_without_a_cluster(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    environment = {"CROUPIER_BOOTSTRAP_SERVERS": "localhost:1", "CROUPIER_TOPIC_CALLS": "my.calls"}

    assert 0 == cli.run(["describe", "player", "--format", form], Invocation(environment, lambda: Moment(0, 0.0)))

    said = capsys.readouterr().out
    assert [] == [each for each in ("my.calls", "rebilly.orders", "croupier-state") if each not in said]
    assert ("CROUPIER_TOPIC_CALLS" in said) == (form == "text")
