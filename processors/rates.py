"""Exchange rates to the base currency, as of a time."""

from bisect import bisect_left, bisect_right

from processors.facts import Rate


class Rates:
    """All known rates. Any order of `add` comes to the same; of two for one currency and time the last wins."""

    def __init__(self, base_currency: str) -> None:
        self._base_currency = base_currency
        self._times: dict[str, list[int]] = {}
        self._rates: dict[str, list[str]] = {}

    def add(self, rate: Rate) -> None:
        """Learn a rate."""
        times = self._times.setdefault(rate.currency, [])
        rates = self._rates.setdefault(rate.currency, [])
        place = bisect_left(times, rate.effective_from)
        if place < len(times) and times[place] == rate.effective_from:
            rates[place] = rate.rate
        else:
            times.insert(place, rate.effective_from)
            rates.insert(place, rate.rate)

    def remove(self, currency: str, effective_from: int) -> None:
        """Forget a rate, as if it had never been told; nothing happens when it is not known."""
        times = self._times.get(currency, [])
        if effective_from in times:
            place = times.index(effective_from)
            del times[place], self._rates[currency][place]

    def at(self, currency: str, time: int) -> str | None:
        """The rate effective at `time`, as it was told; 1 for the base currency; None when none is known yet."""
        if currency == self._base_currency:
            return "1"
        place = bisect_right(self._times.get(currency, ()), time)
        return self._rates[currency][place - 1] if place else None
