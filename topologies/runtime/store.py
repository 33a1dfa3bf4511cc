"""The local store: one RocksDB per worker, a cache of the state topic that survives restarts.

Every key begins with its task's partition, so that a task's rows lie together
and can be wiped together. Nothing here is the truth: what is lost is restored.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rocksdict import BlockBasedIndexType, BlockBasedOptions, Cache, Options, Rdict, WriteBatch

from topologies.runtime.errors import Fatal, Misconfigured
from topologies.wire import dump_json, load_json

log = logging.getLogger("croupier.worker")

Row = tuple[bytes, bytes | None]
"""Key (without the partition) and value; None deletes."""

BLOOM_BITS_PER_KEY = 10
"""A miss costs 0.6 µs with the filters, 7 µs without."""

WRITE_BUFFER_FILTER_SHARE = 0.02
"""Ten bits for each row of 60 bytes. Most look-ups miss, and without a filter each miss walks through the buffer."""

METADATA_BLOCK_BYTES = 16 << 10
"""Of a file's index and filter, which are taken piece by piece. As a whole, those of a file with a million rows are
larger than a shard of the block cache, never kept in it, and read and unpacked for each look-up: 140 µs instead of 8.
"""

PRIVATE = 0o700

_SCRUBBED = b"\xff\xfe"
"""Before it: for which forgotten players each task's files were rewritten."""

_APPLIED = b"\xff\xff"
"""Sorts behind every partition: where each task's `Applied` is kept."""


class Bounds(NamedTuple):
    """How much memory RocksDB may take, in bytes."""

    block_cache_bytes: int
    write_buffer_bytes: int


class Applied(NamedTuple):
    """How far the state topic is contained in a task's rows.

    `topic_id` tells a recreated state topic; `offset` is the next one to
    apply; `at` is the wall time of the last apply, ms.
    """

    topic_id: str
    offset: int
    at: int


class Store:
    """Rows by partition and key, in key order.

    Raises:
        Misconfigured: the directory is in use by another worker, or cannot be written.
    """

    def __init__(self, path: Path, bounds: Bounds) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
            # Whoever has made it before: rows lie in it.
            path.chmod(PRIVATE)
            self._db = Rdict(str(path), _options(bounds))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise Misconfigured(f"the state directory {path} cannot be used: {why}. set another state_dir") from error
        except Exception as error:  # rocksdict raises bare Exceptions
            if "lock" in str(error).lower():
                advice = "stop it, or set another state_dir or instance"
                raise Misconfigured(f"the state directory {path} is in use by another worker: {advice}") from error
            raise Misconfigured(f"the state directory {path} cannot be opened: {error}") from error

    def get(self, partition: int, key: bytes) -> bytes | None:
        """Return a row's value, or None; raises `Fatal` as `scan` does."""
        try:
            value: bytes | None = self._db.get(partition.to_bytes(2, "big") + key)
        except Exception as error:  # rocksdict raises bare Exceptions
            raise _unreadable(error) from error
        return value

    def scan(self, partition: int, start: bytes, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield a task's rows from `start` on, in key order, as long as keys begin with `prefix`.

        Raises:
            Fatal: the disk fails. Nobody may take that for an absent row.
        """
        task = partition.to_bytes(2, "big")
        within = task + prefix
        try:
            cursor: Any = self._db.iter()
            cursor.seek(task + start)
            while cursor.valid():
                key: bytes = cursor.key()
                if not key.startswith(within):
                    return
                yield key[2:], cursor.value()
                cursor.next()
            # An error ends the iteration as the last row does.
            cursor.status()
        except Exception as error:  # rocksdict raises bare Exceptions
            raise _unreadable(error) from error

    def write(self, partition: int, rows: Sequence[Row], applied: Applied) -> None:
        """Apply rows and how far that brings us, together.

        Raises:
            Fatal: the disk is full, or worse. What was committed is restored by whoever comes next.
        """
        task = partition.to_bytes(2, "big")
        batch = WriteBatch(raw_mode=True)
        for key, value in rows:
            if value is None:
                batch.delete(task + key)
            else:
                batch.put(task + key, value)
        batch.put(_APPLIED + task, dump_json(tuple(applied)))
        try:
            self._db.write(batch)
        except Exception as error:  # rocksdict raises bare Exceptions
            raise Fatal(f"the local store cannot be written: {error}") from error

    def applied(self, partition: int) -> Applied | None:
        """Return how far a task's rows are, or None for a task that was never here."""
        try:
            value: bytes | None = self._db.get(_APPLIED + partition.to_bytes(2, "big"))
        except Exception as error:  # rocksdict raises bare Exceptions
            raise _unreadable(error) from error
        return Applied(*load_json(value)) if value is not None else None

    def wipe(self, partition: int) -> None:
        """Forget a task's rows."""
        # First the mark: rows without it are never trusted, whenever we are killed.
        self._db.delete(_APPLIED + partition.to_bytes(2, "big"))
        self._db.delete(_SCRUBBED + partition.to_bytes(2, "big"))
        self._db.delete_range(partition.to_bytes(2, "big"), (partition + 1).to_bytes(2, "big"))

    def scrub(self, partition: int, names: Sequence[str]) -> None:
        """Rewrite a task's files, so that what was deleted is not in them any more; once for the same names.

        Some 30 MB a second. Nothing waits for it but who asks.
        """
        task = partition.to_bytes(2, "big")
        if set(names) <= set(load_json(self._db.get(_SCRUBBED + task) or b"[]")):
            return
        try:
            self._db.compact_range(task, (partition + 1).to_bytes(2, "big"))
        except Exception as error:  # rocksdict raises bare Exceptions
            raise Fatal(f"the local store cannot be written: {error}") from error
        self._db.put(_SCRUBBED + task, dump_json(list(names)))

    def close(self) -> None:
        """Flush and let go of the directory. What cannot be flushed is restored, so a failure is only told."""
        try:
            self._db.close()
        except Exception as error:  # noqa: BLE001 - rocksdict raises bare Exceptions
            log.warning("the local store could not be closed: %s", error)


def _unreadable(error: Exception) -> Fatal:
    return Fatal(f"the local store cannot be read: {error}. delete the state directory if it goes on")


def _options(bounds: Bounds) -> Options:
    table = BlockBasedOptions()
    table.set_block_cache(Cache(bounds.block_cache_bytes))
    table.set_bloom_filter(BLOOM_BITS_PER_KEY, block_based=False)
    # Index and filter blocks count against the cache too, else they grow with the state.
    table.set_cache_index_and_filter_blocks(True)
    table.set_pin_l0_filter_and_index_blocks_in_cache(True)
    table.set_index_type(BlockBasedIndexType.two_level_index_search())
    table.set_partition_filters(True)
    table.set_metadata_block_size(METADATA_BLOCK_BYTES)
    options = Options(raw_mode=True)
    options.create_if_missing(True)  # noqa: FBT003 - the signature of the library
    options.set_block_based_table_factory(table)
    options.set_db_write_buffer_size(bounds.write_buffer_bytes)
    options.set_write_buffer_size(bounds.write_buffer_bytes // 2)
    options.set_max_write_buffer_number(2)
    options.set_memtable_prefix_bloom_ratio(WRITE_BUFFER_FILTER_SHARE)
    options.set_memtable_whole_key_filtering(True)
    options.set_keep_log_file_num(2)
    options.set_max_open_files(256)
    return options
