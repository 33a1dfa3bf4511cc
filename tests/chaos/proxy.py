"""A TCP proxy between workers and brokers that reads whose request it is and what it asks, and rewrites nothing.

One rule at a time. A request that the rule is about is kept back, and goes on to the broker later although its client
may have given up and gone; or it never arrives, and its connection is cut.
"""

import asyncio
import contextlib
import struct
import threading
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from topologies.operations.sandbox.ports import HOST

HEADER_BYTES = 8
LOOK_S = 0.01
WORST_MOMENT_S = 1.0
CHUNK_BYTES = 1 << 16


class Api(StrEnum):
    """Requests that rules are about."""

    PRODUCE = "Produce"
    OFFSET_FETCH = "OffsetFetch"
    END_TXN = "EndTxn"
    TXN_OFFSET_COMMIT = "TxnOffsetCommit"


KEYS = {0: Api.PRODUCE, 9: Api.OFFSET_FETCH, 26: Api.END_TXN, 28: Api.TXN_OFFSET_COMMIT}
"""Kafka protocol, "Api Keys"."""


class Moment(StrEnum):
    """The worst moments for a late request to arrive."""

    NEXT = "its client, by another connection, sends the offsets of its next transaction"
    SUCCESSION = "another client has asked where the group stands, and waits for the answer"


class Rule(NamedTuple):
    """What happens for `for_s` to requests of one kind, of all clients or of those whose names end in `of`.

    `cut`: their connection is closed, they never arrive. Otherwise each
    arrives `hold_s` later, or already at a certain moment.
    """

    api: Api
    for_s: float
    cut: bool = False
    hold_s: float = 0.0
    until: Moment | None = None
    of: str = ""


class Request(NamedTuple):
    """The beginning of a request."""

    api: Api | None
    client: str


def read(frame: bytes) -> Request:
    """Read api key and client id; the version and the correlation id, between them, are nobody's affair."""
    (key,) = struct.unpack_from(">h", frame)
    (length,) = struct.unpack_from(">h", frame, HEADER_BYTES)
    name = frame[HEADER_BYTES + 2 : HEADER_BYTES + 2 + max(length, 0)]
    return Request(KEYS.get(key), name.decode(errors="replace"))


class Proxy:
    """Threads and sockets. `doors`: of each broker the port that clients know, and where it leads to.

    `touched` counts the requests that a rule was applied to. `late` has the
    clients whose late requests have arrived at the worst moment.
    """

    def __init__(self, doors: Sequence[tuple[int, int]]) -> None:
        self._doors = doors
        self._rule: Rule | None = None
        self._until_s = 0.0
        self._held_by: dict[str, float] = {}
        self._seen: dict[Moment, dict[str, float]] = {each: {} for each in Moment}
        self.touched = 0
        self.late: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._listens = threading.Event()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()
        self._listens.wait()

    def apply(self, rule: Rule) -> None:
        """Begin with a rule; it ends by itself."""
        self._rule, self._until_s = rule, time.monotonic() + rule.for_s

    def lift(self) -> None:
        """End the rule. What is held stays held."""
        self._until_s = 0.0

    def close(self) -> None:
        """Cut everything."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._listens.set()
        self._loop.run_forever()
        for server in self._servers:
            server.close()
        everything = asyncio.all_tasks(self._loop)
        for task in everything:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*everything, return_exceptions=True))

    async def _listen(self) -> None:
        for known, behind in self._doors:

            async def serve(reader: StreamReader, writer: StreamWriter, behind: int = behind) -> None:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await self._connected(reader, writer, behind)

            self._servers.append(await asyncio.start_server(serve, HOST, known))

    async def _connected(self, reader: StreamReader, writer: StreamWriter, behind: int) -> None:
        try:
            theirs, ours = await asyncio.open_connection(HOST, behind)
        except OSError:
            writer.close()
            return
        answers = asyncio.ensure_future(_copy(theirs, writer))
        try:
            await self._requests(reader, ours)
        finally:
            # What was sent just now may still arrive: the broker reads it before it reads the end.
            writer.close()
            ours.close()
            answers.cancel()

    async def _requests(self, reader: StreamReader, ours: StreamWriter) -> None:
        while True:
            size = await reader.readexactly(4)
            frame = await reader.readexactly(int.from_bytes(size, "big"))
            request = read(frame)
            rule = self._rule if time.monotonic() < self._until_s else None
            if request.api is Api.OFFSET_FETCH:
                self._seen[Moment.SUCCESSION][request.client] = time.monotonic()
            if request.api is Api.TXN_OFFSET_COMMIT:
                self._seen[Moment.NEXT][request.client] = time.monotonic()
                if request.client in self._held_by:
                    # The late request goes first; whoever wants to do more at this moment has time.
                    await asyncio.sleep(WORST_MOMENT_S)
            if rule is not None and rule.api is request.api and request.client.endswith(rule.of):
                self.touched += 1
                if rule.cut:
                    return
                if await self._hold(rule, request.client):
                    self.late.append(request.client)
            ours.write(size + frame)
            await ours.drain()

    async def _hold(self, rule: Rule, client: str) -> bool:
        """Wait; whether the moment has come meanwhile."""
        began_s = time.monotonic()
        self._held_by[client] = began_s
        has_come = False
        while time.monotonic() < began_s + rule.hold_s and not has_come:
            await asyncio.sleep(LOOK_S)
            has_come = self._has_come(rule.until, client, began_s)
        if has_come:
            # The records of a next transaction, and whoever takes over, are on their way.
            await asyncio.sleep(WORST_MOMENT_S / 4)
        self._held_by.pop(client, None)
        return has_come

    def _has_come(self, moment: Moment | None, client: str, since_s: float) -> bool:
        if moment is None:
            return False
        return any(
            at_s > since_s and (each == client) == (moment is Moment.NEXT) for each, at_s in self._seen[moment].items()
        )


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        # The broker has gone: so must what its client sees of it.
        writer.close()
