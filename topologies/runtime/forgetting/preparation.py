"""What a task that forgets a player does next."""

import logging
from itertools import islice

from topologies.runtime.batch import Batch
from topologies.runtime.errors import Halted
from topologies.runtime.forgetting import finding, steps
from topologies.runtime.forgetting.finding import Remembered
from topologies.runtime.forgetting.row import Forgetting
from topologies.runtime.journal.record import SALT
from topologies.runtime.rewinding.journal_reader import JournalReader
from topologies.runtime.rewinding.steps import Ground
from topologies.runtime.store import Store

log = logging.getLogger("croupier.forget")


class Forgets:
    """Prepares steps as values, for one worker or tool.

    Args:
        journal: has the salts.
        store: has the rows of the tasks that are asked about; nobody writes them meanwhile.
        rows_max: that a step deletes.
        kept_ms: how long it is remembered who was forgotten: longer than anything of before lies in the journal.
    """

    def __init__(self, journal: JournalReader, store: Store, rows_max: int, kept_ms: int) -> None:
        self._journal = journal
        self._store = store
        self._rows_max = rows_max
        self._kept_ms = kept_ms
        # Whoever goes on after a restart looks for the player again: no row says who it is.
        self._players: dict[tuple[int, str], bytes | None] = {}

    def step(self, ground: Ground, remembered: Remembered, doing: Forgetting) -> Batch:
        """Return the next transaction.

        Raises:
            Unavailable: ask again.
        """
        command, here = doing.command, (ground.partition, doing.command.id)
        before = next((each for each in remembered.done if each.id == command.id), None)
        if before is not None and before.is_complete:
            self._players.pop(here, None)
            return steps.done(ground, doing, before)
        salt = bytes.fromhex(before.salt) if before is not None else self._salt(ground.partition, command.salt_offset)
        if salt is None:
            return steps.refusal(ground, doing, "the salt of the player's hash is not in the journal any more")
        if here not in self._players:
            self._players[here] = finding.player(self._store, ground.partition, command.hash, salt)
        keys: list[bytes] = []
        if (whose := self._players[here]) is not None:
            keys = list(islice(finding.rows(self._store, ground.partition, whose), self._rows_max))
        log.info("task %d: forgetting a player, %d rows", ground.partition, len(keys))
        is_complete = len(keys) < self._rows_max
        return steps.deletion(ground, doing, salt, keys, self._kept_ms, is_complete=is_complete)

    def _salt(self, partition: int, offset: int) -> bytes | None:
        try:
            found = next(self._journal.read(partition, offset, offset + 1), None)
        except Halted:
            return None
        return found.value if found is not None and found.key.startswith(SALT) and found.value else None
