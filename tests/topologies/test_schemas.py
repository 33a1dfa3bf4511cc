"""Where schemas are found, and what each file promises."""

import json
from pathlib import Path
from typing import Any

import pytest

from topologies import schemas
from topologies.schemas import SOURCES, BadSchema, Published, Written

PERSONAL = {
    *("token", "FirstName", "LastName", "Email", "DOB", "Address", "Address2", "City", "Region", "Country"),
    *("PostalCode", "PhoneNumber", "IpAddress", "ExtraData", "UserAgent"),
}


def field_names(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(field_names, schema))
    if not isinstance(schema, dict):
        return set()
    fields = schema.get("fields", [])
    return {field["name"] for field in fields}.union(*(field_names(field["type"]) for field in fields))


def test_every_source_has_a_first_version() -> None:
    assert set(SOURCES) == {schema.source for schema in schemas.ours() if schema.version == 1}


@pytest.mark.parametrize("schema", schemas.ours(), ids=lambda schema: f"{schema.source}.v{schema.version}")
def test_no_schema_of_ours_has_personal_fields(schema: Published) -> None:
    assert set() == field_names(json.loads(schema.text)) & PERSONAL


def test_writers_schemas_are_read_from_their_directory(tmp_path: Path) -> None:
    (tmp_path / "bank.avsc").write_text('"string"')
    (tmp_path / "README.md").write_text("not a schema")

    assert [Written("bank.avsc", '"string"')] == schemas.writers(tmp_path)
    assert [] == schemas.writers(None)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        pytest.param("bank.avsc", "{", "schema is not readable as JSON: ", id="not JSON"),
        pytest.param(None, "", "there is no directory of schemas: ", id="no directory"),
    ],
)
def test_an_unusable_schema_directory_is_named(tmp_path: Path, name: str | None, text: str, says: str) -> None:
    directory = tmp_path if name else tmp_path / "elsewhere"
    if name:
        (directory / name).write_text(text)

    with pytest.raises(BadSchema, match=f"^{says}{directory}"):
        schemas.writers(directory)
