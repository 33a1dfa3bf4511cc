"""What each class of dead letter asks of whom."""

from collections.abc import Mapping

ADVICE: Mapping[str, str] = {
    "undecodable": "its producer writes something else than its framing says. replay it once the bytes can be read",
    "unknown-schema": "put its writer's schema into schema_dir, or into the registry, then replay it",
    "invalid": "its producer has to send it again, right",
    "wrong-key": "mend its producer, or the setting partitioner. a replay puts it where its key belongs, under the "
    "same key",
    "unmapped-origin": "set origin_by_casino or origin_by_currency, start the workers again, then replay it",
    "missing-rate": "load the rate. workers then replay it by themselves, as often as dead_letter_retries says",
    "unknown-combination": "ask the vendor what it means",
    "illegal-transition": "look at the player's story: croupier explain",
    "bug": "report it. the player's state is as before: replay it with a release that has it mended",
}
"""Class → what to do; all classes there are."""

UNKNOWN = "this release does not know its class"


def of(kind: str) -> str:
    """Return what to do about a class."""
    return ADVICE.get(kind, UNKNOWN)
