"""What the client's errors of a transaction come to: by code, and by what was going on."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from topologies.runtime.errors import Aborted, Expelled, Fatal, Fenced, Poison, StreamError, Unknown
from topologies.runtime.kafka.errors import of_transaction

# ruff: noqa: SLF001 - the names of librdkafka's local errors begin with an underscore and are public

OVERDUE = {"is_ending": False, "is_overdue": True}
ENDING = {"is_ending": True, "is_overdue": False}
USUAL = {"is_ending": False, "is_overdue": False}
FIRST = {**USUAL, "is_first": True}


@pytest.mark.parametrize(
    ("code", "is_fatal", "when", "expected"),
    [
        pytest.param(KafkaError.MSG_SIZE_TOO_LARGE, False, USUAL, Poison, id="too large"),
        pytest.param(KafkaError.UNKNOWN_MEMBER_ID, False, USUAL, Expelled, id="no member any more"),
        pytest.param(KafkaError.COORDINATOR_NOT_AVAILABLE, False, USUAL, Aborted, id="the coordinator moves"),
        pytest.param(KafkaError._TIMED_OUT, False, ENDING, Unknown, id="the end timed out"),
        pytest.param(KafkaError._TIMED_OUT, False, USUAL, Unknown, id="something else timed out"),
        pytest.param(KafkaError._FENCED, True, USUAL, Fenced, id="somebody has taken over"),
        pytest.param(KafkaError._FENCED, True, OVERDUE, Unknown, id="the coordinator has, because we were late"),
        pytest.param(KafkaError._FENCED, True, FIRST, Unknown, id="our own earlier request has"),
        pytest.param(KafkaError.INVALID_TXN_STATE, True, ENDING, Unknown, id="an abort before the broker knew of it"),
        pytest.param(KafkaError._FATAL, False, USUAL, Fatal, id="fatal by its code alone"),
        pytest.param(KafkaError.TOPIC_AUTHORIZATION_FAILED, False, USUAL, Fatal, id="not allowed"),
    ],
)
def test_an_error_of_a_transaction_is_sorted_by_what_is_to_be_done(
    code: int, when: dict[str, bool], expected: type[StreamError], *, is_fatal: bool
) -> None:
    error = of_transaction(KafkaException(KafkaError(code, "why", is_fatal)), "committing", **when)

    assert expected is type(error)
