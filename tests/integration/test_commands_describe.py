"""`croupier describe`: what Graphviz and Mermaid are given, they can read."""

import re
from pathlib import Path

import pytest

from tests.integration.installation import Installation

QUOTED = r'"(?:[^"\\]|\\.)*"'
DOT_EDGE = re.compile(rf"  ({QUOTED}) -> ({QUOTED}) \[label=({QUOTED})(?:, style=dashed)?\]")
DOT_OTHER = re.compile(rf"digraph {{|}}|  rankdir=LR|  {QUOTED} \[shape=box\]")
MERMAID_IN = re.compile(r'  t\d+\[\("([^"]*)"\)\] (?:-->|-\.->)\|"([^"]*)"\| topology')
MERMAID_OUT = re.compile(r'  topology -->\|"([^"]*)"\| t\d+\[\("([^"]*)"\)\]')

IN = {"rebilly.orders", "platform.bonuses", "netgaming.debits", "fx.rates"}
OUT = {"crm.events", "crm.one", "crm.two", "app-state", "app-journal", "app-control", "app-dead-letters"}


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """No cluster is asked; an origin is any text."""
    settings = {"CROUPIER_TOPICS_BY_ORIGIN": 'www.brand.com=crm.one,the "old" [brand] | co.=crm.two'}
    installed = Installation("localhost:1", "app", tmp_path, settings)
    for name in [name for name in installed.environment if name.startswith("CROUPIER_TOPIC_")]:
        del installed.environment[name]
    return installed


def test_dot_parses_and_has_each_topic_on_its_side(installation: Installation) -> None:
    lines = installation.must("describe", "player", "--format", "dot").splitlines()

    edges = [found for line in lines if (found := DOT_EDGE.fullmatch(line))]
    assert [] == [line for line in lines if not (DOT_EDGE.fullmatch(line) or DOT_OTHER.fullmatch(line))]
    assert IN == {found[1].strip('"') for found in edges if found[2] == '"player"'}
    assert OUT == {found[2].strip('"') for found in edges if found[1] == '"player"'}
    assert r'"events of the \"old\" [brand] | co."' in {found[3] for found in edges}


def test_mermaid_parses_and_has_each_topic_on_its_side(installation: Installation) -> None:
    heading, box, *lines = installation.must("describe", "player", "--format", "mermaid").splitlines()

    assert ("flowchart LR", '  topology["player"]') == (heading, box)
    came = [found for line in lines if (found := MERMAID_IN.fullmatch(line))]
    went = [found for line in lines if (found := MERMAID_OUT.fullmatch(line))]
    assert len(lines) == len(came) + len(went)
    assert IN == {found[1] for found in came}
    assert OUT == {found[2] for found in went}
    assert "events of the #quot;old#quot; [brand] | co." in {found[1] for found in went}


def test_text_is_readable_at_80_columns(installation: Installation) -> None:
    graph, settings = installation.must("describe", "player", "--format", "text").split("\nSETTING ")

    assert [] == [line for line in graph.splitlines() if len(line) > 80]
    assert [] == [topic for topic in IN | OUT if f" {topic}\n" not in graph]
    assert "CROUPIER_TOPICS_BY_ORIGIN" in settings
