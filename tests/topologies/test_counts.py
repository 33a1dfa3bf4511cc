from collections import Counter

from processors.counted import COUNTED
from topologies.operations import components
from topologies.operations.counts import lines


def test_counts_are_a_name_a_number_and_words_where_there_are_some() -> None:
    counts = Counter({"records": 1200, "events": 7, "calls-repeated": 3, "dead-letter-invalid": 1})

    assert [
        "calls-repeated: 3       wallet calls that came twice, dropped",
        "dead-letter-invalid: 1",
        "events: 7",
        "records: 1200",
    ] == list(lines(counts, {"calls-repeated": "wallet calls that came twice, dropped"}))


def test_what_has_not_happened_is_not_counted() -> None:
    assert ["records: 1"] == list(lines(Counter({"records": 1, "rows-collected": 0}), {}))


def test_a_run_without_records_says_so() -> None:
    assert ["records: 0"] == list(lines(Counter(), {}))


def test_the_player_topology_explains_all_that_it_counts() -> None:
    assert COUNTED == components.COUNTED["player"]
