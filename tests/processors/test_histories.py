"""The stories' facts are what the vendors' records become, so the histories can also be loaded into a broker."""

from itertools import islice
from random import Random

import histories

from processors.facts import Invalid
from topologies.intake import ENTRIES, record_of


def test_every_fact_is_what_its_record_becomes() -> None:
    for seed in range(300):
        for arrival in histories.in_time_order(histories.history(Random(seed))):
            assert not isinstance(arrival.fact, Invalid)
            source, record = record_of(arrival.fact)
            assert arrival.fact == ENTRIES[source](record, arrival.time).fact


def test_a_seed_repeats_its_players() -> None:
    assert list(islice(histories.players(7), 20)) == list(islice(histories.players(7), 20))
