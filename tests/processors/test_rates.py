from itertools import permutations

import pytest

from processors.facts import Rate
from processors.rates import Rates

TOLD = [Rate("GBP", "1.17", 100), Rate("GBP", "1.18", 200), Rate("GBP", "1.19", 300), Rate("JPY", "0.006", 150)]


@pytest.mark.parametrize(
    ("currency", "time", "rate"),
    [
        pytest.param("GBP", 99, None, id="before the first nobody knows"),
        pytest.param("GBP", 100, "1.17", id="from its very time on"),
        pytest.param("GBP", 199, "1.17", id="until the next"),
        pytest.param("GBP", 250, "1.18", id="in between"),
        pytest.param("GBP", 10**12, "1.19", id="the last one stays"),
        pytest.param("JPY", 200, "0.006", id="each currency has its own"),
        pytest.param("EUR", 0, "1", id="the base is one, always"),
        pytest.param("SEK", 200, None, id="never told"),
    ],
)
def test_the_rate_effective_at_a_time(currency: str, time: int, rate: str | None) -> None:
    for told in permutations(TOLD):
        rates = Rates("EUR")
        for one in told:
            rates.add(one)

        assert rate == rates.at(currency, time)


def test_of_two_for_one_time_the_last_wins() -> None:
    rates = Rates("EUR")
    rates.add(Rate("GBP", "1.17", 100))
    rates.add(Rate("GBP", "1.20", 100))

    assert rates.at("GBP", 100) == "1.20"


def test_the_base_currency_is_one_whatever_is_told() -> None:
    rates = Rates("GBP")
    rates.add(Rate("GBP", "1.17", 100))

    assert rates.at("GBP", 200) == "1"
