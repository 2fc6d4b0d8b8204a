"""What editors and readers are told of the files is made of the models that read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engage.rules.editors import FILES, json_schema
from engage.rules.reference import markdown

ROOT = Path(__file__).parents[3]


def test_the_reference_is_up_to_date() -> None:
    written = (ROOT / "docs" / "reference.md").read_text("utf-8")

    assert written == markdown(), "write it anew: python -c 'from engage.rules.reference import markdown; print(markdown(), end=\"\")'"


def test_every_key_has_a_meaning() -> None:
    rows = [line for line in markdown().splitlines() if line.startswith("| `")]

    assert len(rows) > 90
    assert all(row.split(" | ")[-1].rstrip(" |") for row in rows)


def test_there_is_a_schema_for_every_kind_of_file() -> None:
    schemas = json_schema()

    assert list(schemas) == ["engage.yaml", "campaigns/*.yaml", "segments/*.yaml", "tests/*.yaml"]
    for pattern, schema in schemas.items():
        assert sorted(schema["properties"]) == sorted(FILES[pattern].keys())
        assert schema["additionalProperties"] is False


def test_a_schema_never_asks_for_null() -> None:
    def nodes(value: Any) -> list[Any]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [value, *(node for item in inner for node in nodes(item))]

    assert not [node for node in nodes(json_schema()) if node is None or (isinstance(node, dict) and node.get("type") == "null")]


def test_a_schema_tells_defaults_as_they_are_written() -> None:
    campaign = json_schema()["campaigns/*.yaml"]

    assert campaign["properties"]["re_entry"]["default"] == "always"
    assert campaign["$defs"]["DateSection"]["properties"]["offset"]["default"] == "0d"
    assert campaign["$defs"]["DateSection"]["properties"]["at"]["default"] == "09:00"
