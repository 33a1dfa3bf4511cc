"""The one translation from the client's errors to our reactions."""

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException

from topologies.runtime.errors import (
    Aborted,
    Expelled,
    Fatal,
    Fenced,
    Misconfigured,
    Poison,
    StreamError,
    Unavailable,
    Unknown,
    Unreleased,
)
from topologies.runtime.kafka.refusals import refusal
from topologies.runtime.rights import Right

# ruff: noqa: SLF001 - the names of librdkafka's local errors begin with an underscore and are public

TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE, KafkaError.INVALID_RECORD}
TIMED_OUT = {KafkaError._TIMED_OUT, KafkaError.REQUEST_TIMED_OUT, KafkaError._TIMED_OUT_QUEUE}
FENCED = {KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED}
NO_MEMBER = {KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION}

# A consumer that is refused for good says `_FATAL`, and why only in words: librdkafka's own for the broker's code.
UNRELEASED = KafkaError(KafkaError.UNRELEASED_INSTANCE_ID).str()
FENCED_INSTANCE = KafkaError(KafkaError.FENCED_INSTANCE_ID).str()
REPLACED = "another worker with our group_instance_id has joined the group"

VERDICTS: Mapping[int, tuple[type[StreamError], str]] = {
    **dict.fromkeys(FENCED, (Fenced, "another worker with our instance name has taken over")),
    **dict.fromkeys(NO_MEMBER, (Expelled, "")),
    **dict.fromkeys(TOO_LARGE, (Poison, "")),
    KafkaError.FENCED_INSTANCE_ID: (Fatal, REPLACED),
    # An abort so soon that the broker does not know of the transaction yet (librdkafka #4849). A new producer does.
    KafkaError.INVALID_TXN_STATE: (Unknown, ""),
}
"""What each code of a transaction comes to, and what is to be said first."""

_TOO_OLD = "the broker does not know this group protocol: set group_protocol=classic"
IN_WORDS = {
    KafkaError(code).str(): advice
    for code, advice in {
        KafkaError.UNSUPPORTED_VERSION: _TOO_OLD,
        KafkaError._UNSUPPORTED_FEATURE: _TOO_OLD,
    }.items()
}


def error_of(exception: KafkaException) -> KafkaError:
    """Return the `KafkaError` that a `KafkaException` carries."""
    error: KafkaError = exception.args[0]
    return error


def of_read(exception: KafkaException, doing: str, *used: Right) -> StreamError:
    """Translate what a read, a look-up or an admin call raised.

    Args:
        exception: as raised by the client.
        doing: a gerund with particulars.
        used: the rights that it needs.
    """
    error = error_of(exception)
    if refused := refusal(error, *used):
        return Misconfigured(f"{refused}. while {doing}: {error.str()}")
    if error.code() == KafkaError._FATAL or error.fatal():
        return _of_fatal(error.str(), doing)
    return Unavailable(f"{doing} failed: {error.str()}")


def _of_fatal(why: str, doing: str) -> StreamError:
    if UNRELEASED in why:
        return Unreleased("the group still has a member with our group_instance_id")
    if FENCED_INSTANCE in why:
        return Fatal(REPLACED)
    refused = next((advice for words, advice in IN_WORDS.items() if words in why), None)
    if refused:
        return Misconfigured(f"{refused}. while {doing}: {why}")
    return Fatal(f"{doing} failed for good: {why}")


def of_transaction(
    exception: KafkaException,
    doing: str,
    *used: Right,
    is_overdue: bool,
    is_ending: bool = False,
    is_first: bool = False,
) -> StreamError:
    """Translate what a transactional call raised.

    Args:
        exception: as raised by the client.
        doing: a gerund with particulars.
        used: the rights that it needs.
        is_ending: the call was commit or abort, which may still take effect after any failure to reach the broker.
            A time-out of another call leaves a request behind that may come late, into our next transaction.
        is_overdue: our own transaction was older than its timeout, so the
            coordinator may have fenced us by aborting it; nobody else need be there.
        is_first: the call asked for the producer's id. A namesake is fenced by that, it does not fence. But a request
            whose answer was lost with its connection is sent again, and the two meet.
    """
    error = error_of(exception)
    sentence = f"{doing} failed: {error.str()}"
    if error.code() in FENCED and (is_first or is_overdue):
        by = "by an earlier request of our own" if is_first else "the transaction was older than its timeout"
        return Unknown(f"{sentence} ({by})")
    if error.code() in VERDICTS:
        verdict, advice = VERDICTS[error.code()]
        return verdict(f"{advice}: {sentence}" if advice else sentence)
    if refused := refusal(error, *used):
        return Fatal(f"{refused}. {sentence}")
    # `.fatal()` is not set on an error that repeats an earlier fatal one: the code is.
    if error.code() == KafkaError._FATAL or error.fatal():
        return Fatal(f"the broker refused us for good: {sentence}")
    # After one time-out the abort would only be the next.
    if error.code() in TIMED_OUT or (is_ending and error.retriable()):
        return Unknown(sentence)
    return Aborted(sentence)
