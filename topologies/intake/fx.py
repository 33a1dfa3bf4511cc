"""Records of the rate table → `Rate`."""

import math
from typing import Any

from processors.facts import Rate
from topologies.intake.forms import Broken, check_currency, check_required, check_time, shown
from topologies.units import instant_text


def rate(record: dict[str, Any]) -> Rate:
    """A rate.

    Raises:
        Broken: an unknown currency, a time out of range, or a rate that is no decimal number greater than 0.
    """
    check_required(record, "currency", "rate", "effective_from")
    check_currency(record["currency"])
    check_time("effective_from", record["effective_from"])
    text = record["rate"]
    whole, _, fraction = text.partition(".")
    if not (text.isascii() and f"{whole}{fraction}".isdigit() and 0 < float(text) < math.inf):
        raise Broken(f"rate is not a decimal number greater than 0: {shown(text)}")
    return Rate(record["currency"], text, record["effective_from"])


def key(currency: str, effective_from: int) -> str:
    """The key of a rate's record: `GBP@2026-11-01T00:00:00Z`, in whole seconds."""
    return f"{currency}@{instant_text(effective_from // 1000 * 1000)}"
