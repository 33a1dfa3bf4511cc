"""Free ports, and whether a Kafka broker or a web server answers on one."""

import socket
import struct
import urllib.error
import urllib.request
from contextlib import ExitStack
from typing import NamedTuple

HOST = "127.0.0.1"
METADATA = 3  # api key; version 2 is the first that names the cluster
ANSWER_TIMEOUT_S = 2


class Cluster(NamedTuple):
    """What a broker says about its cluster."""

    id: str
    brokers: int


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on now; somebody else may take one a moment later."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


def cluster(port: int, host: str = HOST) -> Cluster | None:
    """Asks the plaintext listener for its metadata; None while nothing answers in Kafka's protocol.

    The broker counts itself only once the controller has let it in, so `brokers` ≥ 1 means: it serves clients.
    """
    request = struct.pack(">hhihi", METADATA, 2, 1, -1, 0)  # correlation id 1, no client id, no topics
    try:
        with socket.create_connection((host, port), ANSWER_TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as answer:
                (size,) = struct.unpack(">i", answer.read(4))
                return _metadata(answer.read(size))
    except (OSError, struct.error, UnicodeDecodeError):
        return None


def serves(url: str) -> bool:
    """Whether a GET of `url` is answered with success."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_TIMEOUT_S) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _metadata(answer: bytes) -> Cluster:
    """Reads correlation id, brokers (id, host, port, rack) and cluster id of a Metadata response, version 2."""
    brokers, at = struct.unpack_from(">i", answer, 4)[0], 8
    for _ in range(brokers):
        _, at = _string(answer, at + 4)
        _, at = _string(answer, at + 4)
    name, _ = _string(answer, at)
    return Cluster(name, brokers)


def _string(answer: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">h", answer, at)
    end = at + 2 + max(length, 0)
    return answer[at + 2 : end].decode(), end
