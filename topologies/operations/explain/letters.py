"""Dead letters as the player's story tells them: class, reason and cause, never the bytes; and who sent one again."""

from collections.abc import Sequence

from topologies.graph import Message
from topologies.operations.explain.found import Said
from topologies.runtime.batch import DeadRecord
from topologies.runtime.dead_letters import PREFIX
from topologies.runtime.journal import writing
from topologies.runtime.letters.letter import REPLAYED


def said(message: Message, headers: Sequence[tuple[str, bytes]]) -> Said:
    """Return a dead letter, or the note that one was sent again; what is not ours has nothing to tell, and no cause."""
    told = {name.removeprefix(PREFIX): value.decode(errors="replace") for name, value in headers}
    cause = "/".join(told.get(name, "") for name in ("topic", "partition", "offset"))
    where = f"{message.topic}/{message.partition}/{message.offset}"
    if told.get("form") == REPLAYED:
        value = {name: told.get(name, "") for name in ("by", "attempt")}
        return Said(where, message.timestamp, "replayed", where, "", cause, "", value)
    value = {name: told.get(name, "") for name in ("class", "reason")}
    try:
        known = writing.dead(DeadRecord(message.partition, message.key, message.value, list(headers)))
    except (KeyError, TypeError, ValueError):
        return Said(where, message.timestamp, "dead-letter", where, "", cause, "", value)
    return Said(where, message.timestamp, "dead-letter", known.id, known.hash, cause, "", value)
