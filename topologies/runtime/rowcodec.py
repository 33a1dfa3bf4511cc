"""The bytes of a row: when it expires, its version, its value.

8 bytes of expiry (ms since 1970, big-endian, 0 = never), then JSON
`[version, row]`. Every version that can still be in the state topic or the
store stays readable: `upgrade` turns it into today's.
"""

from collections.abc import Callable
from typing import Any, Final

from topologies.runtime.errors import Halted
from topologies.wire import dump_json, load_json

StoredEntry = tuple[int, Any, bytes]
"""When a row expires (ms, 0 = never), its JSON value, and the bytes of both."""

Entry = tuple[int, Any] | StoredEntry
"""A row, stored or not yet."""

EXPIRY_BYTES: Final = 8

OWN: Final = b"\0"
"""What the keys of the task's own rows begin with, head and timers: they are not the topology's to upgrade."""

ABSENT: Entry = (0, None)
"""The entry of a row that is not there; compared by identity where a deletion is meant.

Not `Final`: compiled, such a tuple is made anew wherever it is named.
"""


class RowCodec:
    """Encodes rows as today's version and decodes every known one.

    Args:
        version: today's.
        upgrade: (kind, version, row) → today's row.
    """

    def __init__(self, version: int, upgrade: Callable[[str, int, Any], Any]) -> None:
        self._version = version
        self._upgrade = upgrade

    def encode(self, entry: Entry) -> bytes:
        """Return the bytes of a row."""
        return entry[0].to_bytes(EXPIRY_BYTES, "big") + dump_json((self._version, entry[1]))

    def decode(self, key: bytes, value: bytes) -> StoredEntry:
        """Return a row's entry.

        Raises:
            Halted: a newer release wrote it.
        """
        version, row = load_json(value[EXPIRY_BYTES:])
        if version != self._version:
            row = self._older(key, version, row)
        return int.from_bytes(value[:EXPIRY_BYTES], "big"), row, value

    def _older(self, key: bytes, version: int, row: Any) -> Any:  # noqa: ANN401 - JSON values
        if version > self._version:
            raise Halted(
                f"the state was written by a newer release: row version {version}, this release reads up to "
                f"{self._version}. install that release again, or a newer one"
            )
        if key.startswith(OWN):
            return row
        kind = key.split(b"\0")[1].decode()
        return self._upgrade(kind, version, row)


def expiry_text(at: int) -> bytes:
    """Return what a row begins with that expires at a time: later times sort behind it."""
    return at.to_bytes(EXPIRY_BYTES, "big")


def expires_at(value: bytes) -> int:
    """Return the expiry of an encoded row, without decoding it."""
    return int.from_bytes(value[:EXPIRY_BYTES], "big")
