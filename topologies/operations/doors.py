"""Where a worker touches the world."""

from dataclasses import dataclass

from topologies.runtime.kafka.inputs import Inputs
from topologies.runtime.kafka.reader import Reader
from topologies.runtime.kafka.transactions import Transactions
from topologies.runtime.store import Store


@dataclass(frozen=True, slots=True)
class Doors:
    """The classes that touch the world, for tests that make them fail at a chosen moment."""

    transactions: type[Transactions] = Transactions
    store: type[Store] = Store
    reader: type[Reader] = Reader
    inputs: type[Inputs] = Inputs
