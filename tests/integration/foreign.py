"""What only another client writes: librdkafka's own C interface, as the wheel of our client brings it."""

import ctypes
from pathlib import Path

import confluent_kafka

FLUSH_MS = 30_000
COPY = 2

END, TOPIC, VALUE, KEY, FLAGS, HEADERS = 0, 1, 4, 5, 7, 10
"""librdkafka's `rd_kafka_vtype_t`."""

MESSAGE_BYTES = 512


def send(bootstrap_servers: str, topic: str, key: bytes, value: bytes, header: bytes) -> None:
    """Send one record with one header of this name, whatever its bytes are."""
    [path] = Path(confluent_kafka.__file__).parent.with_name("confluent_kafka.libs").glob("librdkafka*")
    library, why = ctypes.CDLL(str(path)), ctypes.create_string_buffer(MESSAGE_BYTES)
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_headers_new"):
        getattr(library, name).restype = ctypes.c_void_p
    size = ctypes.c_size_t
    config = ctypes.c_void_p(library.rd_kafka_conf_new())
    library.rd_kafka_conf_set(config, b"bootstrap.servers", bootstrap_servers.encode(), why, size(MESSAGE_BYTES))
    producer = ctypes.c_void_p(library.rd_kafka_new(0, config, why, size(MESSAGE_BYTES)))
    headers = ctypes.c_void_p(library.rd_kafka_headers_new(size(1)))
    library.rd_kafka_header_add(headers, header, ctypes.c_ssize_t(len(header)), b"v", ctypes.c_ssize_t(1))
    given = (
        *(TOPIC, ctypes.c_char_p(topic.encode())),
        *(VALUE, ctypes.c_char_p(value), size(len(value))),
        *(KEY, ctypes.c_char_p(key), size(len(key))),
        *(FLAGS, COPY, HEADERS, headers, END),
    )
    assert 0 == library.rd_kafka_producev(producer, *given)
    assert 0 == library.rd_kafka_flush(producer, FLUSH_MS)
    library.rd_kafka_destroy(producer)
