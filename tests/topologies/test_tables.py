from topologies.operations.tables import table

HEADING = ("setting", "value", "source")
ROWS = [
    ("app", "croupier", "default"),
    ("origin_by_casino", "123=brand.com,124=other.com", "CROUPIER_ORIGIN_BY_CASINO"),
]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert """\
SETTING           VALUE                        SOURCE
app               croupier                     default
origin_by_casino  123=brand.com,124=other.com  CROUPIER_ORIGIN_BY_CASINO""" == table(HEADING, ROWS)


def test_long_cells_go_on_below_where_the_terminal_is_narrow() -> None:
    assert """\
SETTING           VALUE             SOURCE
app               croupier          default
origin_by_casino  123=brand.com,12  CROUPIER_ORIGIN_
                  4=other.com       BY_CASINO""" == table(HEADING, ROWS, 52)


def test_a_terminal_too_narrow_for_any_table_gets_one() -> None:
    assert 38 < max(map(len, table(HEADING, ROWS, 5).splitlines())) <= 40
