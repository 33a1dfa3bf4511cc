"""What the commits of a real worker leave in the journal: enough to take each of them back, and to take it again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from itertools import pairwise

import pytest

from tests.integration.counting_stage import Stage
from tests.integration.counting_topics import Record
from topologies.runtime import head
from topologies.runtime.journal import assembly, record
from topologies.runtime.journal.marker import Heard, content_hash
from topologies.runtime.journal.undo import undo
from topologies.runtime.store import Row

Rows = dict[bytes, bytes]

LIVES = 3


@pytest.fixture
def lived(stage: Stage) -> Stage:
    """A stage with some lives behind it, small batches, some records that break, and timers."""
    for life in range(LIVES):
        stage.send(stage.records(life))
        stage.run(batch_records_max=40)
    return stage


def test_the_state_as_of_each_commit_can_be_had_from_the_journal(lived: Stage) -> None:
    for number in range(lived.partitions):
        snapshots, journal = list(_snapshots(_of(number, lived.read(lived.state)))), _journal(lived, number)
        commits = list(assembly.commits(journal))
        assert list(range(1, len(snapshots) + 1)) == [commit.number for commit in commits]

        for commit, expected in zip(commits, snapshots, strict=True):
            behind = [each for each in journal if each.offset > commit.ends_at]
            assert expected == _undone(snapshots[-1], undo(behind).rows.items())


def test_each_commit_says_where_it_began_and_ended(lived: Stage) -> None:
    for number in range(lived.partitions):
        commits = list(assembly.commits(_journal(lived, number)))
        ends = {
            lived.topic(source): lived.ends(lived.topic(source))[number] for source in ("orders", "bonuses", "bets")
        }

        assert ends == commits[-1].marker.inputs
        for before, after in pairwise(commits):
            assert _is_in_order([tuple(before.marker.inputs.values()), *(each.offsets for each in after.marker.slices)])
            if after.marker.slices:
                assert tuple(after.marker.inputs.values()) == after.marker.slices[-1].offsets


def test_the_journal_knows_what_was_said(lived: Stage) -> None:
    said = {
        (each.key.decode(), each.headers["event-id"].decode(), content_hash(each.value or b""))
        for each in lived.read(lived.events)
    }
    dead = {
        "/".join(each.headers[f"dead-letter.{part}"].decode() for part in ("topic", "partition", "offset"))
        for each in lived.read(lived.dead_letters)
    }
    heard = [astuple(each) for number in range(lived.partitions) for each in _heard(_journal(lived, number))]

    assert said == {each for each in heard if each[0]}
    assert {f"dead-letter/{where}" for where in dead} == {name for key, name, _ in heard if not key}
    assert len(heard) == len(set(heard)) == len(said) + len(dead)


def test_without_a_window_there_is_no_journal_and_the_gap_shows(stage: Stage) -> None:
    for life, window in enumerate(("7d", "0", "7d")):
        stage.send(stage.records(life))
        stage.run(rewind_window=window)

    for number in range(stage.partitions):
        first, *others = [commit for commit in assembly.commits(_journal(stage, number)) if commit.gap]
        assert assembly.START == first.gap
        assert 1 == len(others)
        assert f"the journal has commit {others[0].number} after commit" in (others[0].gap or "")


def _journal(stage: Stage, number: int) -> list[record.Record]:
    return [record.Record(each.offset, each.key, each.value) for each in _of(number, stage.read(stage.journal))]


def _of(number: int, records: Sequence[Record]) -> list[Record]:
    return [each for each in records if each.partition == number]


def _heard(journal: Sequence[record.Record]) -> Iterator[Heard]:
    for commit in assembly.commits(journal):
        yield from commit.marker.heard


def _snapshots(state: Sequence[Record]) -> Iterator[Rows]:
    """The task's rows after each commit: its head is the last row of each."""
    rows: Rows = {}
    for each in state:
        if each.key == head.KEY:
            yield dict(rows)
        elif each.value is None:
            rows.pop(each.key, None)
        else:
            rows[each.key] = each.value


def _undone(rows: Rows, before: Iterable[Row]) -> Rows:
    restored = {**rows, **dict(before)}
    return {key: value for key, value in restored.items() if value is not None}


def _is_in_order(offsets: Sequence[tuple[int, ...]]) -> bool:
    return all(low <= high for before, after in pairwise(offsets) for low, high in zip(before, after, strict=True))
