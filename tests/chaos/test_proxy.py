"""The proxy against a server that writes down what arrives: what is held arrives late, what is cut never."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.chaos.proxy import Api, Moment, Proxy, Request, Rule, read
from tests.integration.installation import wait_until
from topologies.operations.sandbox.ports import HOST, free_ports

PRODUCE, METADATA, FETCH, END_TXN, OFFSETS = 0, 3, 9, 26, 28
LONG_S = 60.0


def frame(key: int, client: str = "worker", number: int = 0) -> bytes:
    name = client.encode()
    return struct.pack(">hhih", key, 1, number, len(name)) + name + b"the rest"


def sized(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


class Server:
    """Writes down the api keys that arrive."""

    def __init__(self) -> None:
        self._socket = socket.create_server((HOST, 0))
        self.port = self._socket.getsockname()[1]
        self.arrived: list[int] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._read, args=[connection], daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            while len(size := stream.read(4)) == 4:
                body = stream.read(int.from_bytes(size, "big"))
                self.arrived.append(struct.unpack_from(">h", body)[0])
                connection.sendall(sized(body[4:8]))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with closing(Server()) as made:
        yield made


@pytest.fixture
def door(server: Server) -> Iterator[tuple[Proxy, int]]:
    (port,) = free_ports(1)
    with closing(Proxy([(port, server.port)])) as proxy:
        yield proxy, port


def ask(port: int, *keys: int, client: str = "worker") -> socket.socket:
    connection = socket.create_connection((HOST, port), 10)
    for key in keys:
        connection.sendall(sized(frame(key, client)))
    return connection


def test_a_request_says_whose_it_is_and_what_it_asks() -> None:
    assert Request(Api.END_TXN, "worker-1") == read(frame(END_TXN, "worker-1"))
    assert Request(None, "worker-1") == read(frame(METADATA, "worker-1"))


def test_without_a_rule_everything_passes_and_is_answered(server: Server, door: tuple[Proxy, int]) -> None:
    with ask(door[1], METADATA, PRODUCE) as client:
        assert sized(b"\0\0\0\0") == client.recv(8, socket.MSG_WAITALL)
        wait_until(lambda: server.arrived == [METADATA, PRODUCE])


def test_what_is_held_arrives_although_its_client_has_gone(server: Server, door: tuple[Proxy, int]) -> None:
    proxy, port = door
    proxy.apply(Rule(Api.END_TXN, LONG_S, hold_s=0.5))
    began_s = time.monotonic()
    ask(port, END_TXN).close()

    wait_until(lambda: server.arrived == [END_TXN])
    assert time.monotonic() - began_s >= 0.5


def test_what_is_held_until_the_next_transaction_arrives_before_its_offsets(
    server: Server, door: tuple[Proxy, int]
) -> None:
    proxy, port = door
    proxy.apply(Rule(Api.END_TXN, LONG_S, hold_s=LONG_S, until=Moment.NEXT))
    with ask(port, END_TXN):
        wait_until(lambda: proxy.touched == 1)
        with ask(port, PRODUCE, OFFSETS):
            wait_until(lambda: len(server.arrived) == 3)

    assert [PRODUCE, END_TXN, OFFSETS] == server.arrived


def test_what_is_held_until_another_takes_over_arrives_when_that_one_has_asked(
    server: Server, door: tuple[Proxy, int]
) -> None:
    proxy, port = door
    proxy.apply(Rule(Api.END_TXN, LONG_S, hold_s=LONG_S, until=Moment.SUCCESSION))
    with ask(port, END_TXN):
        wait_until(lambda: proxy.touched == 1)
        with ask(port, FETCH), ask(port, FETCH, client="another"):
            wait_until(lambda: len(server.arrived) == 3)

    assert [FETCH, FETCH, END_TXN] == server.arrived
    assert ["worker"] == proxy.late


def test_what_is_cut_never_arrives_and_its_connection_is_closed(server: Server, door: tuple[Proxy, int]) -> None:
    proxy, port = door
    proxy.apply(Rule(Api.PRODUCE, LONG_S, cut=True))
    with ask(port, METADATA, PRODUCE, METADATA) as client:
        wait_until(lambda: server.arrived == [METADATA])
        answers = client.recv(100)
        while more := client.recv(100):
            answers += more

    assert len(answers) <= 8
    assert [METADATA] == server.arrived
