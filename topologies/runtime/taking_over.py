"""A tool's producer: whoever had its transactional id before can write nothing more."""

from collections.abc import Callable

from topologies.runtime.errors import Fenced, StreamError, Unavailable, Unknown
from topologies.runtime.kafka.transactions import Transactions

INIT_SLICE_S = 0.5
ATTEMPTS_MAX = 5


def taken_over(make: Callable[[], Transactions], is_stopping: Callable[[], bool]) -> Transactions:
    """Return a producer that has fenced all of before.

    Who is fenced while it asks for its id does not know by whom: by another
    who asks at the same time, or by an earlier request of its own. So it asks
    again, and who was there first hears of it in its next transaction.

    Raises:
        Fenced: somebody else takes the id again and again.
        Unavailable: we are to stop.
        StreamError: the broker refuses us.
    """
    why: StreamError | None = None
    for _ in range(ATTEMPTS_MAX):
        transactions = make()
        try:
            while not transactions.init(INIT_SLICE_S):
                if is_stopping():
                    raise Unavailable("stopped before anything was sent")
        except StreamError as error:
            transactions.close()
            if not isinstance(error, Unknown):
                raise
            why = error
        else:
            return transactions
    raise Fenced(f"somebody else takes our transactional id again and again: {why}")
