"""A schema registry that is away while a worker runs: records whose schema it has wait, and none of them is dead."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from tests.integration.crowd_stage import opened
from tests.integration.installation import Installation, Outgoing, wait_until
from tests.integration.processes import mortal
from tests.integration.sources import bet, sent
from topologies import schemas
from topologies.codecs import FINGERPRINT_BYTES
from topologies.schemas import CALLS

PLAYER = "anna"
URL = "CROUPIER_SCHEMA_REGISTRY_URL"


@pytest.fixture
def croupier(bootstrap_servers: str, app: str, tmp_path: Path) -> Installation:
    return opened(bootstrap_servers, app, tmp_path)


@pytest.fixture
def away() -> Iterator[str]:
    """An address that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def by_id(record: Outgoing, schema_id: int) -> Outgoing:
    """The same with the id of its schema in front of it, not with its fingerprint."""
    return record._replace(value=b"\0" + schema_id.to_bytes(4) + (record.value or b"")[FINGERPRINT_BYTES:])


def test_a_stop_while_the_registry_is_away_leaves_records_where_they_are(
    croupier: Installation, away: str, schema_registry_url: str, tmp_path: Path
) -> None:
    [text] = [each.text for each in schemas.ours() if each.source == CALLS]
    with SchemaRegistryClient({"url": schema_registry_url}) as client:
        schema_id = client.register_schema(croupier.topic("calls-value"), Schema(text, "AVRO"))
    one, two, three = (sent(bet(PLAYER, f"c{number}", number)) for number in (1, 2, 3))
    croupier.send([one])

    said, command = tmp_path / "said.txt", [sys.executable, "-m", "cli", "run", "player"]
    environment = {**croupier.environment, URL: away}
    with (
        said.open("w") as to,
        mortal(subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=to, stderr=to, text=True)) as worker,
    ):
        wait_until(lambda: bool(croupier.read(croupier.topic("crm.events"))))
        croupier.send([by_id(two, schema_id), three])
        wait_until(lambda: "schema registry does not answer, asking again" in said.read_text())
        worker.terminate()
        assert (0, False) == (worker.wait(60), "Traceback" in said.read_text()), said.read_text()

    assert [] == croupier.read(croupier.dead_letter_topic)
    croupier.environment[URL] = schema_registry_url
    croupier.drain()
    assert ["casino/debit/c1", "casino/debit/c2", "casino/debit/c3"] == croupier.event_ids(PLAYER)
