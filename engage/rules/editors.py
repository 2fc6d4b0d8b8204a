"""The models of the files -> JSON Schema for editors, which then complete keys and underline mistakes while one types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from enum import StrEnum
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from engage.model.campaign import ReEntry
from engage.rules.schema import CampaignFile, CampaignTestFile, SegmentFile, SettingsFile
from engage.rules.schema.fields import Section

FILES: Mapping[str, type[Section]] = {
    "engage.yaml": SettingsFile,
    "campaigns/*.yaml": CampaignFile,
    "segments/*.yaml": SegmentFile,
    "tests/*.yaml": CampaignTestFile,
}
"""The model of each kind of file, by the pattern of its path."""


def json_schema() -> dict[str, dict[str, Any]]:
    """The JSON Schema (2020-12) of each kind of file, by the pattern of its path."""
    return {
        pattern: {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(schema_generator=_AsWritten)}
        for pattern, model in FILES.items()
    }


def written(default: object) -> str | int | bool | None:
    """A default as one would write it in YAML; None where there is none to write."""
    match default:
        case StrEnum():
            return str(default)
        case time():
            return f"{default:%H:%M}"
        case ReEntry():
            return "always"
        case bool() | int():
            return default
        case _:
            return None


class _AsWritten(GenerateJsonSchema):
    """JSON Schema of what is written: a key that may be absent is not `null`, and a default is text."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """`until: 09:00` is a time and could be an expression: one of both is enough."""
        return {"anyOf": super().tagged_union_schema(schema)["oneOf"]}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = written(schema.get("default"))
        return inner if default is None or default is False else {**inner, "default": default}
