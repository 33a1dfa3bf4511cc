"""The table of exchange rates: `fx.rates` read whole, and the rates that it comes to."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from processors.facts import Rate
from processors.rates import Rates
from topologies.graph import Message, Undecodable
from topologies.intake import fx
from topologies.intake.forms import Broken

Decode = Callable[[Sequence[Message]], Sequence[dict[str, Any] | Undecodable]]

log = logging.getLogger(__name__)


class RateTable:
    """All known rates; `refused` counts the records that are none.

    The topic is compacted, so the last record of a key is all that a worker that starts later will see: it replaces
    what that key has said before, and one without a value takes it back.
    """

    def __init__(self, base_currency: str, decode: Decode) -> None:
        self.rates = Rates(base_currency)
        self.refused = 0
        self._said: dict[bytes | None, Rate] = {}
        self._decode = decode

    def add(self, messages: Sequence[Message]) -> None:
        """Apply records in order. A bad one is told in the log and changes nothing."""
        for message, value in zip(messages, self._decode(messages), strict=True):
            if message.value is None:
                self._forget(message.key)
                continue
            try:
                rate = _rate(value)
            except Broken as broken:
                self.refused += 1
                place = f"{message.topic}/{message.partition}/{message.offset}"
                log.warning("rate refused: %s. cause=%s", broken, place)
                continue
            self._forget(message.key)
            self.rates.add(rate)
            self._said[message.key] = rate

    def _forget(self, key: bytes | None) -> None:
        said = self._said.pop(key, None) if key is not None else None
        if said is not None:
            self.rates.remove(said.currency, said.effective_from)


def _rate(value: dict[str, Any] | Undecodable) -> Rate:
    if isinstance(value, Undecodable):
        raise Broken(value.reason)
    return fx.rate(value)
