"""The journal as one player sees it: only the commits that concern the player are kept."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from topologies.graph import Message
from topologies.operations.explain.found import Commit
from topologies.runtime.journal.assembly import START, Assembly
from topologies.runtime.journal.assembly import Commit as Whole
from topologies.runtime.journal.marker import Heard
from topologies.runtime.journal.record import DIFFERENCE, Record, is_image, owner
from topologies.runtime.journal.writing import NOBODY
from topologies.runtime.store import Row
from topologies.wire import load_json


class Journal:
    """Takes the records of a partition in order.

    `ends` is where the inputs stand as of the last commit, `lowest` the lowest
    that they ever stood: a rewind goes back behind the beginning.

    Args:
        player: whose rows and events are kept.
        letters: the ids of the player's dead letters, as the markers have them.
        begins: where the inputs stood before the first record; empty: not known.
    """

    def __init__(self, player: str, letters: Collection[str], begins: Mapping[str, int]) -> None:
        self._player = player
        self._key = player.encode()
        self._letters = letters
        self._assembly = Assembly()
        self._images: list[Row] = []
        self._differences: list[Mapping[str, Any]] = []
        self.ends = begins
        self.lowest = dict(begins)

    def commits(self, messages: Iterable[Message]) -> Iterator[Commit]:
        """Yield the commits that matter.

        Raises:
            Halted: a newer release wrote them.
        """
        for message in messages:
            self._keep(message)
            whole = self._assembly.take(Record(message.offset, message.key or b"", message.value))
            if whole is not None:
                commit = self._slim(whole, message.timestamp)
                if _matters(commit):
                    yield commit

    def _keep(self, message: Message) -> None:
        key = message.key or b""
        if is_image(key):
            if owner(key) == self._key:
                self._images.append((key, message.value))
        elif key.startswith(DIFFERENCE) and message.value is not None:
            line = load_json(message.value)
            if line["key"] == self._player:
                self._differences.append(line)

    def _slim(self, whole: Whole, time_ms: int) -> Commit:
        marker = whole.marker
        commit = Commit(
            whole.number,
            time_ms,
            self._begins(whole),
            marker.inputs,
            marker.slices,
            marker.stream_time,
            self._images,
            [each for each in marker.heard if self._is_ours(each)],
            [each for each in marker.vanished if self._is_ours(each)],
            self._differences,
            marker.rewound_to,
            marker.rewind,
        )
        self._images, self._differences, self.ends = [], [], marker.inputs
        for topic, offset in [*commit.begins.items(), *marker.inputs.items()]:
            self.lowest[topic] = min(offset, self.lowest.get(topic, offset))
        return commit

    def _begins(self, whole: Whole) -> Mapping[str, int]:
        if self.ends and (whole.gap in (None, START)):
            return self.ends
        # The first commit of all has begun where there was nothing yet.
        return dict.fromkeys(whole.marker.inputs, 0) if whole.number == 1 else whole.marker.inputs

    def _is_ours(self, heard: Heard) -> bool:
        return heard.id in self._letters if heard.key == NOBODY else heard.key == self._player


def _matters(commit: Commit) -> bool:
    has_said = commit.heard or commit.vanished or commit.differences
    return bool(commit.images or has_said) or commit.rewound_to is not None
