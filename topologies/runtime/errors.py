"""What can go wrong, sorted by what the worker does next.

    StreamError
    ├── Poison        this record can never be processed   → dead-letter it, go on
    ├── Aborted       this transaction left nothing behind → take its batches again
    │   └── Expelled  because we are no member any more    → join the group again
    ├── Unknown       nobody knows how it ended            → new producer, recover every task
    ├── Unavailable   a read found nobody to answer        → try it again
    ├── Unreleased    our place in the group is taken      → join again, for a while
    ├── Halted        this task may not go on              → stop it, the others go on
    ├── Misconfigured the run cannot begin like this       → say what to change, exit 2
    └── Fatal         this process may not continue        → exit 1, let a supervisor restart it
        └── Fenced    another one has taken over           → a tool lets go, and says so

A new class is justified only by a new reaction. Everything else is a message:
lower case, what happened first, then the particulars.
"""


class StreamError(Exception):
    """Something went wrong between a source record and its output."""


class Poison(StreamError):
    """What a record or timer leads to can never be written, so trying again cannot help.

    `kind` is the class of its dead letter.
    """

    def __init__(self, reason: str, kind: str = "invalid") -> None:
        super().__init__(reason)
        self.kind = kind


class Aborted(StreamError):
    """The transaction was rolled back: no record, row or offset of it is visible."""


class Expelled(Aborted):
    """The group took us for dead and gives our tasks to others; it may not have told us yet."""


class Unknown(StreamError):
    """A request of a transaction timed out: it may still take effect.

    The producer may not be used again: librdkafka has no KIP-890, so a late
    EndTxn could end a later transaction of the same producer.
    """


class Unavailable(StreamError):
    """The cluster did not answer a question that can be asked again."""


class Unreleased(StreamError):
    """The group still holds a place under our `group_instance_id`: of a process that died, or of one that lives."""


class Halted(StreamError):
    """Going on would lose or repeat records: a person has to decide."""


class Misconfigured(StreamError):
    """The cluster, the topics or the machine are not as the run needs them."""


class Fatal(StreamError):
    """Another instance took over, or the broker refused us for good."""


class Fenced(Fatal):
    """Another process has taken our transactional id: what we had open is aborted, and we can write nothing more."""
