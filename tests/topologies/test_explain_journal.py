"""What one player sees of a journal: only the commits that concern the player, and how far back they reach."""

from collections.abc import Iterator, Mapping, Sequence

from topologies.graph import Message
from topologies.operations.explain.found import Commit
from topologies.operations.explain.journal import Journal
from topologies.runtime.journal import marker
from topologies.runtime.journal.marker import Heard, Marker
from topologies.runtime.journal.record import DIFFERENCE
from topologies.runtime.overlay import TimerKey, timer_key
from topologies.runtime.store import Row
from topologies.wire import dump_json

TIMER = timer_key(TimerKey(7, "bonus-expiry", "anna", "b1")).encode()


def records(*commits: tuple[Sequence[Row], Marker]) -> Iterator[Message]:
    rows = [
        row
        for images, each in commits
        for row in [*images, *marker.encode(each._replace(images=_images(images)), ["a"])]
    ]
    return (Message("journal", 0, offset, 100 + offset, *row) for offset, row in enumerate(rows))


def _images(rows: Sequence[Row]) -> int:
    return sum(not key.startswith(DIFFERENCE) for key, _ in rows)


def seen(
    *commits: tuple[Sequence[Row], Marker], begins: Mapping[str, int] | None = None, letters: Sequence[str] = ()
) -> list[Commit]:
    return list(Journal("anna", letters, begins or {}).commits(records(*commits)))


def test_only_commits_that_concern_the_player_are_kept() -> None:
    found = seen(
        ([(b"bert\0win\0w", None)], Marker(1, {"a": 1}, 0, heard=[Heard("bert", "x", "h")])),
        ([(b"anna\0win\0w", b"v"), (b"bert\0win\0w", b"v"), (TIMER, None)], Marker(2, {"a": 2}, 0)),
        ([], Marker(3, {"a": 3}, 0, heard=[Heard("bert", "x", "h"), Heard("anna", "y", "h")])),
        ([], Marker(4, {"a": 4}, 0, heard=[Heard("", "dead-letter/a/0/3", "h"), Heard("", "dead-letter/a/0/2", "h")])),
        ([], Marker(5, {"a": 2}, 0, rewound_to=2, rewind="r")),
        letters=["dead-letter/a/0/3"],
    )

    assert [2, 3, 4, 5] == [each.number for each in found]
    assert [(b"anna\0win\0w", b"v"), (TIMER, None)] == found[0].images
    assert [["y"], ["dead-letter/a/0/3"], []] == [[heard.id for heard in each.heard] for each in found[1:]]
    assert [1, 2, 3, 4] == [each.begins["a"] for each in found]


def test_a_player_whose_id_begins_like_another_is_another() -> None:
    assert [] == seen(([(b"anna2\0win\0w", None)], Marker(1, {"a": 1}, 0)))


def test_differences_of_the_player_are_kept() -> None:
    line = {"what": "changed", "key": "anna", "id": "x", "old": "h", "new": None, "sent": False}
    rows = [(DIFFERENCE + b"r", dump_json({**line, "key": "bert"})), (DIFFERENCE + b"r", dump_json(line))]

    [found] = seen((rows, Marker(1, {"a": 1}, 0, rewind="r")))

    assert [line] == found.differences


def test_a_rewind_takes_the_inputs_back_behind_the_beginning() -> None:
    journal = Journal("anna", (), {"a": 50})
    list(journal.commits(records(([], Marker(8, {"a": 60}, 0)), ([], Marker(9, {"a": 20}, 0, rewound_to=3)))))

    assert ({"a": 20}, {"a": 20}) == (journal.ends, journal.lowest)


def test_where_a_commit_began_is_known_from_the_one_before_unless_that_is_missing() -> None:
    image = [(b"anna\0win\0w", None)]

    def begins(number: int, next_number: int) -> list[int]:
        found = seen((image, Marker(number, {"a": 5}, 0)), (image, Marker(next_number, {"a": 9}, 0)))
        return [each.begins["a"] for each in found]

    assert [0, 5] == begins(1, 2)
    assert [5, 5] == begins(4, 5)
    assert [5, 9] == begins(4, 6)
