import pytest

from topologies.operations.json_files import Found, found

CUT_OFF = "is not JSON: the array does not end where the file does"
NO_NAME = "expecting property name enclosed in double quotes"
NO_COLON = "expecting ':' delimiter"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"a": 1}\n{"a": 2}\n', [Found(1, {"a": 1}), Found(2, {"a": 2})], id="JSON Lines"),
        pytest.param('{"a": 1}\r\n{"a": 2}', [Found(1, {"a": 1}), Found(2, {"a": 2})], id="no newline at the end"),
        pytest.param('\n{"a": 1}\n\n{"a": 2}\n', [Found(2, {"a": 1}), Found(4, {"a": 2})], id="blank lines"),
        pytest.param('[{"a": 1}, {"a": 2}]', [Found(1, {"a": 1}), Found(1, {"a": 2})], id="an array in a line"),
        pytest.param("[1]\n[2, 3]\n", [Found(1, 1), Found(2, 2), Found(2, 3)], id="an array a line"),
        pytest.param('[\n {"a": 1},\n\n {"a": 2}\n]\n', [Found(2, {"a": 1}), Found(4, {"a": 2})], id="one array"),
        pytest.param(
            '\n\n[{\n"a": 1},\n{"a": 2}]\n', [Found(3, {"a": 1}), Found(5, {"a": 2})], id="array, not at the top"
        ),
        pytest.param('{\n  "a": 1\n}\n', [Found(1, {"a": 1})], id="one object over lines"),
        pytest.param("{\n}\n{\n}\n", [Found(1, {}), Found(3, {})], id="objects over lines"),
        pytest.param("[\n]\n", [], id="an empty array"),
        pytest.param("", [], id="an empty file"),
        pytest.param(" \n\n", [], id="nothing but blank lines"),
        pytest.param('{"id": 123456789012345678901}', [Found(1, {"id": 123456789012345678901})], id="a long number"),
    ],
)
def test_values_have_the_line_where_they_begin(text: str, expected: list[Found]) -> None:
    assert expected == list(found(text.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            '{"a": }\n{"a": 2}\n',
            [Found(1, None, "is not JSON: expecting value"), Found(2, {"a": 2})],
            id="the first line",
        ),
        pytest.param(
            '{"a": 1}\n{"a": "x\n{"a": 3}\n',
            [Found(1, {"a": 1}), Found(2, None, "is not JSON: unterminated string"), Found(3, {"a": 3})],
            id="a line that was cut",
        ),
        pytest.param(
            '{"a": "x\n{"a": 2}\n\n{"a": 4}\n',
            [Found(1, None, "is not JSON: unterminated string"), Found(2, {"a": 2}), Found(4, {"a": 4})],
            id="a first line that was cut within a text",
        ),
        pytest.param(
            '{"a": 1,\n{"a": 2}\n{"a"\n',
            [Found(1, None, f"is not JSON: {NO_NAME}"), Found(2, {"a": 2}), Found(3, None, f"is not JSON: {NO_COLON}")],
            id="a first line that was cut behind a field",
        ),
        pytest.param(
            '{\n{"a": 2}\n',
            [Found(1, None, f"is not JSON: {NO_NAME}"), Found(2, {"a": 2})],
            id="a first line that was cut at once",
        ),
        pytest.param(
            '[{"a": 1}, {"b\n[{"a": 2}, {"a": 3}]\n',
            [Found(1, None, "is not JSON: unterminated string"), Found(2, {"a": 2}), Found(2, {"a": 3})],
            id="an array a line, the first cut",
        ),
        pytest.param(
            '{"a": "x\n{"a": "y\n',
            [Found(1, None, "is not JSON: unterminated string"), Found(2, None, "is not JSON: unterminated string")],
            id="nothing but lines that were cut",
        ),
        pytest.param(
            '{\n  "a": 1,\n  "b" 2,\n  "c": 3\n}\n',
            [Found(1, None, f"is not JSON: {NO_COLON}")],
            id="an object over lines is one document",
        ),
        pytest.param(
            '{"a": 1}\n{"a": NaN}\n', [Found(1, {"a": 1}), Found(2, None, "is not JSON: no number: NaN")], id="NaN"
        ),
        pytest.param(
            "player_id,amount\n1,2\n",
            [Found(1, None, "is not JSON: expecting value"), Found(2, None, "is not JSON: extra data")],
            id="CSV",
        ),
        pytest.param('[\n{"a": 1},\n', [Found(2, {"a": 1}), Found(3, None, CUT_OFF)], id="an array that was cut"),
        pytest.param('[\n{"a": 1}\n]\n]\n', [Found(2, {"a": 1}), Found(3, None, CUT_OFF)], id="more than an array"),
        pytest.param(
            '[\n{"a": 1},\n{"a" 2},\n{"a": 3}]',
            [Found(2, {"a": 1}), Found(3, None, f"is not JSON: {NO_COLON}")],
            id="within an array nothing after it can be told apart",
        ),
    ],
)
def test_what_is_broken_is_named_by_line(text: str, expected: list[Found]) -> None:
    assert expected == list(found(text.splitlines(keepends=True)))
