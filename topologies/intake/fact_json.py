"""Facts as JSON: what a dead letter holds of a record that had waited in state."""

from processors.facts import BonusChange, Fact, Order, WalletCall
from topologies.wire import dump_json, load_json

_FACTS: dict[str, type[WalletCall | BonusChange | Order]] = {
    fact.__name__: fact for fact in (WalletCall, BonusChange, Order)
}


def dump_fact(fact: Fact) -> bytes:
    """A JSON object: `fact` names the kind, the rest are its fields by name."""
    return dump_json({"fact": type(fact).__name__, **fact._asdict()})


def load_fact(text: bytes) -> WalletCall | BonusChange | Order:
    """The fact of `dump_fact`; fields that it does not know yet are None.

    Raises:
        ValueError: not a fact.
    """
    fields = load_json(text)
    fact = _FACTS.get(str(fields.get("fact"))) if isinstance(fields, dict) else None
    if fact is None:
        raise ValueError("not a fact as JSON")
    return fact._make(fields.get(name) for name in fact._fields)
