import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.records import configure
from tests.integration.sources import at, change, rate

Croupier = Callable[..., int]
Output = pytest.CaptureFixture[str]
Named = Callable[[str], str]


@pytest.mark.parametrize(
    ("config", "arguments", "warned"),
    [
        pytest.param({"retention.ms": "3600000"}, [], [("2 documents are", "3600000, 1h", True)], id="too old"),
        pytest.param(
            {"retention.ms": "3600000"}, ["--times", "now"], [("1 document is", "3600000, 1h", False)], id="now"
        ),
        pytest.param({"retention.ms": "3600000"}, ["--dry-run"], [], id="a dry run asks nobody"),
        pytest.param({"retention.ms": "-1"}, [], [], id="kept for ever"),
        pytest.param({"retention.ms": "3600000", "cleanup.policy": "compact"}, [], [], id="never deleted by time"),
        pytest.param(
            {"retention.ms": "3600000", "message.timestamp.type": "LogAppendTime"}, [], [], id="the broker's own time"
        ),
    ],
)
def test_documents_older_than_their_topic_keeps_them_are_warned_of(
    croupier: Croupier,
    tmp_path: Path,
    capsys: Output,
    topic: Named,
    bootstrap_servers: str,
    config: dict[str, str],
    arguments: list[str],
    warned: list[tuple[str, str, bool]],
) -> None:
    assert 0 == croupier("topics", "create", "--partitions", 1)
    configure({"bootstrap.servers": bootstrap_servers}, [topic("bonuses")], config)
    capsys.readouterr()
    old = [change("anna", "b1", hours * 3600) for hours in (0, 2)]

    path = tmp_path / "documents.json"
    path.write_text(json.dumps([rate("GBP", "1.17", at(0)), *old]))

    assert 0 == croupier("load", path, *arguments)

    said = capsys.readouterr()
    assert f"{topic('bonuses')}: 2\n" in said.out
    assert [
        f"croupier: {topic('bonuses')}: {documents} older than the topic keeps records (retention.ms={kept}), so they "
        f"may be gone before anybody reads them; {'load them with --times now, or ' if now else ''}let the topic keep "
        "them with retention.ms=-1"
        for documents, kept, now in warned
    ] == said.err.splitlines()
