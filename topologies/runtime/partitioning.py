"""In which partition a key must lie, by the producer's partitioner."""

import zlib
from collections.abc import Callable, Mapping

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995
_SEED = 0x9747B28C


def murmur2(key: bytes) -> int:
    """Return Kafka's 32-bit murmur2 of a key (`org.apache.kafka.common.utils.Utils.murmur2`), unsigned."""
    length = len(key)
    h = (_SEED ^ length) & _MASK
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(key[start : start + 4], "little") * _M & _MASK
        k = (k ^ (k >> 24)) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    tail = key[whole:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)


def java_default(key: bytes, partitions: int) -> int:
    """Return the partition that Java's producer chooses, and librdkafka's `murmur2_random` for a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def crc32(key: bytes, partitions: int) -> int:
    """Return the partition that librdkafka's `consistent` partitioner chooses."""
    return zlib.crc32(key) % partitions


PARTITIONERS: Mapping[str, Callable[[bytes, int], int] | None] = {
    "murmur2": java_default,
    "crc32": crc32,
    "none": None,
}


class Placement:
    """Whether keys lie where they must; asked of the same key again, it remembers.

    Args:
        partitioner: a name in `PARTITIONERS`; `none` accepts any partition.
        partition: the task's.
        partitions: how many the inputs have.
    """

    REMEMBERED_MAX = 100_000

    def __init__(self, partitioner: str, partition: int, partitions: int) -> None:
        self._choose = PARTITIONERS[partitioner]
        self._partition = partition
        self._partitions = partitions
        self.right: dict[str, bytes] = {}
        """Keys that belong here, as far as they are remembered, and their bytes."""

    def is_right(self, key: str) -> bool:
        """Whether this key belongs into the task's partition."""
        if key in self.right:
            return True
        encoded = key.encode()
        if self._choose is not None and self._choose(encoded, self._partitions) != self._partition:
            return False
        if len(self.right) >= self.REMEMBERED_MAX:
            self.right.clear()
        self.right[key] = encoded
        return True
