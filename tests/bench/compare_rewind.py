"""One mistake, mended in two ways: with Kafka's own tool, which moves offsets, and with `croupier rewind`.

A rule was wrong: slots counted half towards wagering. One partition is taken
back to the beginning, and processed again by the right rule. What state and
CRM have then is compared with those of an application that has had the right
rule from the beginning, on the same inputs.
"""

import json
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.stage import CROUPIER, Stage, running
from tests.bench.taking_back import croupier, taken_back, wait_for_members
from tests.integration.records import Record, read
from topologies.operations import sandbox
from topologies.operations.demo import SAMPLES
from topologies.runtime.journal.record import is_image
from topologies.runtime.names import own_topics
from topologies.runtime.partitioning import java_default

PARTITIONS = 2
PLAYER = b"125917"
TOOL = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
WRONG = {"CROUPIER_WAGERING_CONTRIBUTION": "slots=50"}
RUN = [*CROUPIER, "run", "player"]

Environment = dict[str, str]
Heard = dict[tuple[bytes, bytes], list[bytes]]
"""What the CRM was told, by player and event id, in order."""


class Mended(NamedTuple):
    """A partition after its mending, beside one that was never wrong."""

    rows_wrong: int
    events_missing: int
    events_twice: int
    events_otherwise: int
    stopped_s: float = 0.0
    reported: int = 0


def main() -> None:
    """Do it both ways, and print what came out."""
    with sandbox.owned() as kafka, tempfile.TemporaryDirectory() as directory:
        stage = Stage(kafka.bootstrap_servers, f"compare-{secrets.token_hex(3)}", PARTITIONS, Path(directory))
        stage.create()
        right, tool, rewind = (_application(stage, name) for name in ("right", "tool", "rewind"))
        croupier(right, "load", "--times", "now", *map(str, sorted(SAMPLES.glob("*.jsonl"))))
        croupier(right, "run", "player", "--drain")
        for wrong in (tool, rewind):
            croupier({**wrong, **WRONG}, "run", "player", "--drain")
        number = java_default(PLAYER, PARTITIONS)
        found = _by_tool(tool, right, number), _by_rewind(rewind, right, number)
        print(_table(found))


def _application(stage: Stage, name: str) -> Environment:
    """One of its own on the stage's inputs, with a first commit to which everything can be taken back."""
    app = f"{stage.app}-{name}"
    environment = {
        **stage.environment,
        "CROUPIER_APP": app,
        "CROUPIER_STATE_DIR": str(stage.directory / app),
        "CROUPIER_TOPIC_EVENTS": f"{app}.events",
    }
    croupier(environment, "topics", "create", "player")
    croupier(environment, "run", "player", "--drain")
    return environment


def _by_tool(environment: Environment, right: Environment, number: int) -> Mended:
    """Move the offsets of a partition by Kafka's tool, and let croupier accept them."""
    with running(RUN, environment):
        wait_for_members(environment)
        print(f"kafka-consumer-groups, while a worker runs:\n{_moved(environment, number)}")
        stopped_at = time.monotonic()
    said = _moved(environment, number)
    with running([*RUN, "--accept-offsets"], environment):
        wait_for_members(environment)
        stopped_s = time.monotonic() - stopped_at
    croupier(environment, "run", "player", "--drain", "--accept-offsets")
    print(f"kafka-consumer-groups, with the group stopped:\n{said}")
    return _compared(environment, right, number)._replace(stopped_s=stopped_s)


def _moved(environment: Environment, number: int) -> str:
    names = ("CROUPIER_TOPIC_CALLS", "CROUPIER_TOPIC_BONUSES", "CROUPIER_TOPIC_ORDERS")
    topics = [each for name in names for each in ("--topic", f"{environment[name]}:{number}")]
    where = ["--bootstrap-server", environment["CROUPIER_BOOTSTRAP_SERVERS"], "--group", environment["CROUPIER_APP"]]
    done = sandbox.tool(TOOL, [*where, "--reset-offsets", "--to-earliest", *topics, "--execute"])
    return "\n".join(f"  {line.rstrip()}" for line in (done.stdout + done.stderr).splitlines() if line.strip())


def _by_rewind(environment: Environment, right: Environment, number: int) -> Mended:
    """Take the partition back while a worker runs."""
    with running(RUN, environment):
        wait_for_members(environment)
        taken = taken_back(environment, str(number))
    print(f"croupier rewind, while a worker runs:\n  {taken.said}")
    return _compared(environment, right, number)._replace(reported=_reported(environment))


def _reported(environment: Environment) -> int:
    [rewind] = map(json.loads, croupier(environment, "rewind", "history", "--format", "jsonl").splitlines())
    return sum(
        json.loads(line)["what"] == "changed"
        for line in croupier(environment, "rewind", "report", rewind["id"], "--format", "jsonl").splitlines()
    )


def _compared(environment: Environment, right: Environment, number: int) -> Mended:
    rows, right_rows = (_rows(each, number) for each in (environment, right))
    heard, right_heard = (_heard(each, number) for each in (environment, right))
    if not right_rows or not right_heard:
        sys.exit("the samples have nothing in this partition")
    return Mended(
        sum(rows.get(key) != right_rows.get(key) for key in rows.keys() | right_rows.keys()),
        len(right_heard.keys() - heard.keys()),
        sum(len(values) > 1 for values in heard.values()),
        sum(right_heard.get(key, values)[-1] != values[-1] for key, values in heard.items()),
    )


def _rows(environment: Environment, number: int) -> dict[bytes, bytes]:
    """The partition's rows, as its state topic has them."""
    found = {each.key: each.value for each in _read(environment, own_topics(environment["CROUPIER_APP"]).state, number)}
    return {key: value for key, value in found.items() if key and value and is_image(key)}


def _heard(environment: Environment, number: int) -> Heard:
    found: Heard = {}
    for each in _read(environment, environment["CROUPIER_TOPIC_EVENTS"], number):
        found.setdefault((each.key or b"", each.headers["event-id"]), []).append(each.value or b"")
    return found


def _read(environment: Environment, topic: str, number: int) -> list[Record]:
    servers = {"bootstrap.servers": environment["CROUPIER_BOOTSTRAP_SERVERS"]}
    return [each for each in read({**servers}, topic) if each.partition == number]


def _table(found: tuple[Mended, Mended]) -> str:
    tool, rewind = found
    lines = [
        ("", "kafka-consumer-groups", "croupier rewind"),
        ("rows of the state that are still wrong", tool.rows_wrong, rewind.rows_wrong),
        ("events that the CRM has never heard", tool.events_missing, rewind.events_missing),
        ("events that the CRM has heard twice", tool.events_twice, rewind.events_twice),
        ("events it has heard with another content", tool.events_otherwise, rewind.events_otherwise),
        ("of those, reported with old and new value", tool.reported, rewind.reported),
        ("all partitions stood still for", f"{tool.stopped_s:.1f} s", f"{rewind.stopped_s:.1f} s"),
    ]
    return "\n".join(f"{what:42}{one!s:>22}{other!s:>16}" for what, one, other in lines)


if __name__ == "__main__":
    main()
