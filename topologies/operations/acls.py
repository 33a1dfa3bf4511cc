"""The least rights that each role needs on the cluster, and the commands of Kafka's tool that grant them."""

import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from topologies.graph import Topology
from topologies.runtime.names import own_topics
from topologies.runtime.rights import Operation, Right

Role = Literal["administrator", "source", "worker", "operator", "eraser", "replayer", "support", "analyst"]
Kind = Literal["input", "table", "output", "state", "journal", "control", "dead letters"]
"""What a topic is to the application."""

ROLES: Mapping[Role, str] = {
    "administrator": "croupier topics create, check",
    "source": "croupier load",
    "worker": "croupier run",
    "operator": "croupier rewind --execute, and what support does",
    "eraser": "croupier forget, and what an operator does",
    "replayer": "croupier deadletters replay",
    "support": "croupier explain, audit, deadletters list and show, rewind without --execute",
    "analyst": "croupier tap",
}
"""Role → its commands."""

KINDS: Sequence[Kind] = ("input", "table", "output", "state", "journal", "control", "dead letters")

_OPERATOR: Mapping[Kind, Sequence[Operation]] = {
    "input": ("Read",),
    "table": ("Read",),
    "output": ("Read",),
    # Where no worker runs, a rewind's steps are done by the tool.
    "state": ("Read", "Write"),
    "journal": ("Read", "Write"),
    "control": ("Read", "Write"),
    "dead letters": ("Read",),
}

TOPICS: Mapping[Role, Mapping[Kind, Sequence[Operation]]] = {
    "administrator": dict.fromkeys(KINDS, ("Create", "Describe", "DescribeConfigs")),
    "source": {"input": ("Write",), "table": ("Write",)},
    "worker": {
        "input": ("Read",),
        "table": ("Read",),
        "output": ("Write",),
        "state": ("Read", "Write"),
        # A rewind goes by it.
        "journal": ("Read", "Write"),
        "control": ("Read", "Write"),
        "dead letters": ("Write",),
    },
    "replayer": {"input": ("Write",), "dead letters": ("Read", "Write")},
    "operator": _OPERATOR,
    # How long topics keep what is left stands in their configurations.
    "eraser": {kind: (*operations, "DescribeConfigs") for kind, operations in _OPERATOR.items()},
    "support": dict.fromkeys(KINDS, ("Read",)),
    "analyst": {"output": ("Read",)},
}
"""Role → what it does with which topics."""


RETRYING: Mapping[Kind, Sequence[Operation]] = {"input": ("Write",), "dead letters": ("Read",)}
"""What a worker needs besides, to send dead letters again."""


def rights(topology: Topology, app: str, role: Role, *, is_retrying: bool) -> list[Right]:
    """Return what a role needs; nothing of it can be left out. `is_retrying`: workers send dead letters again."""
    besides = RETRYING if role == "worker" and is_retrying else {}
    topics = [
        Right(operation, "topic", name)
        for kind, name in _topics(topology, app)
        for operation in sorted((*TOPICS[role].get(kind, ()), *besides.get(kind, ())))
    ]
    return topics + _others(app)[role]


class Grant(NamedTuple):
    """What a role needs, and to whom it is given: a principal as Kafka writes it, `User:croupier`."""

    role: Role
    principal: str
    rights: Sequence[Right]


def fields(grant: Grant) -> Iterator[Mapping[str, str]]:
    """Yield the JSON value of each right, in the words of Kafka's ACLs."""
    for right in grant.rights:
        yield {
            "role": grant.role,
            "principal": grant.principal,
            "operation": right.operation,
            "resource": right.resource,
            "pattern": "prefixed" if right.is_prefix else "literal",
            "name": right.name,
        }


def commands(grant: Grant, options: Sequence[str]) -> Iterator[str]:
    """Yield lines for a shell: `kafka-acls` for each set of operations; `options` say how to reach the cluster."""
    yield f"# {grant.role}: {ROLES[grant.role]}"
    for operations, places in _alike(grant.rights):
        words = ["kafka-acls", *options, "--add", "--allow-principal", grant.principal]
        words += [word for operation in operations for word in ("--operation", operation)]
        words += [word for where in places for word in (f"--{where.resource}", where.name)]
        words += ["--resource-pattern-type", "prefixed"] * places[0].is_prefix
        yield shlex.join(words)


def _alike(rights: Sequence[Right]) -> Iterator[tuple[Sequence[str], Sequence[Right]]]:
    """Yield operations, and the resources of one kind on which just these are done."""
    by_place: dict[Right, list[str]] = defaultdict(list)
    for each in rights:
        by_place[each._replace(operation="Describe")].append(each.operation)
    alike: dict[tuple[str, ...], list[Right]] = defaultdict(list)
    for place, operations in by_place.items():
        alike[place.resource, str(place.is_prefix), *operations].append(place)
    for (_, _, *operations), places in alike.items():
        yield operations, places


def _topics(topology: Topology, app: str) -> list[tuple[Kind, str]]:
    own = own_topics(app)
    return [
        *(("input", source.topic) for source in topology.sources),
        *(("table", table.topic) for table in topology.tables),
        *(("output", output.topic) for output in topology.outputs),
        ("state", own.state),
        ("journal", own.journal),
        ("control", own.control),
        ("dead letters", own.dead_letters),
    ]


def _others(app: str) -> Mapping[Role, list[Right]]:
    """Groups and transactional ids. Who only reads joins no group, but the client asks under the application's."""
    rewinding = [Right("Read", "group", app), Right("Write", "transactional-id", f"{app}-rewind")]
    return {
        "administrator": [],
        "source": [],
        "worker": [
            Right("Read", "group", app),
            Right("Write", "transactional-id", f"{app}-", is_prefix=True),
        ],
        "operator": rewinding,
        "eraser": rewinding,
        "replayer": [
            Right("Describe", "group", app),
            # One of each partition.
            Right("Write", "transactional-id", f"{own_topics(app).dead_letters}-", is_prefix=True),
        ],
        "support": [Right("Describe", "group", app)],
        "analyst": [Right("Describe", "group", app)],
    }
