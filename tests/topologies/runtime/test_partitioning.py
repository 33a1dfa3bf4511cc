import zlib

import pytest

from topologies.runtime.partitioning import PARTITIONERS, Placement, java_default, murmur2

# org.apache.kafka.common.utils.UtilsTest.testMurmur2
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(
    ("key", "expected"), [pytest.param(key, value, id=key.decode()) for key, value in JAVA.items()]
)
def test_murmur2_is_javas(key: bytes, expected: int) -> None:
    assert expected % 2**32 == murmur2(key)


def test_the_partition_is_the_positive_hash_modulo_the_count() -> None:
    assert {key: (value & 0x7FFFFFFF) % 7 for key, value in JAVA.items()} == {key: java_default(key, 7) for key in JAVA}


def test_a_key_is_right_in_one_partition() -> None:
    right = [p for p in range(6) if Placement("murmur2", p, 6).is_right("player")]

    assert [java_default(b"player", 6)] == right


def test_the_same_answer_when_asked_again() -> None:
    placement = Placement("murmur2", java_default(b"player", 6), 6)

    assert [True, False, True, False] == [placement.is_right(key) for key in ("player", "other1")] * 2


def test_it_remembers_no_more_than_it_may() -> None:
    placement = Placement("none", 0, 6)
    assert placement.is_right("anywhere")

    few = Placement("crc32", 0, 1)
    few.REMEMBERED_MAX = 2
    assert all(few.is_right(str(n)) for n in range(10))
    assert len(few.right) <= few.REMEMBERED_MAX


def test_crc32_is_librdkafkas_consistent() -> None:
    choose = PARTITIONERS["crc32"]

    assert choose is not None
    assert zlib.crc32(b"player") % 6 == choose(b"player", 6)
