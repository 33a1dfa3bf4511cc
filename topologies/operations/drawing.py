"""A topology as text, as a Mermaid flow chart and as a Graphviz graph."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from topologies.graph import Topology

LINE_WIDTH = 80

# The role of an output has the names of origins, which may be any text.
MERMAID = str.maketrans({'"': "#quot;"})
DOT = str.maketrans({'"': r"\"", "\\": r"\\"})


class Edge(NamedTuple):
    """A topic, its role, and on which side of the topology it stands."""

    role: str
    topic: str
    is_input: bool
    is_whole: bool = False
    """Read whole by every worker, and kept in memory."""


def edges(topology: Topology, own_topics: Mapping[str, str]) -> list[Edge]:
    """All topics of a topology; `own_topics` are those of the runtime, role → topic."""
    return [
        *(Edge(source.name, source.topic, is_input=True) for source in topology.sources),
        *(Edge(table.name, table.topic, is_input=True, is_whole=True) for table in topology.tables),
        *(Edge(output.name, output.topic, is_input=False) for output in topology.outputs),
        *(Edge(role, topic, is_input=False) for role, topic in own_topics.items()),
    ]


def text(topology: Topology, own_topics: Mapping[str, str]) -> str:
    """For reading: what is read, kept and written, one topic a line."""
    drawn = edges(topology, own_topics)
    timers = [f"{name} (wall clock too)" if name in topology.wall_clock_timers else name for name in topology.timers]
    sections = {
        "reads, merged by time": [(edge.role, edge.topic) for edge in drawn if edge.is_input and not edge.is_whole],
        "reads whole, before any of these": [(edge.role, edge.topic) for edge in drawn if edge.is_whole],
        "keeps, by key": [("rows", ", ".join(topology.row_kinds)), ("timers", ", ".join(timers))],
        "writes, in one transaction": [(edge.role, edge.topic) for edge in drawn if not edge.is_input],
    }
    return "\n".join([f"topology {topology.name}", *_sections(sections)])


def _sections(sections: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[str]:
    width = max(len(name) for rows in sections.values() for name, _ in rows)
    for heading, rows in sections.items():
        if any(value for _, value in rows):
            yield f"\n{heading}"
            yield from (_wrapped(f"  {name:<{width}}  ", value) for name, value in rows if value)


def _wrapped(name: str, value: str) -> str:
    return textwrap.fill(
        value, LINE_WIDTH, initial_indent=name, subsequent_indent=" " * len(name), break_on_hyphens=False
    )


def mermaid(topology: Topology, own_topics: Mapping[str, str]) -> str:
    """A flow chart that GitHub draws (https://mermaid.js.org/syntax/flowchart.html)."""
    lines = ["flowchart LR", f'  topology["{topology.name}"]']
    for number, edge in enumerate(edges(topology, own_topics)):
        arrow = "-.->" if edge.is_whole else "-->"
        node = f't{number}[("{edge.topic}")]'
        label = f'{arrow}|"{edge.role.translate(MERMAID)}"|'
        lines.append(f"  {node} {label} topology" if edge.is_input else f"  topology {label} {node}")
    return "\n".join(lines)


def dot(topology: Topology, own_topics: Mapping[str, str]) -> str:
    """A graph for Graphviz (https://graphviz.org/doc/info/lang.html)."""
    lines = ["digraph {", "  rankdir=LR", f'  "{topology.name}" [shape=box]']
    for edge in edges(topology, own_topics):
        ends = (edge.topic, topology.name) if edge.is_input else (topology.name, edge.topic)
        style = ", style=dashed" if edge.is_whole else ""
        lines.append(f'  "{ends[0]}" -> "{ends[1]}" [label="{edge.role.translate(DOT)}"{style}]')
    return "\n".join([*lines, "}"])


FORMATS: Mapping[str, Callable[[Topology, Mapping[str, str]], str]] = {"text": text, "mermaid": mermaid, "dot": dot}
